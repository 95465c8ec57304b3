"""What the page offers to programs for questions: `/ask` answers from texts and files, `/embed` gives vectors."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from llm_core import atomic
from llm_core.engines.base import EmbeddingKind
from llm_core.errors import UserError
from llm_core.events import Done, Item
from llm_core.paths import safe_name
from llm_core.web import calls
from llm_core.web.gradio import gr
from llm_core.workbench import answers

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.libraries import Shelf

FILES_MAX = 20
TEXTS_MAX = 1000  # of one call to /embed
TEXT_NAME = "text.txt"


def publish(workbench: Workbench) -> None:
    """Offer both. To be called inside the page's Blocks."""

    def ask(
        question: str,
        text: str | None = None,
        files: list[gr.FileData] | None = None,
        written: bool = True,
        model: str | None = None,
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Answer a question from a text, from files, or from both; nothing of them is kept.

        Gives {"answer", "abstained", "score", "unsure", "exact": {"text", "document", "page", "start", "end",
        "score"}, "agrees", "quality", "evidence": [{"document", "page", "start", "end", "sentence", "passage"}]};
        until the answer is there, the evidence alone. `unsure` is to be looked at before it is believed; `exact` are
        the words that the reader finds, or null; `agrees` says whether a written answer says the same; `quality` is
        what was measured of the reader. With `written` false the answer is the best sentence. `model` is a name from
        the list of models. `language`, "en" or "zh", is that of errors.
        """
        with calls.told("/ask", calls.spoken(language, request)), workbench.libraries.shelf() as shelf:
            caller = calls.caller(request)
            yield from _answered(shelf, question, text, files, written=written, model=model, caller=caller)

    def embed(
        texts: list[str], kind: str = "query", language: str | None = None, request: gr.Request | None = None
    ) -> list[list[float]]:
        """The vector of each text, 384 numbers; a dot product is a cosine.

        `kind` is "query" for what is looked for and for comparing texts, "passage" for what is to be found.
        `language`, "en" or "zh", is that of errors.
        """
        with calls.told("/embed", calls.spoken(language, request)):
            return vectors(workbench, texts, kind)

    gr.events.api(ask, api_name="ask", concurrency_limit=None)
    gr.events.api(embed, api_name="embed", concurrency_limit=None)


def vectors(workbench: Workbench, texts: Any, kind: Any) -> list[list[float]]:
    """The vectors of texts that came from outside.

    Raises:
        UserError: `value_unusable`, `text_too_long`.
    """
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts) or len(texts) > TEXTS_MAX:
        raise UserError("value_unusable", name="texts", value="")
    if kind not in get_args(EmbeddingKind):
        raise UserError("value_unusable", name="kind", value=str(kind)[:40])
    limit = workbench.settings.message_chars_max
    if (chars := sum(map(len, texts))) > limit:
        raise UserError("text_too_long", chars=chars, limit=limit)
    return [[float(value) for value in vector] for vector in workbench.encoder.encode(texts, kind)]


def _answered(
    shelf: Shelf, question: Any, text: Any, files: Any, *, written: Any, model: Any, caller: str
) -> Iterator[dict[str, Any]]:
    question = calls.text("question", question)
    found: list[answers.Piece] = []
    with tempfile.TemporaryDirectory(prefix="llm-workbench-ask-") as folder:
        for path, name in _documents(Path(folder), text, files):
            yield from ({} for _ in calls.beats(shelf.add(path, name), ()))
    if not shelf.documents:
        raise UserError("value_missing", name="text")
    events = shelf.ask(question, written=bool(written), model=model, visitor=caller)
    for event in calls.beats(events, (Item, Done)):
        match event:
            case Item():
                found.append(answers.piece(event.value, shelf.documents[event.value.found.document]))
                yield {"evidence": answers.pieces_for_programs(found)}
            case Done():
                full = answers.record(question, event.result, shelf.documents.__getitem__)
                yield answers.for_programs(full)
            case _:
                yield {"evidence": answers.pieces_for_programs(found)}


def _documents(folder: Path, text: Any, files: Any) -> Iterator[tuple[Path, str]]:
    """Where each document is, and its name; a text is put into a file, which is read like any other."""
    if isinstance(text, str) and text.strip():
        path = folder / TEXT_NAME
        with atomic.writing(path, "w") as file:
            file.write(text.encode("utf-8", "replace").decode())
        yield path, TEXT_NAME
    if not isinstance(files, list | None) or len(files or ()) > FILES_MAX:
        raise UserError("value_unusable", name="files", value="")
    for given in files or ():
        yield _uploaded(given)


def _uploaded(given: Any) -> tuple[Path, str]:
    """An upload of this server; a path to anywhere else is none."""
    path = Path(str(given.get("path", ""))) if isinstance(given, dict) else Path()
    name = str(given.get("orig_name") or path.name) if isinstance(given, dict) else ""
    uploads = Path(gr.utils.get_upload_folder()).resolve()
    if not path.is_file() or not path.resolve().is_relative_to(uploads):
        raise UserError("value_unusable", name="files", value=name[:40])
    with contextlib.suppress(UserError):
        name = safe_name(name)
    return path, name
