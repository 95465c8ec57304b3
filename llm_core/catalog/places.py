"""Where model files may come from: what the settings say, and what the person at this computer chose and entered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from llm_core import atomic
from llm_core.catalog.folder import Folder
from llm_core.catalog.hub import Hub, Mirror
from llm_core.catalog.peer import Peer, address
from llm_core.catalog.source import Login, Source, Wanted
from llm_core.errors import UserError
from llm_core.settings import Settings

KINDS = ("folder", "peer", "hub", "mirror", "modelscope", "index")  # as they are shown; labels: models.source_*
BY_HASH = ("folder", "peer")  # hold what they hold: no list says what
PACK_MARK = "workbench-pack.json"  # a folder that `models pack` wrote
BESIDE = Path(__file__).parents[3]  # where the repository stands: on a stick, beside the models


@dataclass(frozen=True, slots=True)
class Places:
    """What may be asked. All that may are asked together; the first that answers sends, the next goes on."""

    off: tuple[str, ...] = ()  # kinds that are not asked
    peer: str = ""
    peer_name: str = ""  # where it asks who one is
    peer_password: str = field(default="", repr=False)
    mirror: str = ""
    folder: str = ""

    def asks(self, kind: str) -> bool:
        """Whether sources of this kind are asked."""
        named = {"peer": self.peer, "mirror": self.mirror, "folder": self.folder}
        return kind not in self.off and bool(named.get(kind, True))

    @property
    def login(self) -> Login | None:
        """For the workbench `peer`."""
        return (self.peer_name, self.peer_password) if self.peer_name else None


def read(settings: Settings) -> Places:
    """The settings where they say something, else what was chosen, else everything.

    Raises:
        UserError: `peer_unusable`, for an address in the settings.
    """
    chosen = _chosen(settings)
    if only := settings.sources.replace(",", " ").split():
        chosen = replace(chosen, off=tuple(kind for kind in KINDS if kind not in only))
    folder = str(settings.models_from or "") or chosen.folder
    if not folder and (BESIDE / PACK_MARK).is_file():
        folder = str(BESIDE)
    if settings.peer:
        chosen = _at(chosen, address(settings.peer))
    if settings.peer and settings.peer_login:
        name, _, password = settings.peer_login.get_secret_value().partition(":")
        chosen = replace(chosen, peer_name=name, peer_password=password)
    return replace(chosen, mirror=settings.hub_mirror.rstrip("/") or chosen.mirror, folder=folder)


def keep(settings: Settings, **changes: Any) -> Places:
    """Remember what the person chose; fields of `Places`. Without a password, that of the same name stays.

    Raises:
        UserError: `peer_unusable`, `folder_missing`, `disk_full`.
    """
    if changes.get("peer"):
        changes["peer"] = address(changes["peer"])
    if changes.get("mirror"):
        changes["mirror"] = _web_address(changes["mirror"])
    if (folder := changes.get("folder")) and not Path(folder).expanduser().is_dir():
        raise UserError("folder_missing", path=folder[:200])
    if folder:
        changes["folder"] = str(Path(folder).expanduser().resolve())
    before = _chosen(settings)
    chosen = replace(_at(before, changes.get("peer", before.peer)), **changes)
    if not chosen.peer_password and (chosen.peer, chosen.peer_name) == (before.peer, before.peer_name):
        chosen = replace(chosen, peer_password=before.peer_password)
    with atomic.writing(settings.paths.sources, "w") as file:
        json.dump(asdict(chosen), file, ensure_ascii=False)
    return read(settings)


def sources(wanted: Wanted, settings: Settings) -> tuple[Source, ...]:
    """Every source of the file that may be asked: its own, and those that hold whatever they hold.

    Offline only the folder is left, which is no network.
    """
    places = read(settings)
    named: list[Source] = [Folder(Path(places.folder))] if places.asks("folder") else []
    if places.asks("peer") and wanted.sha256:
        named.append(Peer(places.peer, wanted.sha256, places.login))
    for source in wanted.sources:
        named.append(source)
        if source.kind == "hub" and places.mirror:
            assert isinstance(source, Hub)
            named.append(Mirror(source.repo, source.revision, source.file, places.mirror))
    return tuple(
        source
        for source in named
        if source.kind not in places.off and (not settings.offline or source.kind == Folder.kind)
    )


def _web_address(entered: str) -> str:
    """An address that may have a path, as mirrors have."""
    text = entered.strip().rstrip("/")
    head, _, _ = text.partition("://")[2].partition("/")
    if not text.startswith(("http://", "https://")) or not head or any(mark in text for mark in "?#@ \\"):
        raise UserError("peer_unusable", address=entered[:80])
    address(f"http://{head}")
    return text


def _at(chosen: Places, peer: str) -> Places:
    """With another workbench, which is never told the password of this one."""
    return chosen if peer == chosen.peer else replace(chosen, peer=peer, peer_name="", peer_password="")


def _chosen(settings: Settings) -> Places:
    try:
        told = json.loads(settings.paths.sources.read_text("utf-8"))
        off = tuple(kind for kind in told["off"] if kind in KINDS)
        names = ("peer", "peer_name", "peer_password", "mirror", "folder")
        return Places(off, **{name: str(told.get(name, "")) for name in names})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # nothing chosen yet, or somebody edited it
        return Places()
