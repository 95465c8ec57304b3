"""Translations: of any text for programs, and one of each visitor's, which is a job and kept as it grows."""

from __future__ import annotations

import dataclasses
import functools
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Generator as Generating
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from llm_core.documents import guard
from llm_core.documents.document import Document
from llm_core.documents.languages import is_foreign
from llm_core.engines.base import Encoder
from llm_core.errors import UserError
from llm_core.events import Done, Event, Events, Item, Notice
from llm_core.jobs import Job, Jobs
from llm_core.messages import Language
from llm_core.settings import Settings
from llm_core.tasks import segments, translate
from llm_core.tasks.translation import Pair, Translation, TranslationOptions
from llm_core.workbench.disk import MayKeep, anything, bytes_of
from llm_core.workbench.models import Models
from llm_core.workbench.replies import check_message

if TYPE_CHECKING:
    from llm_core.store.translations import Translations as Store

SUBJECT = "translation"
SAVE_EVERY_S = 2.0
MENDED_S = 120.0  # the longest that one sentence may take

State: TypeAlias = Literal["growing", "whole", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Work:
    """A visitor's translation as far as it has come."""

    name: str  # of the file; "" for a text that was pasted
    document: Document
    options: TranslationOptions
    to: Language
    total: int
    pairs: tuple[Pair, ...] = ()
    state: State = "growing"
    draft: bool = False  # by a small model made here
    next_text: str = ""  # the sentence that is being translated

    @property
    def text(self) -> str:
        """The translation; what is not translated yet stands there as it was."""
        return segments.translated(self._source, self.pairs, self.to)

    @property
    def source(self) -> str:
        """The text that is translated."""
        return self.document.text

    @property
    def _source(self) -> str | Document:
        return self.document if self.name else self.document.text

    def to_json(self) -> dict[str, Any]:
        """What json.dumps can write."""
        return {
            "name": self.name,
            "document": self.document.to_json(),
            "options": self.options.model_dump(),
            "to": self.to,
            "total": self.total,
            "pairs": [pair.to_json() for pair in self.pairs],
            "state": self.state,
            "draft": self.draft,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Work:
        """What `to_json` wrote. One that grew when the server ended was stopped."""
        state: State = "stopped" if value["state"] == "growing" else value["state"]
        return cls(
            value["name"], Document.from_json(value["document"]), TranslationOptions.of(value["options"]),
            value["to"], value["total"], tuple(map(Pair.from_json, value["pairs"])), state,
            bool(value.get("draft")),
        )  # fmt: skip


class Translations:
    """What can be translated. `owner` is the visitor's token everywhere.

    Args:
        models: where the language model comes from.
        encoder: compares a sentence with its translation; opened when it is first needed.
        jobs: where a visitor's translation runs.
        settings: limits.
        may_keep: asked before a visitor's text or file is kept; see `disk.Disk.check`.
    """

    def __init__(
        self,
        models: Models,
        encoder: Callable[[], Encoder],
        jobs: Jobs,
        settings: Settings,
        may_keep: MayKeep = anything,
    ) -> None:
        self._may_keep = may_keep
        self._models = models
        self._encoder = encoder
        self._jobs = jobs
        self._settings = settings
        self._works: dict[str, Work] = {}  # of running jobs, newer than what is on the disk

    @functools.cached_property
    def _store(self) -> Store:
        from llm_core.store.translations import Translations as Store

        return Store(self._settings.paths.translations, self._settings.translation_kept_s)

    # ---------------------------------------------------------------- for programs

    def events(self, source: str | Document, options: Mapping[str, Any], *, visitor: str = "") -> Events:
        """Translate; see `tasks.translate.translate` for the events, and Notice("model").

        Raises:
            UserError: `text_empty`, `text_too_long`, `text_unusable`, `model_missing`.
        """
        checked = TranslationOptions.of(options)
        if isinstance(source, str):
            check_message(source, self._settings)
            if is_foreign(source):
                yield Notice("text_language")
        engines = yield from self._engines(checked.model)
        yield from translate.translate(source, checked, engines, visitor=visitor)

    def read(self, path: Path, name: str) -> Events:
        """Read a file; `Done` holds its Document.

        Raises:
            UserError: whatever is wrong with the file.
        """
        return guard.read(path, name, self._settings)

    def rewrite(self, path: Path, document: Document, pairs: Sequence[Pair], to: Language) -> Events:
        """The file with the translation in the place of its text; `Done` holds a `guard.Rewritten`.

        Raises:
            UserError: `document_...`.
        """
        return guard.rewrite(path, document.name, segments.block_texts(document, pairs, to), self._settings)

    # ---------------------------------------------------------------- for visitors

    def start(self, owner: str, source: str | tuple[Path, str], **options: Any) -> Job:
        """Translate a text, or a file (its place and its name), in a job that goes on when nobody watches.

        What the visitor translated before is forgotten.

        Raises:
            UserError: `text_empty`, `text_too_long`, `text_unusable`, `address_disk`, or what is wrong with an
                option.
        """
        checked = TranslationOptions.of(options)
        if isinstance(source, str):
            check_message(source, self._settings)
        self._may_keep(owner, len(source.encode()) if isinstance(source, str) else bytes_of([source[0]]))
        self._jobs.stop(owner, SUBJECT)
        copy = self._store.begin(owner, None if isinstance(source, str) else source[0])
        name = "" if isinstance(source, str) else source[1]
        return self._run(owner, self._made(owner, copy or str(source), name, checked), self._settings.translation_s)

    def work(self, owner: str) -> Work | None:
        """The visitor's translation as it stands, None where there is none."""
        if owner in self._works:
            return self._works[owner]
        record = self._store.record(owner)
        try:
            return Work.from_json(record) if record else None
        except (KeyError, TypeError, ValueError, UserError):  # of another version
            return None

    def kept_bytes(self, owner: str) -> int:
        """What the visitor's translation takes on the disk."""
        return self._store.kept_bytes(owner)

    def running(self, owner: str) -> Job | None:
        """The job that translates right now."""
        return self._jobs.running(owner, SUBJECT)

    def stop(self, owner: str) -> None:
        """Stop it; what has been translated stays."""
        self._jobs.stop(owner, SUBJECT)

    def forget(self, owner: str) -> None:
        """Delete the translation and the uploaded file."""
        self.stop(owner)
        self._store.delete(owner)

    def again(self, owner: str, number: int) -> Job:
        """Translate one sentence once more, otherwise.

        Raises:
            UserError: `translation_busy` while the whole is being translated, `translation_gone`.
        """
        if self.running(owner):
            raise UserError("translation_busy")
        work = self.work(owner)
        if work is None or not 0 <= number < len(work.pairs):
            raise UserError("translation_gone")
        return self._run(owner, self._mended(owner, work, number), MENDED_S)

    def download(self, owner: str) -> Events:
        """The translated file, or the text as a .txt; `Done` holds a `guard.Rewritten`.

        Raises:
            UserError: `translation_gone`, and those of `rewrite`.
        """
        work, original = self.work(owner), self._store.original(owner)
        if work is None or (work.name and original is None):
            raise UserError("translation_gone")
        if original is None:
            yield Done(guard.Rewritten(f"translation.{work.to}.txt", work.text.encode()))
            return
        for event in self.rewrite(original, work.document, work.pairs, work.to):
            if isinstance(event, Done):
                stem, _, ending = event.result.name.rpartition(".")
                event = Done(guard.Rewritten(f"{stem}.{work.to}.{ending}", event.result.data))
            yield event

    # ---------------------------------------------------------------- inside

    def _run(self, owner: str, events: Events, limit_s: float) -> Job:
        return self._jobs.start(events, owner=owner, subject=SUBJECT, unwatched_s=float("inf"), limit_s=limit_s)

    def _engines(self, model: str | None) -> Generating[Event, None, translate.Engines | translate.Drafting]:
        entry = yield from self._models.here("translate", model)
        yield Notice("model", {"id": entry.id, "title": entry.title})
        if entry.translates:
            return translate.Drafting(self._models.translator(entry), entry.parameters, self._encoder())
        return translate.Engines(self._models.engine(entry), entry.parameters, self._encoder())

    def _made(self, owner: str, source: str | Path, name: str, options: TranslationOptions) -> Events:
        """Read, translate, and keep what there is every few seconds and however it ends."""
        document = Document("", "txt", str(source), ())
        if isinstance(source, Path):
            document = yield from self._document(source, name)
        to = options.to or segments.direction(document)
        work = Work(name, document, options, to, 0)
        text = document if name else document.text
        found = [one.text for one in segments.segments(text, to)]
        work = dataclasses.replace(work, total=len(found))
        yield from self._grown(owner, work, found, self.events(text, options.model_dump(), visitor=owner))

    def _document(self, path: Path, name: str) -> Generating[Event, None, Document]:
        for event in self.read(path, name):
            if isinstance(event, Done):
                document: Document = event.result
                return document
            yield event
        raise AssertionError("a reading without a result")

    def _grown(self, owner: str, work: Work, found: Sequence[str], events: Events) -> Events:
        state: State = "stopped"
        self._works[owner] = dataclasses.replace(work, next_text=found[0] if found else "")
        saved = time.monotonic()
        try:
            for event in events:
                if isinstance(event, Item):
                    place = len(work.pairs) + 1
                    work = dataclasses.replace(
                        work, pairs=(*work.pairs, event.value), next_text=found[place] if place < len(found) else ""
                    )
                    self._works[owner] = work
                    if time.monotonic() - saved > SAVE_EVERY_S:
                        self._store.keep(owner, work.to_json())
                        saved = time.monotonic()
                if isinstance(event, Notice) and event.code == "translation_draft":
                    work = dataclasses.replace(work, draft=True)
                if isinstance(event, Done):
                    state = "whole"
                yield event
        except UserError:
            state = "failed"
            raise
        finally:
            events.close()
            self._finish(owner, dataclasses.replace(work, state=state))

    def _mended(self, owner: str, work: Work, number: int) -> Events:
        engines = yield from self._engines(work.options.model)
        events = translate.again(
            work.pairs[number], work.options, engines, work.to, visitor=owner, seed=secrets.randbelow(2**31)
        )
        for event in events:
            if isinstance(event, Done):
                pairs = (*work.pairs[:number], event.result, *work.pairs[number + 1 :])
                self._finish(owner, dataclasses.replace(work, pairs=pairs))
                yield Item(event.result)
                event = Done(Translation(work.text, pairs, work.to, work.total, work.draft))
            yield event

    def _finish(self, owner: str, work: Work) -> None:
        self._store.keep(owner, work.to_json())
        self._works.pop(owner, None)
