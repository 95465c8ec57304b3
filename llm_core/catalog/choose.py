"""Which model a task takes on this machine, and why. No network: what is here decides, else what suits."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_core import machine
from llm_core.catalog import bundled, listing, local
from llm_core.catalog.bundled import TRANSLATING
from llm_core.catalog.listing import Entry
from llm_core.catalog.recommended import Catalog, Recommended, builtin
from llm_core.errors import UserError
from llm_core.models import gguf
from llm_core.settings import Settings

NAME_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that a task takes. Where `entry.path` is None it has to be fetched first.

    `reason` is a key of messages, filled in by `facts`. `to_fetch` is what can be fetched, best first: the model
    itself and what to take where that is not to be had; or, beside a model that is here, what would be better.
    """

    entry: Entry
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    to_fetch: tuple[Entry, ...] = ()


def choose(
    task: str, settings: Settings, name: str | None = None, catalog: Catalog | None = None, owner: str = ""
) -> Choice:
    """The model for `task`: the one named, else the one of the settings, else the best here, else what to fetch.

    Args:
        task: a task of the catalog, such as "chat", or "translate".
        settings: where models stand, and the person's default.
        name: an id, the beginning of one, a path to a GGUF file, or the name of a task, which means its default.
        catalog: the recommended models, where not those that the workbench comes with.
        owner: who asks, for the models that were trained here.

    Raises:
        UserError: `model_unknown`, `model_ambiguous`, `model_path_missing`, or what is wrong with the file (gguf_*).
    """
    catalog = catalog or builtin()
    task, name = (name, None) if name and name in catalog.use else (task, name)
    name = name or settings.model
    if not name or name in catalog.use:
        return _drafting(settings, catalog) if task == TRANSLATING else _by_itself(task, settings, catalog)
    entry = find(name, settings, catalog, owner)
    return Choice(entry, "models.reason_asked", {"id": entry.id}, () if entry.path else (entry,))


def to_fetch(task: str, settings: Settings, catalog: Catalog | None = None) -> tuple[Entry, ...]:
    """What suits `task` on this machine, best first: for `models get recommended` and the first start.

    Of those that need the same memory, one that is here comes first, then one of which a part is here.
    """
    catalog = catalog or builtin()
    offered, carried = catalog.fetch[task], _for_card(catalog.use[task])
    memory = machine.memory_bytes()
    fitting = [model for model in offered if model.memory_bytes <= memory] or [offered[-1]]
    fitting = carried + [model for model in fitting if model not in carried]
    room = [model for model in fitting if _fits_disk(model, settings)]
    # With no room for any, the fetch says so.
    entries = [listing.of_recommended(model, settings) for model in room or fitting]
    needs = {model.id: model.memory_bytes for model in fitting}
    return tuple(sorted(entries, key=lambda entry: (-needs[entry.id], not entry.path, not entry.fetched_bytes)))


def find(name: str, settings: Settings, catalog: Catalog | None = None, owner: str = "") -> Entry:
    """The model that `name` means for `owner`: an id, a path to a GGUF file, or the beginning of exactly one id.

    A task's name means its default here, and "recommended" what suits chat on this machine, here or not.

    Raises:
        UserError: `model_unknown`, `model_ambiguous`, `model_path_missing`, or what is wrong with the file (gguf_*).
    """
    catalog = catalog or builtin()
    if name == "recommended":
        return to_fetch("chat", settings, catalog)[0]
    if name in catalog.use:
        return choose(name, settings, catalog=catalog).entry
    entries = {entry.id: entry for entry in listing.entries(settings, catalog=catalog, owner=owner)}
    if name in entries:
        return entries[name]
    if name.lower().endswith(local.SUFFIX) or "/" in name or "\\" in name:
        return _file(name, list(entries.values()))
    begin_so = sorted(known for known in entries if name and known.lower().startswith(name.lower()))
    if len(begin_so) == 1:
        return entries[begin_so[0]]
    if begin_so:
        raise UserError("model_ambiguous", name=_shown(name), matching=", ".join(begin_so))
    near = difflib.get_close_matches(name[:NAME_SHOWN_CHARS], entries, n=3, cutoff=0)
    raise UserError("model_unknown", name=_shown(name), nearest=", ".join(near))


def _drafting(settings: Settings, catalog: Catalog) -> Choice:
    """A language model translates where one is here; else the small model that came along, where it did."""
    choice = _by_itself("chat", settings, catalog)
    draft = next((entry for entry in map(listing.of_bundled, bundled.models()) if entry.translates), None)
    if choice.entry.path or not draft:
        return choice
    return Choice(draft, "models.reason_draft", {}, choice.to_fetch)


def _by_itself(task: str, settings: Settings, catalog: Catalog) -> Choice:
    """The best that is here and fits this machine; where nothing is, the best that can be had."""
    memory = machine.memory_bytes()
    wanted = to_fetch(task, settings, catalog)
    # What only continues text is no assistant: it answers where it is asked for by name alone.
    # Nor is what runs on a server: only who names it sends it text.
    listed = [entry for entry in listing.entries(settings, catalog=catalog) if not entry.served]
    here = [entry for entry in listed if entry.usable and "chat" in entry.tasks]
    known = {entry.id: entry for entry in here}
    order = [model for model in catalog.use[task] if model.id in known]
    carried = _for_card(order)
    for model in [*carried, *order]:
        if model in carried or model.memory_bytes <= memory:
            # A sister of the same size is no reason to fetch another gigabyte.
            better = tuple(entry for entry in wanted if entry.parameters > model.parameters)
            reason = "models.reason_card" if model in carried else "models.reason_here"
            return Choice(known[model.id], reason, {"memory": memory}, better)
    if files := [entry for entry in here if entry.recommended is None and entry.bytes < memory]:
        largest = max(files, key=lambda entry: entry.parameters)
        return Choice(largest, "models.reason_only_file", {"id": largest.id}, wanted)
    if order:
        return Choice(known[order[-1].id], "models.reason_tight", {"memory": memory}, wanted)
    return Choice(wanted[0], *_why(wanted[0], catalog.fetch[task][0], settings), wanted)


def _for_card(models: Sequence[Recommended]) -> list[Recommended]:
    """Those that this machine's NVIDIA card carries, which are better than what suits its processor."""
    memory = max((card.memory_bytes for card in machine.accelerators() if card.kind == "cuda"), default=0)
    return [model for model in models if 0 < model.card_memory_bytes <= memory]


def _why(taken: Entry, best: Recommended, settings: Settings) -> tuple[str, dict[str, Any]]:
    """Why this one is to be fetched: it suits, or memory or disk is short for the best."""
    memory = machine.memory_bytes()
    if taken.recommended and taken.recommended in _for_card([taken.recommended]):
        return "models.reason_card", {}
    if taken.recommended and taken.recommended.memory_bytes >= best.memory_bytes:
        return "models.reason_suits", {"memory": memory}
    if best.memory_bytes > memory:
        return "models.reason_small_memory", {"memory": memory}
    return "models.reason_small_disk", {"free": machine.free_disk_bytes(settings.paths.models)}


def _file(name: str, entries: list[Entry]) -> Entry:
    """The GGUF file at a path, which may be one of the models under its other name."""
    path = Path(name).expanduser()
    try:
        gguf.read(path)
    except UserError as error:
        raise UserError(error.code, path=_shown(name)) from error
    real = path.resolve()
    for entry in entries:
        if entry.path and entry.path.resolve() == real:
            return entry
    return listing.of_file(local.look(path))


def _fits_disk(model: Recommended, settings: Settings) -> bool:
    here = listing.of_recommended(model, settings)
    return bool(here.path) or model.bytes - here.fetched_bytes < machine.free_disk_bytes(settings.paths.models)


def _shown(name: str) -> str:
    """A name as a sentence can hold it: no line breaks, no halves of characters, not endless."""
    kept = "".join(letter if letter.isprintable() else "?" for letter in name)
    return kept if len(kept) <= NAME_SHOWN_CHARS else kept[:NAME_SHOWN_CHARS] + "…"
