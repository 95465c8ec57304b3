"""Sentences of a Chinese, English or mixed text, as spans. Rules only: no model, the same in every run.

Invariant: every character that is not white space lies in exactly one sentence; nothing is changed. A doubtful
stop joins rather than splits, since half a sentence cannot be translated or quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llm_core.text.paragraphs import paragraphs
from llm_core.text.spans import Span

__all__ = ["Span", "split"]

STOP: Final = re.compile(r"[。！？｡!?.．…‼⁇⁈⁉]+")
FULL: Final = frozenset("。！？｡‼⁇⁈⁉")
OPENERS: Final = "“‘「『（(《【"
# Closing marks and numbers of notes, "[3]", that stand after a stop and belong to its sentence.
CLOSERS: Final = re.compile(r"(?:[”’」』）》】〉〕)\]}»*_。！？!?…]|\[\d{1,3}(?:[,–-] ?\d{1,3}){0,9}\])*")
SPACE: Final = re.compile(r"\s*")
HAN: Final = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
LAST_WORD: Final = re.compile(r"[A-Za-z.]+$")
NEXT_WORD: Final = re.compile(r"[A-Za-z]+")
NUMBERING: Final = re.compile(r"[\W_]*(?:\d{1,3}|[A-Za-z])(?:\.\d{1,3})*$")
# 他说 after a closing quotation mark: the sentence goes on.
SAID: Final = re.compile("[^，。！？、；：“”「」]{0,6}?(?:说|道|问|答|喊|叫|嚷)[着了]?(?:[，。：]|$)")
WORD_CHARS: Final = 24  # how far back the word before a stop is looked for


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Before a name or a number: the stop after it never ends a sentence.
LEADING: Final = _words(
    "mr mrs ms mx dr prof st gen col sgt capt lt maj rev hon pres gov sen rep messrs mme mlle "
    "fig figs eq eqs sec secs ch chap vol vols pp ed eds trans cf vs viz approx ca resp est e.g i.e eg ie al "
    "incl excl esp"
)
# Before a number only.
NUMBERED: Final = _words("no nos p art para ver jan feb mar apr jun jul aug sep sept oct nov dec tab ref refs")
# May end a sentence: it does where the next word usually begins one.
TRAILING: Final = _words("etc inc ltd co corp jr sr bros dept univ assn a.m p.m u.s u.k u.n e.u b.c a.d ph.d m.d d.c")
OPENING_WORDS: Final = _words(
    "the a an this that these those it he she they we you i in on at for from with by as if when while after before "
    "since although though because but and so yet however then there here what who where why how which our his her "
    "their its my your one some many most all both each no not to"
)


def split(text: str) -> list[Span]:
    """The sentences of `text` in order, each without the white space around it.

    Quotation marks and brackets after a stop belong to its sentence; headings, list items and verses are sentences
    of their own though they have no stop. Time grows linearly with the text, whatever it holds.
    """
    found: list[Span] = []
    for paragraph in paragraphs(text):
        found.extend(_sentences(text, paragraph))
    return found


def _sentences(text: str, paragraph: Span) -> Iterator[Span]:
    content = paragraph.of(text)
    small = content == content.lower()  # written all in small letters: then a small letter may begin a sentence
    start = counted = quotes = 0
    for stop in STOP.finditer(content):
        if stop.end() <= start:
            continue  # taken as a closing mark of the sentence before
        quotes += content.count('"', counted, stop.end())
        counted = stop.end()
        end = _closed(content, stop.end(), quotes % 2 == 1)
        if end < len(content) and not _ends(content, start, stop, end, small):
            continue
        yield _trimmed(content, start, end).shifted(paragraph.start)
        start = end
    if content[start:].strip():
        yield _trimmed(content, start, len(content)).shifted(paragraph.start)


def _trimmed(content: str, start: int, end: int) -> Span:
    sentence = content[start:end]
    start += len(sentence) - len(sentence.lstrip())
    return Span(start, start + len(sentence.strip()))


def _closed(content: str, end: int, quoted: bool) -> int:
    """Where the marks that close what was open end; a straight quote closes where one is open."""
    end = _match_end(CLOSERS, content, end)
    mark, after = content[end : end + 1], content[end + 1 : end + 2]
    if (mark == '"' and quoted) or (mark == "'" and not after.strip()):
        end = _match_end(CLOSERS, content, end + 1)
    return end


def _match_end(pattern: re.Pattern[str], content: str, start: int) -> int:
    match = pattern.match(content, start)
    return match.end() if match else start


def _ends(content: str, start: int, stop: re.Match[str], end: int, small: bool) -> bool:
    """Whether the stop ends a sentence, though more follows in the paragraph."""
    marks = stop.group()
    before = content[stop.start() - 1] if stop.start() > start else ""
    after = content[end]
    spaced = after.isspace()
    closed = end > stop.end()
    following = content[_next(content, end)]
    if content[end - 1] in '”’」』"' and SAID.match(content, end):
        return False
    if any(mark in FULL for mark in marks):
        return True
    small_next = following.islower()
    if marks != "." and set(marks) <= {".", "…"}:  # trailing off, or only a pause
        return not small_next and (closed or following in OPENERS or (spaced and not HAN.match(following)))
    if HAN.match(before) or (HAN.match(following) and not spaced):
        return not _numbers(content, start, stop.start()) and (spaced or not small_next)
    if not spaced or (small_next and not small):
        return False
    return marks[0] not in ".．" or len(marks) > 1 or _full_stop(content, start, stop.start(), end)


def _next(content: str, start: int) -> int:
    """The next character that is not white space; there is one, since paragraphs end in one."""
    return _match_end(SPACE, content, start)


def _numbers(content: str, start: int, stop: int) -> bool:
    """Whether the sentence so far is only the number of a list item or a heading: `1`, `(a`, `2.3`."""
    return stop - start < WORD_CHARS and bool(NUMBERING.match(content, start, stop))


def _full_stop(content: str, start: int, stop: int, end: int) -> bool:
    """Whether a dot before a space ends a sentence: it does not after an abbreviation, an initial, a list number."""
    if _numbers(content, start, stop):
        return False
    match = LAST_WORD.search(content[max(start, stop - WORD_CHARS) : stop])
    word = match.group().lower() if match else ""
    position = _next(content, end)
    following = content[position]
    if word in LEADING:
        return False
    if word in NUMBERED:
        return not following.isdigit()
    if word in TRAILING or len(word) == 1 or "." in word:
        opening = NEXT_WORD.match(content, position, position + WORD_CHARS)
        return bool(HAN.match(following)) or (opening is not None and opening.group().lower() in OPENING_WORDS)
    return True


def pieces(text: str, span: Span, longest: int) -> list[Span]:
    """A stretch cut into pieces of at most `longest` characters: at a comma, else a space, else anywhere.

    For sentences that are too long to be read, shown or translated as one; a shorter one comes back as it is.
    """
    found: list[Span] = []
    start = span.start
    while span.end - start > longest:
        end = _cut_before(text, start, start + longest)
        piece = _trimmed(text, start, end)
        if piece.start < piece.end:
            found.append(piece)
        start = end
    piece = _trimmed(text, start, span.end)
    return [*found, piece] if piece.start < piece.end else found


def _cut_before(text: str, start: int, end: int) -> int:
    """The best place to cut in the second half of a stretch."""
    middle = (start + end) // 2
    for marks in ("；;。", "，,、：:", " \n\t\u3000"):
        place = max(text.rfind(mark, middle, end) for mark in marks)
        if place >= 0:
            return place + 1
    return end
