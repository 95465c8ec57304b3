"""One list of all models: what is here, what is being fetched, what can be had."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import filelock

from llm_core.catalog import adopted, bundled, hashes, local, remote, runs, transformers_folder
from llm_core.catalog.measured import Measured, measured
from llm_core.catalog.recommended import Catalog, Recommended, builtin
from llm_core.catalog.wish import Wish, unfinished
from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, Language
from llm_core.models.card import ModelCard
from llm_core.models.served import Served
from llm_core.settings import Settings

# Nobody says: such a model is spoken to as a large one is, and guessed to be as fast.
SERVED_PARAMETERS = 2_000_000_000

State = Literal["here", "being_fetched", "can_be_had"]  # labels: models.state_*


@dataclass(frozen=True, slots=True)
class Entry:
    """One model as a person picks it. `recommended` is None for what recommended.toml does not know."""

    id: str
    title: Mapping[Language, str]
    state: State
    path: Path | None  # None while it is not here
    bytes: int
    parameters: int = 0
    context_tokens: int = 0  # the longest context it was trained for
    licence: str = ""
    languages: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[Language, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()  # kinds; labels: models.source_*
    fetched_bytes: int = 0  # kept of a fetch that is under way or was interrupted
    format: Literal["gguf", "transformers", "remote"] = "gguf"
    tasks: tuple[str, ...] = ("chat",)  # "continue" goes on with a text, and is never taken by itself
    architecture: str = ""
    chat_template: bool = True
    damaged: bool = False
    problem: UserError | None = None  # what is wrong with the file, where it cannot be opened
    recommended: Recommended | None = None
    measured: Measured = field(default_factory=dict)  # of one that came along: figures by task
    served: Served | None = None  # on which server it runs; what it reads is sent there

    @property
    def translates(self) -> bool:
        """Whether it is one made here that translates and does nothing else; it is opened in no other way."""
        return "bundled" in self.sources and bundled.TRANSLATING in self.tasks

    @property
    def usable(self) -> bool:
        """Whether it can be opened now."""
        return self.path is not None and self.problem is None and not self.damaged


def entries(
    settings: Settings, named: Iterable[Path] = (), catalog: Catalog | None = None, owner: str = ""
) -> list[Entry]:
    """All models: the recommended ones in their order, those that came along, those trained here, files on this disk.

    Reads headers and remembered hashes, never a whole file; no network.

    Args:
        settings: where models stand.
        named: GGUF files elsewhere that the person named.
        catalog: the recommended models, where not those that the workbench comes with.
        owner: who sees the list, for the models that were trained here.
    """
    catalog = catalog or builtin()
    listed = [of_recommended(model, settings) for model in catalog.entries.values()]
    listed += map(of_bundled, bundled.models())
    known = {entry.id for entry in listed}
    listed += [of_run(model) for model in runs.models(settings, owner) if model.name not in known]
    listed += [of_served(model, settings) for model in remote.models(settings) if model.id not in known]
    taken = {entry.path.resolve() for entry in listed if entry.path}
    ids = {entry.id for entry in listed}
    for found in local.files(settings, named):
        if found.path.resolve() not in taken:
            listed.append(of_file(found, ids))
            ids.add(listed[-1].id)
    listed += [of_folder(path) for path in transformers_folder.folders(settings) if path.name not in ids]
    ids = {entry.id for entry in listed}
    elsewhere = [model for model in adopted.models(settings) if model.path.resolve() not in taken]
    listed += [of_adopted(model) for model in elsewhere if model.id not in ids]
    return listed + [of_wish(wish, settings) for wish in unfinished(settings)]


def of_recommended(model: Recommended, settings: Settings) -> Entry:
    """A recommended model, and whether it is here."""
    path = hashes.where(model, settings)
    problem = local.look(path).problem if path else None
    state: State = "here" if path else "being_fetched" if _being_fetched(model, settings) else "can_be_had"
    return Entry(
        id=model.id,
        title=model.title,
        state=state,
        path=path,
        bytes=model.bytes,
        parameters=model.parameters,
        context_tokens=model.context_tokens,
        licence=model.licence,
        languages=model.languages,
        scores=model.scores,
        limits=model.limits,
        sources=tuple(source.kind for source in model.sources),
        fetched_bytes=0 if path else model.target(settings).done,
        damaged=hashes.glance(model, settings) == "damaged",
        problem=problem,
        recommended=model,
    )


def of_bundled(model: bundled.Bundled) -> Entry:
    """A model that came with the repository."""
    card = model.card
    return Entry(
        id=card.id,
        title={language: card.title[language] for language in LANGUAGES},
        state="here",
        path=model.path,
        bytes=card.bytes,
        parameters=card.parameters,
        context_tokens=model.context_tokens,
        licence=card.licence,
        languages=card.languages,
        limits={language: card.limits[language] for language in LANGUAGES},
        sources=("bundled",),
        format="transformers",
        tasks=card.tasks,
        chat_template=False,
        measured=measured(model.path, card),
        problem=None if bundled.WRITING in card.tasks else _not_writing(card.id, card.tasks),
    )


def of_run(model: runs.Trained) -> Entry:
    """A model that was trained here; what neither chats nor continues text is listed, and not opened for that."""
    card = model.card
    writes = {"chat", "continue"} & set(card.tasks)
    return Entry(
        id=model.name,
        title={language: card.title.get(language, model.name) for language in LANGUAGES},
        state="here",
        path=model.path,
        bytes=card.bytes,
        parameters=card.parameters,
        context_tokens=model.context_tokens,
        licence=card.licence,
        languages=card.languages,
        limits={language: card.limits[language] for language in LANGUAGES if language in card.limits},
        sources=("run",),
        format="transformers",
        tasks=card.tasks,
        chat_template="chat" in card.tasks,
        problem=None if writes else _not_writing(model.name, card.tasks),
    )


def of_served(model: Served, settings: Settings) -> Entry:
    """A model that runs on a server; it is there to be asked for by name, and no file of it is here."""
    return Entry(
        id=model.id,
        title=remote.titles(model),
        state="here",
        path=settings.paths.servers,
        bytes=0,
        parameters=SERVED_PARAMETERS,
        context_tokens=model.context_tokens,
        sources=("server",),
        format="remote",
        served=model,
    )


def of_file(found: local.Found, ids: Iterable[str] = ()) -> Entry:
    """A GGUF file that the catalog does not know; its id is its name, numbered where one of `ids` has that."""
    stem = re.sub(r"[^\w.\- ]", "?", found.path.stem)  # a file name can hold line breaks, or bytes that are no text
    name, number, taken = stem, 2, set(ids)
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    header = found.header
    about = hashes.about_it(found.path)
    return Entry(
        id=name,
        licence=about.get("licence", ""),
        title=dict.fromkeys(LANGUAGES, name),
        state="here",
        path=found.path,
        bytes=header.bytes if header else 0,
        parameters=header.parameters if header else 0,
        context_tokens=header.context_tokens if header else 0,
        sources=("local",),
        architecture=header.architecture if header else "",
        chat_template=bool(header and header.chat_template),
        damaged=bool(found.problem and found.problem.code in ("gguf_cut", "gguf_strange")),
        problem=found.problem,
    )


def of_folder(path: Path, source: str = "local", name: str = "") -> Entry:
    """A Transformers folder, fetched or put here by anyone."""
    look = transformers_folder.look(path)
    card = _card(path)
    writes = {"chat", "continue"} & set(look.tasks)
    shown = name or re.sub(r"[^\w.\- ]", "?", path.name)
    title = str(card.title.get("en", shown)) if card else shown
    return Entry(
        id=shown,
        title=dict.fromkeys(LANGUAGES, title),
        state="here",
        path=path,
        bytes=look.bytes,
        parameters=look.parameters,
        context_tokens=look.context_tokens,
        licence=card.licence if card else "",
        sources=("hub",) if card else (source,),
        format="transformers",
        tasks=look.tasks,
        architecture=look.architecture,
        chat_template=look.chat_template,
        problem=look.problem or (None if writes else _not_writing(shown, look.tasks)),
    )


def of_adopted(model: adopted.Adopted) -> Entry:
    """A model of another program that is used where it is."""
    if model.format == "transformers":
        return of_folder(model.path, model.program, model.id)
    return replace(
        of_file(local.look(model.path)),
        id=model.id,
        title=dict.fromkeys(LANGUAGES, model.id),
        sources=(model.program,),
    )


def of_wish(wish: Wish, settings: Settings) -> Entry:
    """A model from outside the catalog that is being fetched, or was begun."""
    here = _locked(settings.paths.downloads / f"{wish.key}.lock")
    return Entry(
        id=wish.id,
        title=dict.fromkeys(LANGUAGES, wish.id),
        state="being_fetched" if here else "can_be_had",
        path=None,
        bytes=wish.bytes,
        parameters=wish.parameters,
        licence=wish.licence,
        sources=(wish.source,),
        fetched_bytes=wish.fetched_bytes(settings),
        format=wish.format,
        tasks=wish.tasks,
    )


def _not_writing(name: str, tasks: Iterable[str]) -> UserError:
    return UserError("model_not_writing", name=name, tasks=", ".join(tasks))


def _card(folder: Path) -> ModelCard | None:
    """Of a folder that was fetched."""
    with contextlib.suppress(OSError, ValueError):
        return ModelCard.read(folder)
    return None


def _being_fetched(model: Recommended, settings: Settings) -> bool:
    """Whether some process fetches it now."""
    return _locked(model.lock(settings))


def _locked(path: Path) -> bool:
    """Whether a process works on it: only a living one holds the lock."""
    if not path.exists():
        return False
    try:
        with filelock.FileLock(path, timeout=0, thread_local=False):
            return False
    except filelock.Timeout:
        return True
