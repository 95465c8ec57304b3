"""Models taken elsewhere, for the page and the command line: zip, folder, GGUF, the Hub, vLLM's command.

What a visitor may take is what the visitor may see: own runs, and the models of this server.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from llm_core.catalog import bundled, choose, export
from llm_core.errors import UserError
from llm_core.events import Done, Events
from llm_core.paths import safe_name
from llm_core.settings import Settings

if TYPE_CHECKING:
    from llm_core.models.card import ModelCard

Result = TypeVar("Result")
Format = Literal["zip", "gguf", "folder"]
MODELFILE = "Modelfile"


@dataclass(frozen=True)
class Offer:
    """What a model is and how it can be taken; an error says why a way is closed."""

    card: ModelCard
    gguf: UserError | None
    vllm: str | UserError  # the command


class Exports:
    """What can be taken elsewhere. `owner` is the visitor's token, "" at the command line.

    Args:
        settings: places and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def zip(self, owner: str, name: str) -> Iterator[bytes]:
        """A zip of the model, made while it is sent: for a download.

        Raises:
            UserError: `model_unknown`, `model_missing`, `export_one_file`.
        """
        called, folder = self._folder(owner, name)
        return export.zipped(folder, called)

    def offer(self, owner: str, name: str) -> Offer:
        """The ways that are open for this model.

        Raises:
            UserError: `model_unknown`, `model_missing`, `export_one_file`.
        """
        from llm_core.models.card import ModelCard

        _, folder = self._folder(owner, name)
        return Offer(
            ModelCard.read(folder),
            _tried(lambda: export.check_gguf(folder)),
            _tried(lambda: self.vllm(owner, name)),
        )

    def gguf_zip(self, owner: str, name: str) -> Iterator[bytes]:
        """A zip of the GGUF file and its Modelfile; they are written first, and gone when the zip is.

        Raises:
            UserError: as `write`.
        """
        called, _ = self._folder(owner, name)
        self._settings.home.mkdir(parents=True, exist_ok=True)
        aside = tempfile.TemporaryDirectory(prefix="gguf-", dir=self._settings.home)
        for _ in self.gguf(owner, name, Path(aside.name)):
            pass
        return _from(aside, called)

    def write(self, owner: str, name: str, form: Format, out: Path) -> Events:
        """Write the model to `out`: a file for zip, and a folder for the others.

        Args:
            owner: who asks.
            name: of the model.
            form: "gguf" writes NAME.gguf and a Modelfile, "folder" what transformers loads.
            out: never from a visitor.

        Yields:
            Progress("exporting") in bytes; `Done` holds the path that was written.

        Raises:
            UserError: `model_unknown`, `model_missing`, `export_one_file`, `export_exists`, `disk_full`; for gguf
                `export_family`, `export_tokenizer`.
        """
        from llm_core import atomic

        called, folder = self._folder(owner, name)
        if form == "gguf":
            yield from self.gguf(owner, name, out)
            return
        if form == "folder":
            yield Done(export.copied(folder, out))
            return
        with atomic.writing(out) as file:
            for piece in export.zipped(folder, called):
                file.write(piece)
        yield Done(out)

    def gguf(self, owner: str, name: str, out: Path) -> Events:
        """Write NAME.gguf and Ollama's Modelfile into the folder `out`; see `write`."""
        from llm_core.models.gguf_write import write_gguf

        called, folder = self._folder(owner, name)
        file = out / f"{safe_name(called)}.gguf"
        for event in write_gguf(folder, file, name=called, continues=export.continues(folder)):
            if not isinstance(event, Done):
                yield event
        (out / MODELFILE).write_text(export.modelfile(folder, file), "utf-8")
        yield Done(file)

    def vllm(self, owner: str, name: str) -> str:
        """The command that serves the model with vLLM; visitors are shown the folder that they download.

        Raises:
            UserError: `export_not_vllm`, `model_unknown`, `model_missing`, `export_one_file`.
        """
        called, folder = self._folder(owner, name)
        return export.vllm_command(folder, called, str(folder) if self._settings.is_local else f"./{called}")

    def push(self, owner: str, name: str, repo: str, token: str, *, private: bool = True) -> str:
        """Send the model to the Hub; says where it stands. The token is used once and kept nowhere.

        Raises:
            UserError: `offline`, `hub_refused`, `model_unknown`, `model_missing`, `export_one_file`.
        """
        if self._settings.offline:
            raise UserError("offline")
        _, folder = self._folder(owner, name)
        return export.push(folder, repo, token, self._settings.hub_endpoint, private=private)

    def pack(self, folder: Path, names: Sequence[str] = (), *, wheels: bool = True) -> Events:
        """Models, Python packages and the workbench in one folder, to start from offline; see `catalog.pack`.

        Raises:
            UserError: `model_missing`, `pack_no_room`, `copy_spoilt`, `disk_full`.
        """
        from llm_core.catalog import pack

        return pack.pack(folder, self._settings, names, wheels=wheels)

    def _folder(self, owner: str, name: str) -> tuple[str, Path]:
        """The model's id, and the folder that transformers loads."""
        if any(mark in name for mark in "/\\:"):
            raise UserError("model_unknown", name=name[:80], nearest="")
        if (bundled_folder := bundled.folder(name)) is not None:
            from llm_core.models.shared import whole

            return name, whole(bundled_folder, self._settings.paths.conversions)
        entry = choose.find(name, self._settings, owner=owner)
        if entry.path is None:
            raise UserError("model_missing", name=entry.id)
        if entry.format != "transformers":
            raise UserError("export_one_file", path=str(entry.path) if self._settings.is_local else entry.path.name)
        return entry.id, entry.path


def _from(aside: tempfile.TemporaryDirectory[str], name: str) -> Iterator[bytes]:
    with aside:
        yield from export.zipped(Path(aside.name), name)


def _tried(way: Callable[[], Result]) -> Result | UserError:
    try:
        return way()
    except UserError as error:
        return error
