"""What happens in Look inside: a sentence is looked at in a job, and painted again wherever the visitor points."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Event, Item, Progress
from llm_core.insight.sampling import Dials
from llm_core.jobs import Job, unexpected
from llm_core.messages import Language, explain, say
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.inside import numbers
from llm_core.web.inside.bars import bars
from llm_core.web.inside.painting import Painting
from llm_core.web.inside.screen import Screen, Spot
from llm_core.web.inside.shown import Aim
from llm_core.web.render import paint

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.insights import Insights, Work
    from llm_core.workbench.subjects import Subject

Update = dict[Any, Any]


class Handlers:
    """Every handler of the view.

    Args:
        workbench: what does the work.
        screen: what is painted.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self._workbench = workbench
        self._screen = screen
        self._painting = Painting(screen, workbench.settings.repository_url)

    @property
    def _insights(self) -> Insights:
        return self._workbench.insights

    def go(
        self, visitor: str, text: str, model: str, beside: str, view: str, request: gr.Request
    ) -> Iterator[Update]:
        """Look at the sentence with one model, or with two."""
        names = [model] if beside in ("", model) else [model, beside]
        start = lambda: self._insights.start(visitor, text, names)  # noqa: E731
        yield from self._followed(visitor, start, Aim(view), language_of_request(request))

    def stop(self, visitor: str) -> None:
        """Stop; what has been seen stays."""
        self._insights.stop(visitor)

    def turn(
        self,
        visitor: str,
        spot: Spot,
        view: str,
        kind: str,
        layer: float,
        head: float,
        temperature: float,
        top_k: float,
        top_p: float,
        min_p: float,
        request: gr.Request,
    ) -> Update:
        """Another view, layer, head or kind of attention."""
        if (work := self._seen(visitor)) is None:
            return {}
        aim = Aim(view, kind or "", int(layer) - 1, int(head) - 1)
        dials = Dials(temperature, int(top_k), top_p, min_p)
        return self._painting.all(work, spot, aim, dials, language_of_request(request))

    def act(
        self,
        visitor: str,
        spot: Spot,
        view: str,
        kind: str,
        layer: float,
        head: float,
        temperature: float,
        top_k: float,
        top_p: float,
        min_p: float,
        event: gr.EventData,
        request: gr.Request,
    ) -> Update:
        """Something in the picture was chosen, or its numbers are wanted."""
        sent = event._data if isinstance(event._data, Mapping) else {}
        did, at = sent.get("do"), str(sent.get("id", ""))
        work = self._seen(visitor)
        if work is None:
            return {}
        aim = Aim(view, kind or "", int(layer) - 1, int(head) - 1)
        if did == "save":
            return {self._screen.saved: self._file(work, spot, aim, at, language_of_request(request))}
        place = [int(part) for part in at.split(":") if part.lstrip("-").isdigit()]
        if did == "place" and len(place) == 2:
            spot = Spot(*place)
        elif did == "head" and len(place) == 3:
            spot, aim = replace(spot, side=place[0]), replace(aim, layer=place[1], head=place[2])
        dials = Dials(temperature, int(top_k), top_p, min_p)
        return {self._screen.spot: spot} | self._painting.all(work, spot, aim, dials, language_of_request(request))

    def draw(
        self,
        visitor: str,
        spot: Spot,
        temperature: float,
        top_k: float,
        top_p: float,
        min_p: float,
        request: gr.Request,
    ) -> Update:
        """A dial of drawing was moved: only the bars change."""
        if (work := self._seen(visitor)) is None:
            return {}
        side, place = self._painting.within(work, spot)
        dials = Dials(temperature, int(top_k), top_p, min_p)
        return {self._screen.bars: bars(work.looks[side].reading, place, dials, language_of_request(request))}

    def grow(
        self, visitor: str, spot: Spot, view: str, width: float, depth: float, request: gr.Request
    ) -> Iterator[Update]:
        """Search what may follow the text, with each of the models."""
        work = self._seen(visitor)
        if work is None:
            return
        language = language_of_request(request)
        for side in sorted(work.looks):
            start = lambda side=side: self._insights.grow(visitor, side, int(width), int(depth))  # noqa: E731
            yield from self._followed(visitor, start, Aim(view), language, spot)

    def restore(self, visitor: str, request: gr.Request) -> Iterator[Update]:
        """The page is opened: what can be looked into, and what was looked at."""
        language = language_of_request(request)
        work = self._insights.last(visitor)
        yield self._menus(visitor, language, work)
        if work is None or work.job is None:
            yield {self._screen.text: say(language, "inside.first")}
            return
        job = work.job
        yield {self._screen.text: work.text}
        yield from self._followed(visitor, lambda: job, Aim("surprise"), language)

    def refresh(self, visitor: str, model: str, beside: str, request: gr.Request) -> Update:
        """A model came or went."""
        return self._menus(visitor, language_of_request(request), None, model, beside)

    # ---------------------------------------------------------------- inside

    def _seen(self, visitor: str) -> Work | None:
        work = self._insights.last(visitor)
        return work if work is not None and work.looks else None

    def _followed(
        self, visitor: str, start: Callable[[], Job], aim: Aim, language: Language, spot: Spot | None = None
    ) -> Iterator[Update]:
        """Paint a job from its beginning to its end, or until another one takes its place."""
        spot = spot or Spot()
        try:
            job = start()
            yield self._running(True) | {self._screen.notice: "", self._screen.spot: spot}
            live = _Live(language)
            for line in paint(job, live):
                yield {self._screen.notice: line}
                if live.came:  # a picture of its own for each model, as soon as it is there
                    live.came = False
                    yield self._picture(visitor, spot, aim, language)
            yield self._picture(visitor, spot, aim, language) | self._running(False) | {self._screen.notice: ""}
        except UserError as error:
            yield self._failed(explain(error, language))
        except Exception:
            yield self._failed(explain(unexpected("a handler of Look inside"), language))

    def _picture(self, visitor: str, spot: Spot, aim: Aim, language: Language) -> Update:
        work = self._seen(visitor)
        return self._painting.all(work, spot, aim, Dials(), language) if work else {}

    def _running(self, running: bool) -> Update:
        return {self._screen.go: gr.update(visible=not running), self._screen.stop: gr.update(visible=running)}

    def _failed(self, sentence: str) -> Update:
        told = f'<div class="notice" role="status"><p>{escape(sentence)}</p></div>'
        return {self._screen.notice: told} | self._running(False)

    def _menus(
        self, visitor: str, language: Language, work: Work | None, model: str = "", beside: str = ""
    ) -> Update:
        subjects: list[Subject] = self._insights.subjects(visitor)
        menu = [(subject.title[language], subject.name) for subject in subjects]
        if work is not None:
            model, beside = ([each.name for each in work.subjects] + [""])[:2]
        known = {name for _, name in menu}
        first = model if model in known else (menu[0][1] if menu else "")
        none = (say(language, "inside.none"), "")
        return {
            self._screen.model: gr.update(choices=menu or [("…", "")], value=first),
            self._screen.beside: gr.update(choices=[none, *menu], value=beside if beside in known else ""),
        }

    def _file(self, work: Work, spot: Spot, aim: Aim, kind: str, language: Language) -> str:
        shown = self._painting.shown(work, spot, aim, language)
        side, _ = self._painting.within(work, spot)
        view = aim.view if aim.view in shown[side].look.seen or aim.view == "tree" else "surprise"
        one = replace(shown[side], aim=replace(aim, view=view))
        body = numbers.as_json(one) if kind == "json" else numbers.as_csv(one)
        name = f"inside-{view}.{'json' if kind == 'json' else 'csv'}"
        return json.dumps({"name": name, "data": b64encode(body.encode()).decode()})


class _Live:
    """What is being done, in one line."""

    def __init__(self, language: Language) -> None:
        self.came = False  # a model's look
        self._language = language
        self._stage: Progress | None = None

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the line changed."""
        if isinstance(event, Item):
            self.came = True
        if isinstance(event, Progress):
            self._stage = event
        return isinstance(event, (Item, Progress))

    def picture(self) -> str:
        """The line."""
        if self._stage is None:
            return '<i class="line runs"></i>'
        said = escape(say(self._language, f"stages.{self._stage.stage}"))
        if self._stage.total:
            share = self._stage.done / self._stage.total
            figures = f'<p class="meter"><span>{said}</span><b>{share:.0%}</b></p>'
            return f'{figures}<i class="line" style="--w:{share:.4f}"></i>'
        seconds = say(self._language, "chat.seconds", t=self._stage.done)
        return f'<p class="meter"><span>{said}</span><b>{seconds}</b></p><i class="line runs"></i>'
