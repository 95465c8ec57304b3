"""How a model is asked to summarize (prompts/summarize.toml, by form, language and size), and how long it may be."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from llm_core.messages import Language
from llm_core.tasks.roles import LARGE_FROM_PARAMETERS, Size

Ask: TypeAlias = Literal["sentence", "point", "headline"]
_FILE: Final = Path(__file__).parent / "prompts" / "summarize.toml"


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest answer: characters of Chinese or words of English to keep, and tokens to let the model write."""

    units: dict[Language, int]
    tokens: int


LIMITS: Final[dict[Ask, Limit]] = {
    "sentence": Limit({"zh": 90, "en": 45}, 110),
    "point": Limit({"zh": 70, "en": 36}, 90),
    "headline": Limit({"zh": 32, "en": 16}, 40),
}


@functools.cache
def _table() -> dict[str, dict[Language, dict[Size, dict[str, str]]]]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def prompt(ask: Ask, to: Language, text: str, *, parameters: int, again: bool = False, across: bool = False) -> str:
    """What the model is given.

    Args:
        ask: what it is to write.
        to: in which language.
        text: what it reads.
        parameters: the model's size; a wording that works for one size fails for the other.
        again: the wording for a second try.
        across: the text is in the other language.
    """
    size: Size = "large" if parameters >= LARGE_FROM_PARAMETERS else "small"
    wording = "across" if across else "again" if again else "ask"
    return _table()[ask][to][size][wording].replace("{text}", text)
