"""Every sentence and label that a person reads: one key, both languages side by side (decision 0002).

One TOML file a subject; `chat.send` is the table `[send]` of chat.toml with `en` and `zh`. Facts are named in
braces, with these units after a colon: `{size:bytes}` 1.1 GB, `{n:count}` 12,300, `{t:seconds}` 1 min 50 s,
`{x:percent}` 62%.
"""

from __future__ import annotations

import functools
import locale
import os
import string
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from llm_core.errors import UserError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@functools.cache
def table() -> dict[str, dict[Language, str]]:
    """All messages: key -> language -> sentence."""
    messages: dict[str, dict[Language, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for key, both in tomllib.loads(path.read_text("utf-8")).items():
            messages[f"{path.stem}.{key}"] = both
    return messages


def say(language: Language, key: str, /, **facts: Any) -> str:
    """The sentence `key` in `language`, with its facts filled in."""
    return _UNITS[language].vformat(table()[key][language], (), facts)


def explain(error: UserError, language: Language) -> str:
    """What happened and what to do about it, for a person."""
    return say(language, f"errors.{error.code}", **error.facts)


def language_of(tag: str | None) -> Language:
    """The one of our languages that suits a tag such as `zh-Hant-TW`, `en_US.UTF-8` or an Accept-Language header.

    >>> language_of("fr-FR,zh-CN;q=0.8,en;q=0.5"), language_of("de"), language_of(None)
    ('zh', 'en', 'en')
    """
    for part in (tag or "").replace(":", ",").split(","):
        for language in LANGUAGES:
            if part.strip().lower().startswith(language):
                return language
    return "en"


def system_language() -> Language:
    """The language of the terminal: LANGUAGE, LC_ALL, LC_MESSAGES, LANG, else what the system says."""
    for name in ("LLM_CORE_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if (value := os.environ.get(name)) and value not in ("C", "POSIX", "C.UTF-8"):
            return language_of(value)
    return language_of(locale.getlocale()[0])


class _Units(string.Formatter):
    """str.format with the units of this module."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, spec: str) -> str:
        match spec:
            case "bytes":
                return write_bytes(value)
            case "count":
                return f"{value:,.0f}"
            case "percent":
                return f"{value * 100:.0f}%"
            case "seconds":
                return write_seconds(value, self._language)
            case _:
                return str(super().format_field(value, spec))


def write_bytes(size: float) -> str:
    """A size in decimal units: 491 MB, 1.1 GB."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def write_seconds(seconds: float, language: Language) -> str:
    """A span of time as a person would say it: 18 s, 1 min 50 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if language == "zh":
        if hours:
            return f"{hours}小时{minutes}分" if minutes else f"{hours}小时"
        if minutes and not rest:
            return f"{minutes}分钟"
        return f"{minutes}分{rest}秒" if minutes else f"{rest}秒"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes and not rest:
        return f"{minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


_UNITS: dict[Language, _Units] = {language: _Units(language) for language in LANGUAGES}
