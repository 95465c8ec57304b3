"""Where models come from, for the page and the command line: looking up, taking into use, choosing sources.

Every request of these leaves the machine because a person asked for it. On a server for others only the command line
may look, choose or take: a visitor must not make the server ask an address, read this disk or fill it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, TypeVar

from llm_core import atomic
from llm_core.catalog import (
    adopted,
    choose,
    fetch_wish,
    folder,
    found,
    listing,
    local,
    look,
    pack,
    peer,
    places,
    rank,
    repository,
    shelf,
    wish,
)
from llm_core.catalog.adopted import Adopted
from llm_core.catalog.found import Found
from llm_core.catalog.listing import Entry
from llm_core.catalog.places import Places
from llm_core.catalog.rank import Ranking
from llm_core.catalog.recommended import builtin
from llm_core.catalog.repository import Repository
from llm_core.catalog.shelf import Pick
from llm_core.catalog.wish import Wish
from llm_core.errors import UserError
from llm_core.events import Event, Events
from llm_core.paths import safe_name
from llm_core.settings import Settings

Result = TypeVar("Result")


class Supply:
    """Sources, and what they hold.

    Args:
        settings: places and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._putting = threading.Lock()
        self._looked: dict[str, Repository] = {}  # what was shown last, so that this is what is fetched

    # ---------------------------------------------------------------- sources

    def places(self) -> Places:
        """What may be asked."""
        return places.read(self._settings)

    def check_local(self) -> None:
        """For the page: what only the people at this computer may do.

        Raises:
            UserError: `only_here`, on a server for others.
        """
        if not self._settings.is_local:
            raise UserError("only_here")

    def keep_places(self, **changes: Any) -> Places:
        """Remember what the person chose; fields of `Places`.

        Raises:
            UserError: `peer_unusable`, `folder_missing`, `disk_full`.
        """
        return places.keep(self._settings, **changes)

    def ask(self, name: str = "recommended") -> Ranking:
        """Which sources answer for a model of the catalog, and how soon.

        Raises:
            UserError: `model_unknown`, `model_no_source`.
        """
        entry = choose.find(name, self._settings)
        if entry.recommended is None:
            raise UserError("model_no_source", name=entry.id)
        return _result(rank.rank([entry.recommended], self._settings))

    def at_hand(self, entry: Entry) -> bool:
        """Whether the folder that was named seems to hold a model of the catalog; no network."""
        held = self.places().asks("folder") and entry.recommended
        return bool(held) and folder.holds(Path(self.places().folder), entry.bytes)

    # ---------------------------------------------------------------- models from outside the catalog

    def search(self, words: str = "") -> list[Pick]:
        """The short catalogue; nothing is asked of anybody."""
        return shelf.search(words)

    def look(self, entered: str) -> Repository:
        """What a repository holds that can be taken; asks the Hub, its mirror or ModelScope.

        Raises:
            UserError: see `catalog.look.look`.
        """
        repository_ = _result(look.look(entered, self._settings))
        self._looked[repository_.id] = repository_
        return repository_

    def offers(self) -> list[Repository]:
        """What the folder that was named holds, and the workbench that was named: by their own cards.

        Raises:
            UserError: `peer_silent`, `peer_login`.
        """
        asked, offered = self.places(), []
        if asked.asks("folder"):
            offered += _of_cards("folder", pack.cards(Path(asked.folder)), self._settings)
        if asked.asks("peer") and not self._settings.offline:
            offered += _of_cards("peer", _result(peer.cards(asked.peer, self._settings, asked.login)), self._settings)
        listed = {model.sha256 for model in builtin().entries.values()}
        offered = [one for one in offered if one.variants[0].files[0].sha256 not in listed]
        self._looked |= {one.id: one for one in offered}
        return offered

    def wanted(self, name: str) -> Entry | None:
        """The entry of a model from outside the catalog that was looked up or begun: OWNER/NAME, with :VARIANT."""
        wished = self._wish(name)
        return listing.of_wish(wished, self._settings) if wished else None

    def fetch(self, name: str) -> Events:
        """Fetch it; what was not looked up before is looked up first.

        Raises:
            UserError: see `catalog.look.look` and `catalog.fetch_wish.fetch`.
        """
        wished = self._wish(name)
        if wished is None:
            base, _, variant = _parted(name)
            found_ = yield from look.look(base, self._settings)
            wished = Wish.of(found_, found_.variant(variant))
        yield from fetch_wish.fetch(wished, self._settings)

    def is_outside(self, name: str) -> bool:
        """Whether `name` can only mean a model from outside the catalog, and is no file of this disk."""
        base, _, _ = _parted(name)
        return self._wish(name) is not None or (bool(base) and not Path(name).expanduser().exists())

    def _wish(self, name: str) -> Wish | None:
        base, marked, variant = _parted(name)
        for begun in wish.unfinished(self._settings):
            if begun.id in (name, base) and (not marked or variant.lower() == begun.variant.lower()):
                return begun
        known = self._looked.get(name) or self._looked.get(base)
        return Wish.of(known, known.variant(variant)) if known else None

    # ---------------------------------------------------------------- files of this disk

    def found(self) -> list[Found]:
        """Models of LM Studio, Ollama and the Hub's cache on this disk; what is in use already is left out."""
        used = {model.path for model in adopted.models(self._settings)}
        return [model for model in found.models(self._settings) if model.path not in used]

    def adopt(self, name: str) -> Adopted:
        """Take one of `found` into use where it is.

        Raises:
            UserError: `found_unknown`, or what is wrong with it.
        """
        for model in self.found():
            if model.id == name:
                return adopted.add(model, self._settings)
        raise UserError("found_unknown", name=name[:80])

    def put_in(self, path: Path, name: str) -> Path:
        """Move a GGUF file that came through the page into the models folder, after a look at it.

        Raises:
            UserError: `weights_closed`, `name_unusable`, `model_exists`, `weights_big`, or what is wrong (gguf_*).
        """
        if not self._settings.weights_upload:
            raise UserError("weights_closed")
        if path.stat().st_size > self._settings.weights_bytes_max:
            raise UserError("weights_big", name=name[:80], limit=self._settings.weights_bytes_max)
        target = self._settings.paths.models / safe_name(Path(name).name)
        if target.suffix.lower() != local.SUFFIX:
            raise UserError("gguf_not_one", path=target.name)
        with self._putting:  # else two of one name would both find it free
            if target.exists():
                raise UserError("model_exists", path=target.name)
            if problem := local.look(path).problem:
                raise UserError(problem.code, **{**problem.facts, "path": target.name})
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as source, atomic.writing(target) as copy:
                while chunk := source.read(atomic.CHUNK_BYTES):
                    copy.write(chunk)
        return target


def _parted(name: str) -> tuple[str, str, str]:
    """Repository, ":" and variant; the first is "" where the name can be no repository's."""
    if "://" in name:
        return repository.repository_id(name), "", ""
    base, mark, variant = name.partition(":")
    return repository.repository_id(base), mark, variant


def _of_cards(kind: str, cards: Iterable[dict[str, Any]], settings: Settings) -> list[Repository]:
    offered = []
    for card in cards:
        try:
            if not card.get("comes_along"):
                offered.append(look.of_card(card, kind, settings))
        except UserError:  # a card that offers nothing that can be taken
            continue
    return offered


def _result(events: Generator[Event, None, Result]) -> Result:
    """Drive a generator to its end where nobody watches its events."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            result: Result = end.value
            return result
