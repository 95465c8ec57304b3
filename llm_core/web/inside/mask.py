"""Numbers as a picture of one colour: a PNG whose opacity they are, painted by CSS in the colour of the theme."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

GREY_ALPHA = 4  # PNG's colour type


def mask(opacity: NDArray[Any]) -> str:
    """A data URI. `opacity`: rows, columns; 0 to 1, what lies beyond is cut off."""
    alpha = (np.clip(opacity, 0, 1) * 255).round().astype(np.uint8)
    height, width = alpha.shape
    pixels = np.zeros((height, width, 2), dtype=np.uint8)
    pixels[..., 1] = alpha
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, GREY_ALPHA, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
