"""The whole screen of Look inside from what was looked at: picture, margin, and which dials count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.insight.sampling import Dials
from llm_core.messages import Language, say
from llm_core.web.gradio import gr
from llm_core.web.inside import margin
from llm_core.web.inside.bars import bars
from llm_core.web.inside.heat import chosen
from llm_core.web.inside.picture import picture
from llm_core.web.inside.screen import VIEWS, Screen, Spot
from llm_core.web.inside.shown import Aim, Shown

if TYPE_CHECKING:
    from llm_core.insight.reading import Reading
    from llm_core.workbench.insights import Work

Update = dict[Any, Any]


class Painting:
    """Draws works.

    Args:
        screen: what is painted.
        repository: where this code can be read; "" where that is not known.
    """

    def __init__(self, screen: Screen, repository: str) -> None:
        self._screen = screen
        self._repository = repository

    def within(self, work: Work, spot: Spot) -> tuple[int, int]:
        """The side and place that are pointed at, where there are such."""
        side = spot.side if spot.side in work.looks else min(work.looks)
        return side, spot.place if spot.place < len(work.looks[side].reading.pieces) else -1

    def shown(self, work: Work, spot: Spot, aim: Aim, language: Language) -> dict[int, Shown]:
        """What is to be drawn of each model; the other one is seen at the same character."""
        pointed, place = self.within(work, spot)
        chosen_text = work.looks[pointed].reading
        trees = {side: tree for side, (_, tree) in work.trees.items()}
        return {
            side: Shown(look, side, _same_place(chosen_text, place, look.reading), aim, language, trees.get(side))
            for side, look in work.looks.items()
        }

    def all(self, work: Work, spot: Spot, aim: Aim, dials: Dials, language: Language) -> Update:
        """Everything."""
        side, place = self.within(work, spot)
        look, view = work.looks[side], self._view(work, aim)
        aim = Aim(view, aim.kind, aim.layer, aim.head)
        explained = look.explained.get(view) if view in look.views else look.explained["surprise"]
        shown = self.shown(work, spot, aim, language)
        screen = self._screen
        return {
            screen.result: gr.update(visible=True),
            screen.view: gr.update(choices=self._views(work, language), value=view),
            screen.picture: picture(work, view, shown, language),
            screen.formula: margin.formula(explained),
            screen.symbols: margin.symbols(explained, self._repository, language),
            screen.bars: bars(look.reading, place, dials, language),
            screen.search: gr.update(visible=view == "tree"),
            **self._dials(shown[side]),
        }

    def _view(self, work: Work, aim: Aim) -> str:
        every = {view for look in work.looks.values() for view in look.views}
        return aim.view if aim.view in every else "surprise"

    def _views(self, work: Work, language: Language) -> list[tuple[str, str]]:
        every = {view for look in work.looks.values() for view in look.views}
        return [(say(language, f"inside.{view}"), view) for view in VIEWS if view in every]

    def _dials(self, shown: Shown) -> Update:
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


def _same_place(of: Reading, place: int, other: Reading) -> int:
    """The piece of `other` that holds the last character of a piece of the same text; another text's is its end."""
    if place < 0 or of is other:
        return place
    if of.text != other.text:
        return -1
    last = max(of.pieces[place].end - 1, of.pieces[place].start)
    return next((n for n, piece in enumerate(other.pieces) if piece.start <= last < piece.end), -1)
