"""The two languages of the page.

Labels of components are translated in the browser, by markers that Gradio knows (`t`); HTML that is the same for all
carries both languages (`both`). What a handler renders is said in the visitor's language (`language_of_request`, then
`llm_core.messages.say`). One cookie decides: static/boot.js sets it from the switch in the header, or from the
browser's own language.
"""

from __future__ import annotations

from html import escape
from typing import Any

from llm_core.messages import LANGUAGES, Language, language_of, table
from llm_core.web.gradio import gr

COOKIE = "ui_lang"
# The names that Gradio's own texts go by; every kind of Chinese gets ours.
LOCALES: dict[Language, str] = {"en": "en", "zh": "zh-CN"}

_used: set[str] = set()


def t(key: str) -> Any:
    """A marker that the browser replaces by the message `key`; for labels of Gradio's components."""
    assert key in table(), key
    _used.add(key)
    return gr.I18n()(_flat(key))


def both(key: str) -> str:
    """The message in both languages, for HTML that is the same for all visitors; type.css shows one of them."""
    en, zh = (escape(table()[key][language]) for language in LANGUAGES)
    return f'<span class="en" lang="en">{en}</span><span class="zh" lang="zh-CN">{zh}</span>'


def translations() -> gr.I18n:
    """The messages that `t` was asked for, which the page carries."""
    return gr.I18n(
        **{locale: {_flat(key): table()[key][language] for key in _used} for language, locale in LOCALES.items()}
    )


def language_of_request(request: gr.Request | None) -> Language:
    """The visitor's language: the cookie of the switch, else what the browser accepts."""
    if request is None:
        return "en"
    return language_of(request.cookies.get(COOKIE) or request.headers.get("accept-language"))


def _flat(key: str) -> str:
    return key.replace(".", "_")  # the browser would take dots for nesting
