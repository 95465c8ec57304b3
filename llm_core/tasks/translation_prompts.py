"""How a model is asked to translate (prompts/translate.toml, by direction and size), and its answer as a sentence."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from llm_core.engines.base import Message, Prompt
from llm_core.messages import Language
from llm_core.tasks.roles import LARGE_FROM_PARAMETERS
from llm_core.text.normalize import one_line
from llm_core.text.numbers import numbers

_FILE: Final = Path(__file__).parent / "prompts" / "translate.toml"
_LABEL: Final = re.compile(r"^\s*(?:译文|翻译|中文|英文|translation|english|chinese)\s*[:：]\s*", re.IGNORECASE)
_QUOTES: Final = {'"': '"', "“": "”", "「": "」", "'": "'"}
_HAN: Final = "\u3400-\u9fff\uf900-\ufaff"
_WIDE_MARKS: Final = str.maketrans("，。！？；：（）“”‘’、％～", ",.!?;:()\"\"'',%~")
_LARGE: Final = ((10**9, " billion"), (10**6, " million"))
_HALF_MARKS: Final = {",": "，", ".": "。", "!": "！", "?": "？", ";": "；", ":": "："}


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def prompt(
    text: str,
    to: Language,
    terms: Mapping[str, str],
    *,
    parameters: int,
    keep: Sequence[str] = (),
    before: str = "",
) -> Prompt:
    """The conversation that asks for one sentence.

    Args:
        text: the sentence, on one line.
        to: the language asked for.
        terms: what the glossary says on it.
        parameters: the model's size; a wording that works for one size fails for the other.
        keep: numbers and names that the first answer lost.
        before: the sentence before it, which a small model would translate too.
    """
    table = _table()[to]
    wording = table["large" if parameters >= LARGE_FROM_PARAMETERS else "small"]
    system: str = wording["system"]
    if before and "before" in wording:
        system += wording["before"].format(before=before)
    if terms:
        said = (table["term"].format(term=term, wanted=wanted) for term, wanted in terms.items())
        system += wording["terms"].format(terms=table["joiner"].join(said))
    if keep:
        system += wording["keep"].format(words=table["joiner"].join(_figure(word, to) for word in keep))
    return [Message("system", system), Message("user", text)]


def _figure(word: str, to: Language) -> str:
    """A Chinese number as English writes it: told to keep 2.4亿, models write 2.4 billion.

    >>> _figure("一万三千二百", "en"), _figure("2.4亿", "en"), _figure("二〇二五", "en"), _figure("1998", "zh")
    ('13,200', '240 million', '二〇二五', '1998')
    """
    values = numbers(word)
    if to != "en" or len(values) != 1 or not re.search("[百千万亿]", word):
        return word
    value = values.pop()
    size, unit = next((row for row in _LARGE if value >= row[0]), (1, ""))
    return f"{value / size:,.10g}{unit}"


def cleaned(written: str, source: str, to: Language) -> str:
    """What the model wrote without what it writes around it, with the marks of the target language.

    >>> cleaned("译文：“水深 7.5 米,不够.”", "The water is 7.5 m deep, not enough.", "zh")
    '水深7.5米，不够。'
    """
    text = _LABEL.sub("", one_line(written.replace("<|im_end|>", "")))
    if text and _QUOTES.get(text[0]) == text[-1:] and len(text) > 2 and source[:1] not in _QUOTES:
        text = text[1:-1].strip()
    return _ended(_english(text) if to == "en" else _chinese(text), source, to)


def _ended(text: str, source: str, to: Language) -> str:
    """With the end of the source: a heading gets no full stop, and what announces a list keeps its colon."""
    if not text or text[-1] not in ".。:：":
        return text
    if source[-1:] in (":", "："):
        return text[:-1] + (":" if to == "en" else "：")
    return text.rstrip(".。") if source[-1:].isalnum() else text


def _english(text: str) -> str:
    """Half-width marks, each with the blank that follows it; 《》 are italics in English, and nothing here."""
    text = re.sub(r"([，。！？；：、])(?=[\w“‘(（])", r"\1 ", text)
    return text.translate(_WIDE_MARKS).replace("《", "“").replace("》", "”")


def _chinese(text: str) -> str:
    """Full-width marks after Chinese, and no blanks beside it: the page and the word processor set them."""
    text = re.sub(rf"(?<=[{_HAN}”’）》])\s*([,.!?;:])(?=\s|$|[{_HAN}”’（“])\s*", lambda m: _HALF_MARKS[m[1]], text)
    text = re.sub(rf"(?<=[{_HAN}])\(([^()]*)\)", r"（\1）", text)
    text = re.sub(rf'"([^"]*[{_HAN}][^"]*)"', r"“\1”", text)
    return re.sub(rf"(?<=[{_HAN}，。！？；：“”（）、]) +|(?<=\S) +(?=[{_HAN}，。！？；：“”（）、])", "", text)
