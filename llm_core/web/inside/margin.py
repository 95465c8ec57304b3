"""Beside a picture: the formula, what each symbol is in this very model, and the lines that compute it."""

from __future__ import annotations

import re

from llm_core.insight.explain import Explained
from llm_core.insight.lines import Lines
from llm_core.messages import Language, say
from llm_core.web.frame import escape

_LOW = re.compile(r"([_^])([\w≠]+)")


def formula(explained: Explained | None) -> str:
    """As Markdown with LaTeX."""
    return f"$${explained.formula}$$" if explained else ""


def symbols(explained: Explained | None, repository: str, language: Language) -> str:
    """The table of symbols, the place of the code, the code itself folded, and words that fetch the numbers."""
    if explained is None:
        return ""
    rows = "".join(
        f"<div><dt><i>{sign(each.sign)}</i> {say(language, f'inside.sym_{each.meaning}')}</dt>"
        f"<dd>{escape(each.value)}</dd></div>"
        for each in explained.symbols
    )
    return f'<dl class="facts symbols">{rows}</dl>{_code(explained.code, repository, language)}{_save(language)}'


def sign(text: str) -> str:
    """A sign with its index low: W_hh.

    >>> sign("W_hh, b"), sign("W^1")
    ('W<sub>hh</sub>, b', 'W<sup>1</sup>')
    """
    return _LOW.sub(lambda m: f"<{_TAGS[m[1]]}>{m[2]}</{_TAGS[m[1]]}>", escape(text))


_TAGS = {"_": "sub", "^": "sup"}


def _code(code: Lines, repository: str, language: Language) -> str:
    place = f"{escape(code.place)}–{code.last}"
    if repository and not code.package:
        url = f"{repository.rstrip('/')}/blob/main/{code.path}#L{code.first}-L{code.last}"
        place = f'<a href="{escape(url)}" rel="noopener noreferrer" target="_blank">{place}</a>'
    package = f" <small>{escape(code.package)}</small>" if code.package else ""
    return (
        f'<details class="cmd code"><summary>{say(language, "inside.code")}</summary>'
        f"<pre><code>{escape(code.source)}</code></pre></details>"
        f'<p class="place"><code>{place}</code>{package}</p>'
    )


def _save(language: Language) -> str:
    buttons = "".join(
        f'<button class="quiet" data-do="save" data-id="{kind}">{kind.upper()}</button>' for kind in ("csv", "json")
    )
    return f'<p class="save"><span>{say(language, "inside.save")}</span> {buttons}</p>'
