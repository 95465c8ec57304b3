"""Which line breaks end a sentence and which only end a line: paragraphs, list items, headings, verses.

A text that was wrapped by a program ("hard-wrapped" mail, plain-text books, PDF) has breaks in the middle of
sentences. They are known by this: the next word would not have fitted on the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from llm_core.text.spans import Span

BREAK: Final = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
WIDE: Final = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]"
)
STOPPED: Final = re.compile(r"[。！？｡.!?…:：;；|][”’」』）》】〉\"')\]}*_]{0,9}$")
# A line that begins something new whatever came before: bullet, number, heading, quotation, table row, rule.
ITEM: Final = re.compile(
    r"[-*+•·‣▪●○◦■□◆–—]\s|#{1,6}\s|[>|]|[-*_=~]{3}|```"
    r"|[(（\[]?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)）\]、．]\s|[(（]?(?:\d{1,3}|[一二三四五六七八九十百]{1,4})[、)）]"
    r"|[①-⑳㈠-㈩❶-❿]|第[一二三四五六七八九十百零\d]{1,5}[章节条回部篇]"
)
WRAP_COLUMNS_MIN: Final = 40  # shorter lines are verses, addresses, headings: their breaks are meant
WORD_COLUMNS_MAX: Final = 30


def paragraphs(text: str) -> list[Span]:
    """The stretches that no sentence crosses, in order, without the white space around them.

    Every character that is not white space lies in exactly one of them.
    """
    found: list[Span] = []
    for block in _blocks(text):
        found.extend(_joined(text, block))
    return found


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for match in BREAK.finditer(text):
        yield Span(start, match.start())
        start = match.end()
    yield Span(start, len(text))


def _blocks(text: str) -> Iterator[list[Span]]:
    """Runs of lines without an empty line between them, each line without the white space around it."""
    block: list[Span] = []
    for line in _lines(text):
        content = line.of(text)
        stripped = content.strip()
        if stripped:
            start = line.start + len(content) - len(content.lstrip())
            block.append(Span(start, start + len(stripped)))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _joined(text: str, block: Sequence[Span]) -> Iterator[Span]:
    """The lines of a block, those of one wrapped paragraph put together."""
    contents = [line.of(text) for line in block]
    widths = [len(content) + len(WIDE.findall(content)) for content in contents]
    wrapped = _wrapped(contents, widths)
    start = block[0].start
    for before, line, content, soft in zip(block, block[1:], contents[1:], wrapped, strict=False):
        if not soft or ITEM.match(content):
            yield Span(start, before.end)
            start = line.start
    yield Span(start, block[-1].end)


def _wrapped(contents: Sequence[str], widths: Sequence[int]) -> list[bool]:
    """For each break of a block: whether it may stand inside a sentence."""
    if len(contents) < 2:
        return []
    limit = max(widths)
    open_ended = [not STOPPED.search(content[-10:]) for content in contents[:-1]]
    full = [
        width + _first_word_columns(following) > limit and width >= WRAP_COLUMNS_MIN
        for width, following in zip(widths, contents[1:], strict=False)
    ]
    goes_on = [content[0].islower() for content in contents[1:]]
    # One full line proves nothing: the longest line of any list is full. All of them do, or a sentence that goes on.
    evidence = [f for f, o in zip(full, open_ended, strict=True) if o]
    proven = len(evidence) > 1 and sum(evidence) >= 0.8 * len(evidence)
    lone = len(evidence) == 1 and bool(WIDE.match(contents[0][-1]))
    return [(f and (proven or (o and lone))) or (o and g) for f, o, g in zip(full, open_ended, goes_on, strict=True)]


def _first_word_columns(line: str) -> int:
    """Columns that the line's first word takes after the line before: a Han character may stand alone."""
    if WIDE.match(line):
        return 4  # itself, and a mark that may not begin a line
    return min(len(line[:WORD_COLUMNS_MAX].split(None, 1)[0]), WORD_COLUMNS_MAX) + 1
