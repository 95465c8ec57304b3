"""What happens in Look inside: a sentence is looked at in a job, and painted again wherever the visitor points."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Event, Item, Progress
from llm_core.jobs import Job, unexpected
from llm_core.messages import Language, explain, say
from llm_core.web.frame import escape
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.inside import numbers
from llm_core.web.inside.painting import Painting, Sight
from llm_core.web.inside.screen import Screen
from llm_core.web.inside.shown import Aim, Spot
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
        yield from self._followed(visitor, start, Aim(view), request)

    def stop(self, visitor: str) -> None:
        """Stop; what has been seen stays."""
        self._insights.stop(visitor)

    def turn(self, visitor: str, spot: Spot, request: gr.Request, *margin: Any) -> Update:
        """Another view, layer, head or kind of attention."""
        sight = self._sight(visitor, spot, Aim.of(margin), request)
        return self._painting.all(sight) if sight else {}

    def draw(self, visitor: str, spot: Spot, request: gr.Request, *margin: Any) -> Update:
        """A dial of drawing was moved: only the bars change."""
        sight = self._sight(visitor, spot, Aim.of(margin), request)
        return {self._screen.bars: self._painting.bars(sight)} if sight else {}

    def act(self, visitor: str, spot: Spot, event: gr.EventData, request: gr.Request, *margin: Any) -> Update:
        """Something in the picture was chosen, or its numbers are wanted."""
        sight = self._sight(visitor, spot, Aim.of(margin), request)
        if sight is None:
            return {}
        sent = event._data if isinstance(event._data, Mapping) else {}
        did, at = sent.get("do"), str(sent.get("id", ""))
        if did == "save":
            return {self._screen.saved: self._file(sight, at)}
        place = [int(part) for part in at.split(":") if part.lstrip("-").isdigit()]
        if did == "place" and len(place) == 2:
            sight = replace(sight, spot=Spot(*place))
        elif did == "head" and len(place) == 3:
            aim = replace(sight.aim, layer=place[1], head=place[2])
            sight = replace(sight, spot=replace(sight.spot, side=place[0]), aim=aim)
        return {self._screen.spot: sight.spot} | self._painting.all(sight)

    def grow(
        self, visitor: str, spot: Spot, width: float, depth: float, request: gr.Request, *margin: Any
    ) -> Iterator[Update]:
        """Search what may follow the text, with each of the models that go on with it."""
        aim = Aim.of(margin)
        sight = self._sight(visitor, spot, aim, request)
        if sight is None:
            return
        for side in sorted(side for side, look in sight.work.looks.items() if "tree" in look.views):
            start = lambda side=side: self._insights.grow(visitor, side, int(width), int(depth))  # noqa: E731
            yield from self._followed(visitor, start, aim, request, spot)

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
        yield from self._followed(visitor, lambda: job, Aim(""), request)

    def refresh(self, visitor: str, model: str, beside: str, request: gr.Request) -> Update:
        """A model came or went."""
        return self._menus(visitor, language_of_request(request), None, model, beside)

    # ---------------------------------------------------------------- inside

    def _sight(self, visitor: str, spot: Spot, aim: Aim, request: gr.Request) -> Sight | None:
        """What the visitor sees, if there is anything."""
        work = self._insights.last(visitor)
        return Sight(work, spot, aim, language_of_request(request)) if work is not None and work.looks else None

    def _followed(
        self, visitor: str, start: Callable[[], Job], aim: Aim, request: gr.Request, spot: Spot | None = None
    ) -> Iterator[Update]:
        """Paint a job from its beginning to its end, or until another one takes its place."""
        spot, language = spot or Spot(), language_of_request(request)

        def picture() -> Update:
            sight = self._sight(visitor, spot, aim, request)
            return self._painting.all(sight) if sight else {}

        try:
            job = start()
            yield self._running(True) | {self._screen.notice: "", self._screen.spot: spot}
            live = _Live(language)
            for line in paint(job, live):
                yield {self._screen.notice: line}
                if live.came:  # a picture of its own for each model, as soon as it is there
                    live.came = False
                    yield picture()
            yield picture() | self._running(False) | {self._screen.notice: ""}
        except UserError as error:
            yield self._failed(explain(error, language))
        except Exception:
            yield self._failed(explain(unexpected("a handler of Look inside"), language))

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

    def _file(self, sight: Sight, kind: str) -> str:
        side, _ = self._painting.within(sight)
        look, view = sight.work.looks[side], sight.aim.view
        if view not in look.views:
            view = look.views[0]
        one = self._painting.shown(replace(sight, aim=replace(sight.aim, view=view)))[side]
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
