"""The whole screen of Look inside from what was looked at: picture, margin, and which dials count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say
from llm_core.web.gradio import gr
from llm_core.web.inside import margin
from llm_core.web.inside.bars import bars
from llm_core.web.inside.heat import chosen
from llm_core.web.inside.picture import picture
from llm_core.web.inside.screen import VIEWS, Screen
from llm_core.web.inside.shown import Aim, Shown, Spot

if TYPE_CHECKING:
    from llm_core.insight.reading import Sentence
    from llm_core.workbench.insights import Work

Update = dict[Any, Any]


@dataclass(frozen=True)
class Sight:
    """All that decides what is painted."""

    work: Work  # something of it has been seen
    spot: Spot
    aim: Aim
    language: Language


class Painting:
    """Draws works.

    Args:
        screen: what is painted.
        repository: where this code can be read; "" where that is not known.
    """

    def __init__(self, screen: Screen, repository: str) -> None:
        self._screen = screen
        self._repository = repository

    def within(self, sight: Sight) -> tuple[int, int]:
        """The side and place that are pointed at, where there are such."""
        looks, spot = sight.work.looks, sight.spot
        side = spot.side if spot.side in looks else min(looks)
        sentence, reading = looks[side].sentence, looks[side].reading
        place = spot.place if spot.place < len(sentence.pieces) else -1
        if place < 0 and reading is not None and not reading.goes_on and sentence.pieces:
            place = int(reading.logprobs.argmin())  # there is nothing beyond: what it would least have filled in
        return side, place

    def shown(self, sight: Sight) -> dict[int, Shown]:
        """What is to be drawn of each model; the other one is seen at the same character."""
        work = sight.work
        pointed, place = self.within(sight)
        pointed_text = work.looks[pointed].sentence
        trees = {side: tree for side, (_, tree) in work.trees.items()}
        return {
            side: Shown(
                look, side, _same_place(pointed_text, place, look.sentence), sight.aim, sight.language,
                trees.get(side),
            )
            for side, look in work.looks.items()
        }  # fmt: skip

    def all(self, sight: Sight) -> Update:
        """Everything."""
        work, language = sight.work, sight.language
        side, _ = self.within(sight)
        look, view = work.looks[side], self._view(sight)
        sight = replace(sight, aim=replace(sight.aim, view=view))
        explained = look.explained.get(view if view in look.views else look.views[0])
        shown = self.shown(sight)
        screen = self._screen
        return {
            screen.result: gr.update(visible=True),
            screen.view: gr.update(choices=self._views(work, language), value=view),
            screen.picture: picture(work, view, shown, language),
            screen.formula: margin.formula(explained),
            screen.symbols: margin.symbols(explained, self._repository, language),
            screen.drawing: gr.update(visible=look.reading is not None),
            screen.bars: self.bars(sight),
            screen.search: gr.update(visible=view == "tree"),
            **self._heads(shown[side]),
        }

    def bars(self, sight: Sight) -> str:
        """What is expected at the place that is pointed at, as the dials of drawing stand."""
        side, place = self.within(sight)
        reading = sight.work.looks[side].reading
        return bars(reading, place, sight.aim.dials, sight.language) if reading else ""

    def _view(self, sight: Sight) -> str:
        """The one that is asked for, or the first of the first model."""
        looks = sight.work.looks
        every = {view for look in looks.values() for view in look.views}
        return sight.aim.view if sight.aim.view in every else looks[min(looks)].views[0]

    def _views(self, work: Work, language: Language) -> list[tuple[str, str]]:
        every = {view for look in work.looks.values() for view in look.views}
        return [(say(language, f"inside.{view}"), view) for view in VIEWS if view in every]

    def _heads(self, shown: Shown) -> Update:
        """Layer, head and kind of attention, where the view has them."""
        screen, view, seen = self._screen, shown.aim.view, shown.look.seen
        if view not in ("attention", "states") or view not in seen:
            return {screen.heads: gr.update(visible=False)}
        if view == "states":
            layers, heads, kinds = len(next(iter(seen["states"].values())).layers), 0, 1
        else:
            layers, heads = chosen(shown).weights.shape[:2]
            kinds = len(seen["attention"])
        return {
            screen.heads: gr.update(visible=True),
            screen.layer: gr.update(maximum=max(layers, 2), value=min(max(shown.aim.layer, 0) + 1, layers)),
            screen.head: gr.update(
                maximum=max(heads, 2), value=min(max(shown.aim.head, 0) + 1, max(heads, 1)), visible=heads > 0
            ),
            screen.kind: gr.update(visible=kinds > 1),
        }


def _same_place(of: Sentence, place: int, other: Sentence) -> int:
    """The piece of `other` that holds the last character of a piece of the same text; another text's is its end."""
    if place < 0 or of is other:
        return place
    if of.text != other.text:
        return -1
    last = max(of.pieces[place].end - 1, of.pieces[place].start)
    return next((n for n, piece in enumerate(other.pieces) if piece.start <= last < piece.end), -1)
