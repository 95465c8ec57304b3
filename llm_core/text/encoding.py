"""Bytes to text: UTF-8, UTF-16, UTF-32, GB18030 (with GBK and GB2312), Big5 and Windows-1252, told apart by content.

A file is one of few here, and two of them are Chinese: what decides is how common the characters are that come out.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

SAMPLE_BYTES = 65_536  # of which scores are taken, at the start and in the middle
DAMAGED_MAX = 0.005  # characters that may be broken in a file whose encoding is otherwise clear
CONTROLS_MAX = 0.005  # more control characters than this, and it is no text
COMMON_LEAST = 0.25  # of Chinese characters that are among the commonest; Japanese read so reaches 0.18
SHORT_BYTES, SHORT_LEAST = 300, 0.1  # in so short a text fewer are common; then every byte must fit GB2312
UTF16_PLAIN_LEAST = 0.3  # of UTF-16 units that are ASCII or of the commonest Chinese; other bytes read so reach 0.1

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SUPERSETS = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso8859-1": "cp1252", "ascii": "utf-8"}
# The commonest characters of both scripts, punctuation first: about half of any running text.
_COMMON = frozenset(
    "\u3000，。、：；？！“”《》（）的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民"
    "第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信"
    "表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目"
    "這個們來為國說時會對過發後裡經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問應戰向頭體見產裏話門東聲員處義幾條系氣題爾別變"
)
_GB2312 = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xf7][\xa1-\xfe])*")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class NotText(ValueError):
    """The bytes are no text, or a text in an encoding that is not known here."""


class Decoded(NamedTuple):
    """A text and how its bytes were read."""

    text: str
    encoding: str  # Python's name of it


def decode(data: bytes, hint: str = "") -> Decoded:
    """The text that `data` is.

    Args:
        data: a whole file.
        hint: what the file itself says, such as the charset of an HTML page; believed where it fits.

    Raises:
        NotText: it is binary, or in an encoding that is not known here.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return Decoded(data.decode(encoding, "replace"), encoding)
    for encoding in (_known(hint), _utf16(data), "utf-8"):
        if encoding and (text := _strictly(data, encoding)) is not None:
            return _checked(text, encoding)
    encoding = ("utf-8" if _mostly_utf8(data) else _chinese(data)) or _western(data)
    return _checked(data.decode(encoding, "replace"), encoding)


def _checked(text: str, encoding: str) -> Decoded:
    controls = len(_CONTROL.findall(text[:SAMPLE_BYTES]))
    if controls > CONTROLS_MAX * min(len(text), SAMPLE_BYTES):
        raise NotText("control characters")
    return Decoded(text, encoding)


def _known(name: str) -> str:
    """Python's name of an encoding that a file claims, or of the larger one that holds it; "" where there is none."""
    try:
        name = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        return ""
    return _SUPERSETS.get(name, name)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):  # LookupError: a codec that is none of text, such as `hex`
        return None


def _utf16(data: bytes) -> str:
    """UTF-16 that has no mark: half of Latin text are zeros, and Chinese gives the commonest characters."""
    if len(data) < 4 or len(data) % 2:
        return ""
    shares = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = data[:SAMPLE_BYTES].decode(encoding, "replace")
        latin = sum(character < "\u007f" for character in text)
        shares[encoding] = (latin + sum(character in _COMMON for character in text)) / len(text)
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= UTF16_PLAIN_LEAST else ""


def _samples(data: bytes) -> bytes:
    middle = max(SAMPLE_BYTES, len(data) // 2)
    return data[:SAMPLE_BYTES] + data[middle : middle + SAMPLE_BYTES]


def _damaged(text: str) -> int:
    """How many characters are broken, beside the two that the cuts of the samples break."""
    return max(0, text.count("\ufffd") - 2)


def _mostly_utf8(data: bytes) -> bool:
    """UTF-8 with a few broken bytes: its other characters of several bytes could not be there by chance."""
    text = _samples(data).decode("utf-8", "replace")
    beyond = sum(character > "\u007f" for character in text)
    return _damaged(text) <= DAMAGED_MAX * len(text) and text.count("\ufffd") * 4 < beyond


def _chinese(data: bytes) -> str:
    """GB18030 or Big5, whichever gives more of the commonest characters; "" where neither does."""
    sample = _samples(data)
    best, best_score = "", COMMON_LEAST
    if len(data) <= SHORT_BYTES and _GB2312.fullmatch(data):
        best_score = SHORT_LEAST
    for encoding in ("gb18030", "big5hkscs"):
        text = sample.decode(encoding, "replace")
        beyond = [character for character in text if character > "\u007f"]
        score = sum(character in _COMMON for character in beyond) / max(1, len(beyond))
        if score >= best_score and _damaged(text) <= DAMAGED_MAX * len(text):
            best, best_score = encoding, score
    return best


def _western(data: bytes) -> str:
    """Windows-1252, where most letters are plain: in it every byte is a character, so that it proves nothing.

    Raises:
        NotText: too many others.
    """
    sample = _samples(data)
    letters = sum(chr(byte).isalpha() for byte in sample if byte < 128)
    beyond = sum(byte >= 128 for byte in sample)
    if beyond > letters / 3:
        raise NotText("an unknown encoding")
    return "cp1252"
