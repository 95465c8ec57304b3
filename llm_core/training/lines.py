"""Files of plain text as lines and as documents, in whatever encodings, with a bounded amount in memory.

Each line is read as UTF-8 where it is UTF-8, else in the encoding that the file as a whole seems to have: so a file
that was put together from several sources comes out whole. A line longer than `piece_bytes` comes in pieces.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from llm_core.errors import UserError
from llm_core.text.encoding import SAMPLE_BYTES, NotText, decode

DOCUMENT_CHARS, DOCUMENT_CHARS_MIN = 2000, 200
DOCUMENTS_WANTED = 60
"""A short text is cut finer, so that there is something to hold out."""
_STOPS = (("。", "！", "？", ". ", "! ", "? "), (" ", "，", "、"))


@dataclass(frozen=True)
class Limits:
    """What may be in memory, and how much may be read."""

    piece_bytes: int = 1 << 20
    """A line of text longer than this is read in pieces."""
    record_bytes: int = 1 << 24
    """A JSON line or a row of csv longer than this is refused."""
    text_bytes: int = 1 << 36
    """Of one file, unpacked."""


def read_lines(file: IO[bytes], name: str, limits: Limits) -> Iterator[str]:
    r"""The lines of a file, each ending with `\n` where it does there; longer ones in pieces.

    Args:
        file: open at its beginning.
        name: as a person knows it.
        limits: bytes in a piece, and in all.

    Raises:
        UserError: `text_not_text`, `corpus_big`.
    """
    head = file.read(SAMPLE_BYTES)
    encoding = _encoding(head, name)
    if encoding.startswith(("utf-16", "utf-32")):
        yield from _wide_lines(head, file, encoding, name, limits)
        return
    rest, taken = head.removeprefix(codecs.BOM_UTF8), 0
    long: codecs.IncrementalDecoder | None = None
    while chunk := _line(rest, file, limits.piece_bytes):
        rest = rest[len(chunk) :]
        taken += len(chunk)
        if taken > limits.text_bytes:
            raise UserError("corpus_big", name=name, limit=limits.text_bytes)
        whole = chunk.endswith(b"\n")
        if long is None and (whole or len(chunk) < limits.piece_bytes):
            yield _decoded(chunk, encoding)
            continue
        long = long or codecs.getincrementaldecoder(encoding)("replace")
        yield long.decode(chunk, final=whole)
        long = None if whole else long


def documents(lines: Iterable[str], characters: int = DOCUMENT_CHARS) -> Iterator[str]:
    """Running text as documents of about `characters`, cut where paragraphs, lines or sentences end."""
    gathered: list[str] = []
    size = 0
    for piece in lines:
        for line in _shorter(piece, characters):
            gathered.append(line)
            size += len(line)
            if size >= 2 * characters or (size >= characters and not line.strip()):
                yield "".join(gathered)
                gathered, size = [], 0
    if size:
        yield "".join(gathered)


def document_characters(characters: int) -> int:
    """How long the documents of a text of so many characters should be."""
    return max(DOCUMENT_CHARS_MIN, min(DOCUMENT_CHARS, characters // DOCUMENTS_WANTED))


def _line(rest: bytes, file: IO[bytes], most: int) -> bytes:
    """The next line or the next `most` bytes of it: of `rest`, which was read already, and then of `file`."""
    end = rest.find(b"\n", 0, most) + 1
    if end or len(rest) >= most:
        return rest[: end or most]
    return rest + file.readline(most - len(rest))


def _wide_lines(head: bytes, file: IO[bytes], encoding: str, name: str, limits: Limits) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest, taken, chunk = "", 0, head
    while chunk:
        taken += len(chunk)
        if taken > limits.text_bytes:
            raise UserError("corpus_big", name=name, limit=limits.text_bytes)
        *lines, rest = (rest + decoder.decode(chunk)).splitlines(keepends=True) or [""]
        yield from lines
        if rest.endswith("\n") or len(rest) > limits.piece_bytes:
            yield rest
            rest = ""
        chunk = file.read(SAMPLE_BYTES)
    if rest := rest + decoder.decode(b"", final=True):
        yield rest


def _encoding(head: bytes, name: str) -> str:
    """That of the file as a whole, by its beginning, of which the last line may be cut."""
    sample = head
    if len(head) == SAMPLE_BYTES and (end := head.rfind(b"\n")) > SAMPLE_BYTES // 2:
        sample = head[: end + 1]
    for part in (sample, b"\n".join(line for line in sample.split(b"\n") if not _is_utf8(line))):
        try:
            return decode(part).encoding.removesuffix("-sig")
        except NotText:
            continue  # two encodings at once fit none: then that of the lines that are not UTF-8
    raise UserError("text_not_text", name=name)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(line: bytes, encoding: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        if encoding != "utf-8":
            return line.decode(encoding, "replace")
    try:
        return decode(line).text
    except NotText:
        return line.decode("utf-8", "replace")


def _shorter(line: str, characters: int) -> Iterator[str]:
    """A line in parts of at most twice as many characters, cut behind sentences or words where there are any."""
    start = 0
    while len(line) - start > 2 * characters:
        least, most = start + characters, start + 2 * characters
        ends = (max(line.rfind(stop, least, most) + len(stop) for stop in stops) for stops in _STOPS)
        end = next((end for end in ends if end > least), most)
        yield line[start:end]
        start = end
    yield line[start:]
