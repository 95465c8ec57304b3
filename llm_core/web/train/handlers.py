"""What happens on the Train tab while a run is built: texts come, settings change, and it is started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_core.messages import Language
from llm_core.training.samples import SAMPLES
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.train import pieces
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

    def data(self, visitor: str, current: str, event: gr.EventData, request: gr.Request, *values: Any) -> Update:
        """A corpus was ticked, a file taken out, or its licence noted."""
        form, asked = Form.of(self._names, values), wish(event)
        samples, files = list(form.samples), list(form.files)
        place = int(asked["id"]) if asked.get("id", "").isdecimal() and len(asked["id"]) < 6 else len(files)
        match asked.get("do"):
            case "sample" if (name := asked.get("id")) in SAMPLES:
                samples = [one for one in SAMPLES if (one in samples) != (one == name)]
            case "remove" if place < len(files):
                del files[place]
            case "note" if place < len(files):
                files[place] = Upload(files[place].path, asked.get("text", "")[:NOTE_CHARS_MAX])
        return self._with_texts(visitor, current, values, samples, files, language_of_request(request))

    def upload(
        self, visitor: str, current: str, added: Sequence[str] | None, request: gr.Request, *values: Any
    ) -> Update:
        """Files were chosen; they are read when the run begins."""
        form = Form.of(self._names, values)
        files = [*form.files, *(Upload(Path(path)) for path in added or ())]
        self._view.workbench.mine.uploaded(visitor, [Path(path) for path in added or ()])
        # Whoever brings a text of their own does not want the sample in it.
        samples = () if added and not form.files else form.samples
        return self._with_texts(visitor, current, values, samples, files, language_of_request(request))

    def start(self, visitor: str, request: gr.Request, *values: Any) -> Update:
        """Begin the run, and watch it."""
        language, form = language_of_request(request), Form.of(self._names, values)

        def started() -> Update:
            run = self._view.runs.start(visitor, self._view.config(visitor, form, language))
            return self._view.opened(visitor, run.name, form, language)

        return self._view.guarded(language, started)

    def _with_texts(
        self,
        visitor: str,
        current: str,
        values: Sequence[Any],
        samples: Sequence[str],
        files: Sequence[Upload],
        language: Language,
    ) -> Update:
        given = dict(zip(self._names, values, strict=True)) | {"samples": tuple(samples), "files": tuple(files)}
        form = Form.of(self._names, [given[name] for name in self._names])
        shown: Update = {
            self._screen.form["samples"]: form.samples,
            self._screen.form["files"]: form.files,
            self._screen.samples: pieces.samples(form.samples, language),
            self._screen.files: pieces.files(form, language),
        }
        return shown | self._planned(visitor, current, form, language)

    def _planned(self, visitor: str, current: str, form: Form, language: Language) -> Update:
        return self._view.guarded(language, lambda: self._view.building(visitor, current, form, language, now=0))
