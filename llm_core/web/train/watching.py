"""What happens on the Train tab around a run: found again, watched, paused, continued, stopped, deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from llm_core.errors import UserError
from llm_core.messages import Language
from llm_core.web.frame import Talk
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.train import card, draft
from llm_core.web.train.downloads import ticket
from llm_core.web.train.form import Form, standing
from llm_core.web.train.run_pieces import UNDER_WAY
from llm_core.web.train.view import Update, View, wish

BESIDE_MAX = 3


class Watching:
    """Handlers of runs. Every one answers with an `Update`.

    Args:
        view: what is shown.
        names: of the form's fields, in the order in which their values come.
        talk: where Chat is told which model to talk to.
    """

    def __init__(self, view: View, names: Sequence[str], talk: gr.State) -> None:
        self._names, self._talk = names, talk
        self._view = view
        self._screen = view.screen

    def restore(self, visitor: str, kept: str, written: str, request: gr.Request) -> Update:
        """The page was opened or reloaded: the run that it showed, or one that is under way, is found again.

        So is what was filled in, but for files: where those are kept is nothing that a browser may say.
        """
        language = language_of_request(request)
        form, lost = draft.read(written, standing(language))
        shown = self._view.filled(form, language, lost) | self._view.guarded(
            language, lambda: self._view.building(visitor, "", form, language, now=0)
        )
        runs = self._view.runs.list(self._view.owner(visitor))
        under_way = [run.name for run in runs if run.state in UNDER_WAY]
        for name in [kept] if kept else under_way:
            with suppress(UserError):  # deleted since, or of another visitor
                return shown | self._view.opened(visitor, name, form, language)
        return shown | self._view.rail(visitor, "", (), language)

    def look(
        self, visitor: str, current: str, beside: Sequence[str], event: gr.EventData, request: gr.Request
    ) -> Update:
        """The page asks how the run is."""
        language, asked = language_of_request(request), wish(event)
        looks = int(asked["look"]) if asked.get("look", "").isdecimal() else -1

        def shown() -> Update:
            name = asked.get("id") or current
            shown = self._view.run(visitor, name, beside, language, looks=looks)
            return shown | self._view.rail(visitor, name, beside, language)

        return self._view.guarded(language, shown)

    def act(
        self,
        visitor: str,
        current: str,
        beside: Sequence[str],
        event: gr.EventData,
        request: gr.Request,
        *values: Any,
    ) -> Update:
        """A button of a run, or of the list, was clicked."""
        language, asked = language_of_request(request), wish(event)
        runs, name, form = self._view.runs, asked.get("id") or current, Form.of(self._names, values)
        owner = self._view.owner(visitor)

        def done() -> Update:
            match asked.get("do"):
                case "pause":
                    runs.pause(owner, name)
                case "stop":
                    runs.stop(owner, name)
                case "resume":
                    runs.resume(owner, name)
                case "delete":
                    runs.delete(owner, name)
                    return self._anew(visitor, form, language)
                case "compare":
                    return self._view.opened(visitor, current, form, language, beside=_toggled(beside, name))
                case "talk" | "csv" | "zip" as way:
                    return self._taken(visitor, name, way)
                case "new":
                    return self._anew(visitor, form, language)
            return self._view.opened(visitor, name, form, language, beside=beside if name == current else ())

        return self._view.guarded(language, done)

    def _taken(self, visitor: str, name: str, way: str) -> Update:
        """The run's model in Chat or as a zip, or its numbers as CSV."""
        match way:
            case "talk":
                return {self._talk: Talk(name)}
            case "csv":
                lines, _ = self._view.runs.metrics(self._view.owner(visitor), name)
                return {self._screen.saved: json.dumps({"name": f"{name}.csv", "text": card.numbers(lines)})}
        return {self._screen.fetched: ticket(visitor, name)}

    def _anew(self, visitor: str, form: Form, language: Language) -> Update:
        screen = self._screen
        empty = dict.fromkeys((screen.current, screen.run, screen.card, screen.looks, screen.result), "")
        shown = self._view.building(visitor, "", form, language, now=1) | self._view.rail(visitor, "", (), language)
        return shown | empty | {screen.beside: (), screen.chart: None}


def _toggled(beside: Sequence[str], name: str) -> tuple[str, ...]:
    """The runs with this one among them, or no longer; the earliest gives way."""
    if name in beside:
        return tuple(other for other in beside if other != name)
    return (*beside, name)[-BESIDE_MAX:]
