"""Weights in safetensors files as numpy arrays, one tensor in memory at a time. Without torch, bfloat16 too.

A matrix may be kept in eight bits: `NAME` of kind I8 with `NAME.scales`, one float32 a row.
Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.atomic import writing
from llm_core.errors import UserError

HEADER_BYTES_MAX = 100_000_000
SCALES = ".scales"
_DTYPES: dict[str, type[np.generic]] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "I8": np.int8}


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a tensor stands in its file."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int
    scales: Stored | None = None  # one a row, where the numbers are whole ones

    @property
    def values(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape))

    def read(self) -> NDArray[np.float32]:
        """The tensor itself.

        Raises:
            UserError: `weights_broken`, the file is shorter than its header says, or of a kind not known here.
        """
        raw = self.raw()
        if self.dtype == "BF16":  # the upper half of a float32
            return (raw.astype(np.uint32) << 16).view(np.float32)
        numbers = raw.astype(np.float32)
        return numbers * self.scales.read()[:, None] if self.scales else numbers

    def raw(self) -> NDArray[Any]:
        """The numbers as they are kept; those of bfloat16 as whole ones of the same bits.

        Raises:
            UserError: as `read`.
        """
        if self.dtype not in _DTYPES:
            raise UserError("weights_broken", path=str(self.path))
        try:
            raw = np.fromfile(self.path, _DTYPES[self.dtype], self.values, offset=self.offset)
            return raw.reshape(self.shape)
        except (OSError, ValueError) as error:
            raise UserError("weights_broken", path=str(self.path)) from error


def stored(folder: Path) -> dict[str, Stored]:
    """All tensors of a model's folder by name.

    Raises:
        UserError: `weights_broken`.
    """
    found: dict[str, Stored] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                if length > HEADER_BYTES_MAX:
                    raise ValueError(length)
                header: dict[str, Any] = json.loads(file.read(length))
            for name, entry in header.items():
                if name != "__metadata__":
                    begin = 8 + length + int(entry["data_offsets"][0])
                    found[name] = Stored(path, str(entry["dtype"]), tuple(map(int, entry["shape"])), begin)
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            raise UserError("weights_broken", path=str(path)) from error
    return {
        name: replace(tensor, scales=found.get(name + SCALES)) if tensor.dtype == "I8" else tensor
        for name, tensor in found.items()
        if not name.endswith(SCALES)
    }


def bfloat16(numbers: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The nearest bfloat16 of each, ties to even, as whole numbers of the same bits."""
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def eight_bits(numbers: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix as whole numbers from -127 to 127 and a scale for each row: what CTranslate2 makes of it anyway."""
    largest = np.abs(numbers).max(axis=1)
    largest[largest == 0] = 127
    scaled = numbers * (np.float32(127) / largest)[:, None]
    return np.rint(scaled).astype(np.int8), (largest / 127).astype(np.float32)


def write(path: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write a safetensors file; arrays of uint16 are taken for bfloat16."""
    kinds = {np.dtype(np.uint16): "BF16", np.dtype(np.float32): "F32", np.dtype(np.int8): "I8",
             np.dtype(np.float16): "F16"}  # fmt: skip
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}  # without it transformers refuses the file
    end = 0
    for name, array in tensors.items():
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": kinds[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)
    with writing(path) as file:
        file.write(struct.pack("<Q", len(written)) + written)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())
