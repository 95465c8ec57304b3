"""What happens on the Train tab while a run is built: texts come, settings change, and it is started."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_core.messages import Language
from llm_core.training.samples import SAMPLES
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.train import learning, pieces
from llm_core.web.train.form import Form, Upload
from llm_core.web.train.view import Update, View, wish

NOTE_CHARS_MAX = 120


class Handlers:
    """Handlers of building. Every one answers with an `Update`.

    Args:
        view: what is shown.
        names: of the form's fields, in the order in which their values come.
    """

    def __init__(self, view: View, names: Sequence[str]) -> None:
        self._view = view
        self._screen = view.screen
        self._names = names

    def changed(self, visitor: str, current: str, request: gr.Request, *values: Any) -> Update:
        """A setting was changed: the plan follows it."""
        return self._planned(visitor, current, Form.of(self._names, values), language_of_request(request))

    def learn(self, visitor: str, current: str, request: gr.Request, *values: Any) -> Update:
        """The family, or what it is to learn, was changed: texts that do not suit make room for those that do."""
        language = language_of_request(request)
        here, _ = self._view.fitted(visitor, Form.of(self._names, values))
        return self._with_texts(visitor, current, learning.with_texts(here, language), language)

    def data(self, visitor: str, current: str, event: gr.EventData, request: gr.Request, *values: Any) -> Update:
        """A corpus was ticked, a file taken out, its licence noted, or an example of one asked for."""
        form, asked, language = Form.of(self._names, values), wish(event), language_of_request(request)
        files = list(form.files)
        place = int(asked["id"]) if asked.get("id", "").isdecimal() and len(asked["id"]) < 6 else len(files)
        match asked.get("do"):
            case "sample" if (name := asked.get("id")) in SAMPLES:
                form = learning.toggled(form, name)
            case "example":
                name, text = learning.saved(form, language)
                return {self._screen.saved: json.dumps({"name": name, "text": text})}
            case "remove" if place < len(files):
                del files[place]
            case "note" if place < len(files):
                files[place] = Upload(files[place].path, asked.get("text", "")[:NOTE_CHARS_MAX])
        return self._with_texts(visitor, current, replace(form, files=tuple(files)), language)

    def upload(
        self, visitor: str, current: str, added: Sequence[str] | None, request: gr.Request, *values: Any
    ) -> Update:
        """Files were chosen; they are read when the run begins."""
        form = Form.of(self._names, values)
        files = (*form.files, *(Upload(Path(path)) for path in added or ()))
        self._view.workbench.mine.uploaded(visitor, [Path(path) for path in added or ()])
        # Whoever brings a text of their own does not want the sample in it.
        samples = () if added and not form.files else form.samples
        form = learning.brought(replace(form, samples=samples, files=files))
        return self._with_texts(visitor, current, form, language_of_request(request))

    def start(self, visitor: str, request: gr.Request, *values: Any) -> Update:
        """Begin the run, and watch it."""
        language, form = language_of_request(request), Form.of(self._names, values)

        def started() -> Update:
            run = self._view.runs.start(visitor, self._view.config(visitor, form, language))
            return self._view.opened(visitor, run.name, form, language)

        return self._view.guarded(language, started)

    def _with_texts(self, visitor: str, current: str, form: Form, language: Language) -> Update:
        shown: Update = {
            self._screen.form["samples"]: form.samples,
            self._screen.form["files"]: form.files,
            self._screen.form["family"]: form.family,
            self._screen.samples: pieces.samples(form.samples, language),
            self._screen.files: pieces.files(form, language),
        }
        return shown | self._planned(visitor, current, form, language)

    def _planned(self, visitor: str, current: str, form: Form, language: Language) -> Update:
        return self._view.guarded(language, lambda: self._view.building(visitor, current, form, language, now=0))
