"""Weights in safetensors files as numpy arrays, one tensor in memory at a time. Without torch, bfloat16 too.

Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.errors import UserError

HEADER_BYTES_MAX = 100_000_000
_DTYPES: dict[str, type[np.generic]] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a tensor stands in its file."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def values(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape))

    def read(self) -> NDArray[np.float32]:
        """The tensor itself.

        Raises:
            UserError: `weights_broken`, the file is shorter than its header says, or of a kind not known here.
        """
        if self.dtype not in _DTYPES:
            raise UserError("weights_broken", path=str(self.path))
        try:
            raw = np.fromfile(self.path, _DTYPES[self.dtype], self.values, offset=self.offset)
            raw = raw.reshape(self.shape)
        except (OSError, ValueError) as error:
            raise UserError("weights_broken", path=str(self.path)) from error
        if self.dtype == "BF16":  # the upper half of a float32
            return (raw.astype(np.uint32) << 16).view(np.float32)
        return raw.astype(np.float32)


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
    return found
