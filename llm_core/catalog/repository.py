"""What a repository of the Hub or ModelScope, or another workbench holds: its files as they are declared there.

Nothing in a listing is believed that could harm: names that leave their folder are left out, sizes and hashes are
compared with what comes, and of all files only safetensors, GGUF and the small ones beside them count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from llm_core.catalog import transformers_folder
from llm_core.errors import UserError
from llm_core.paths import safe_name

FILES_MAX = 5000
FILE_BYTES_MAX = 1 << 40
GGUF = ".gguf"
# Of many quantizations of one model the first of these is proposed: the smallest that loses little.
PREFERRED = ("q4_k_m", "q4_k_s", "q4_0", "q4_1", "iq4_xs", "q5_k_m", "q5_0", "q8_0", "q6_k", "f16", "bf16")
OVERHEAD_BYTES = 500_000_000  # libraries and a conversation, beside the weights
COMPUTED_BYTES = 4  # of one parameter, where Transformers computes on a processor
_ID = re.compile(r"[A-Za-z0-9][\w.\-]{0,95}/[A-Za-z0-9][\w.\-]{0,95}", re.ASCII)
_SHA256 = re.compile("[0-9a-f]{64}")
_SHA1 = re.compile("[0-9a-f]{40}")
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file as its repository declares it. One of the two hashes is known."""

    path: str  # in the repository
    name: str  # its last part, safe on every system
    bytes: int
    sha256: str = ""
    git_sha1: str = ""  # of small files the Hub declares git's own hash


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to take the model: one GGUF file, or the safetensors with what belongs to them."""

    name: str  # of the GGUF file without its end; "safetensors" for a folder
    format: Literal["gguf", "transformers"]
    files: tuple[RemoteFile, ...]
    parameters: int = 0

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(file.bytes for file in self.files)

    @property
    def memory_bytes(self) -> int:
        """About what the open model takes."""
        weights = sum(file.bytes for file in self.files if file.name.endswith((GGUF, ".safetensors")))
        if self.format == "transformers":
            weights = max(weights, self.parameters * COMPUTED_BYTES) if self.parameters else 2 * weights
        return weights + OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository and the ways to take its model, the proposed one first."""

    id: str
    revision: str
    source: str  # kind of the source that told of it
    licence: str
    variants: tuple[Variant, ...]
    family: str = ""
    tasks: tuple[str, ...] = ()

    def variant(self, name: str) -> Variant:
        """The variant of that name, the proposed one for "".

        Raises:
            UserError: `hub_variant_unknown`.
        """
        for variant in self.variants:
            if name.lower() in ("", variant.name.lower()):
                return variant
        fitting = [variant for variant in self.variants if name.lower() in variant.name.lower()]
        if len(fitting) == 1:
            return fitting[0]
        raise UserError("hub_variant_unknown", name=name[:80], known=", ".join(v.name for v in self.variants[:20]))


def repository_id(entered: str) -> str:
    """OWNER/NAME out of what a person enters: that, or the address of its page. "" where it can be neither."""
    text = entered.strip()
    if "://" in text:
        text = "/".join(urlsplit(text).path.removeprefix("/models/").strip("/").split("/")[:2])
    return text if _ID.fullmatch(text) and ".." not in text else ""


def of_hub(told: Mapping[str, Any]) -> Iterator[RemoteFile]:
    """The files of the Hub's answer to /api/models/ID?blobs=true."""
    for row in _rows(told.get("siblings")):
        lfs = row.get("lfs")
        sha256 = lfs.get("sha256") if isinstance(lfs, dict) else None
        size = lfs.get("size") if isinstance(lfs, dict) else row.get("size")
        yield from _file(row.get("rfilename"), size, sha256, row.get("blobId") if sha256 is None else None)


def of_modelscope(told: Mapping[str, Any]) -> Iterator[RemoteFile]:
    """The files of ModelScope's answer to /api/v1/models/ID/repo/files."""
    data = told.get("Data")
    for row in _rows(data.get("Files") if isinstance(data, dict) else None):
        if row.get("Type") != "tree":
            yield from _file(row.get("Path"), row.get("Size"), row.get("Sha256"), None)


def of_card(card: Mapping[str, Any]) -> Iterator[RemoteFile]:
    """The files of a card of another workbench."""
    for row in _rows(card.get("files")):
        yield from _file(row.get("name"), row.get("bytes"), row.get("sha256"), None)


def gguf_variants(files: Iterable[RemoteFile]) -> list[Variant]:
    """Each GGUF file that is a whole model, the proposed one first."""
    wanted = [
        file
        for file in files
        if file.name.lower().endswith(GGUF) and file.sha256 and not _SPLIT.search(file.name)
        and "mmproj" not in file.name.lower()
    ]  # fmt: skip
    variants = [Variant(file.name[: -len(GGUF)], "gguf", (file,)) for file in wanted]
    return sorted(variants, key=lambda variant: (_preference(variant.name), variant.bytes))


def folder_variant(files: Sequence[RemoteFile], parameters: int) -> Variant | None:
    """The safetensors at the top of the repository with what belongs to them; None where there are none."""
    top = {file.name: file for file in files if file.path == file.name}
    names = transformers_folder.wanted_names(top)
    if transformers_folder.CONFIG not in names or not any(name.endswith(".safetensors") for name in names):
        return None
    kept = tuple(top[name] for name in names)
    if not all(file.sha256 for file in kept if file.name.endswith(".safetensors")):
        return None
    return Variant("safetensors", "transformers", kept, parameters)


def refusal(name: str, files: Sequence[RemoteFile]) -> UserError:
    """Why nothing of a repository can be taken."""
    ends = sorted({PurePosixPath(file.name).suffix for file in files} - {"", ".md", ".gitattributes"})
    if any(end in transformers_folder.PICKLES for end in ends):
        return UserError("hub_only_pickle", name=name)
    return UserError("hub_no_weights", name=name, there=" ".join(ends[:20]) or "-")


def _preference(name: str) -> int:
    return next((place for place, mark in enumerate(PREFERRED) if mark in name.lower()), len(PREFERRED))


def _rows(told: object) -> list[dict[str, Any]]:
    return [row for row in told[:FILES_MAX] if isinstance(row, dict)] if isinstance(told, list) else []


def _file(path: object, size: object, sha256: object, git_sha1: object) -> Iterator[RemoteFile]:
    """The file, where its name stays in its folder, and size and a hash are declared."""
    if not isinstance(path, str) or not isinstance(size, int) or not 0 < size < FILE_BYTES_MAX:
        return
    parts = path.split("/")
    if "\\" in path or any(part in ("", ".", "..") for part in parts) or not path.isprintable():
        return
    known = sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else ""
    git = git_sha1 if isinstance(git_sha1, str) and _SHA1.fullmatch(git_sha1) else ""
    try:
        name = safe_name(parts[-1])
    except UserError:
        return
    if known or git:
        yield RemoteFile(path, name, size, known, git)
