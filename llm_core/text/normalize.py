"""Text as it should have been: no invisible characters, no ligatures, lines of one paragraph joined again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable

# What stands for blanks, and what stands for nothing: soft hyphen, zero width, direction marks, byte order mark.
_BLANK = re.compile(r"[\t\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOTHING = re.compile("[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e"
                      "\u2060-\u2069\ufeff\ufff0-\uffff\ud800-\udfff\ue000-\uf8ff]")  # fmt: skip
_LINE_BREAK = re.compile("\r\n?|[\u0085\u2028\u2029]")
_BLANKS = re.compile(r" {2,}")
_ALL_BLANKS = re.compile(r"\s+")
# PDFs give radicals for the characters that look like them. The Kangxi block and the ligatures have a compatibility
# form in Unicode; most of the radicals supplement has none.
_COMPATIBLE = re.compile("[\u2f00-\u2fd5\ufb00-\ufb06]")
_RADICALS = str.maketrans("⺟⺠⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
                          "母民西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟")  # fmt: skip

WIDE = "\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003134f"
_WIDE = re.compile(f"[{WIDE}“”‘’…—]")
_WRAPPED_WORD = re.compile(r"([^\W\d_]{2,})[-\u2010]$")
_WORD = re.compile(r"[^\W\d_]+")
# No word is parted behind these, so that the hyphen is its own: well-known, self-made, twenty-one.
_OWN_HYPHEN = re.compile(r"well|self|half|one|two|three|four|five|six|ten|twenty|thirty|forty|fifty", re.IGNORECASE)
_WIDE_GAP = re.compile(f"(?<=[{WIDE}]) (?=[{WIDE}])")


def clean(text: str) -> str:
    r"""The text without invisible and private characters, radicals or ligatures; every line break is `\n`.

    Chinese full-width marks stay as they are, and so does indentation, in plain blanks.

    >>> clean("of\u00adfice\u200b \ufb01ne\r\n\u2f08")
    'office fine\n人'
    """
    text = _NOTHING.sub("", _BLANK.sub(" ", _LINE_BREAK.sub("\n", text))).translate(_RADICALS)
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    r"""The text on one line, single blanks between its words.

    >>> one_line("  a \n  b\u3000c ")
    'a b c'
    """
    return _ALL_BLANKS.sub(" ", clean(text)).strip()


def wide(character: str) -> bool:
    """Whether it is written without blanks around it: Chinese, Japanese, their punctuation."""
    return bool(_WIDE.match(character))


def join_lines(lines: Iterable[str], words: Container[str] = ()) -> str:
    """One paragraph of lines that were broken to fit a page: a blank between words, none in Chinese, no hyphen.

    Args:
        lines: without line breaks; empty ones are skipped.
        words: how words are written elsewhere in the document, in lower case: tells `re-form` from `reform`.

    >>> join_lines(["The har-", "bour has", "sand."]), join_lines(["水深", "7.5米，不", "够。"])
    ('The harbour has sand.', '水深7.5米，不够。')
    """
    text = ""
    for line in filter(None, (line.strip() for line in lines)):
        text = join_two(text, line, words) if text else line
    return text


def join_two(text: str, line: str, words: Container[str] = ()) -> str:
    """`text` and the line that continues it; see `join_lines`."""
    first = line[0]
    if (head := _WRAPPED_WORD.search(text)) and first.isalpha() and not wide(first):
        tail = _WORD.match(line)
        assert tail
        whole = (head[1] + tail[0]).lower()
        own = first.isupper() or _OWN_HYPHEN.fullmatch(head[1])
        if whole not in words and (own or f"{head[1]}-{tail[0]}".lower() in words):
            return text + line
        return text[:-1] + line
    # A dash or a quotation mark is wide in Chinese alone: the other side decides.
    gapless = _wide_letter(text[-1]) or _wide_letter(first) or (wide(text[-1]) and wide(first))
    return text + line if gapless or text[-1] in "-/" else f"{text} {line}"


def _wide_letter(character: str) -> bool:
    return wide(character) and character not in "“”‘’…—"


def close_gaps(text: str) -> str:
    """The text without single blanks between Chinese characters, which some PDFs have at every one.

    >>> close_gaps("深 度 意 见 7.5 metres")
    '深度意见 7.5 metres'
    """
    return _WIDE_GAP.sub("", text)


def squeeze(text: str) -> str:
    """Each line without blanks at its end and without runs of blanks inside; indentation stays."""
    lines = []
    for line in text.split("\n"):
        body = line.lstrip(" ")
        lines.append(line[: len(line) - len(body)] + _BLANKS.sub(" ", body).rstrip())
    return "\n".join(lines)
