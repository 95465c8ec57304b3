"""Markdown of a reply as safe HTML, block by block: raw HTML is shown as text, images as links, formulas as MathML.

Safe because every character of the text passes through the renderer's escaping, and the only attributes are those
written here or checked by it (`javascript:` and `data:` addresses are no links).
"""

from __future__ import annotations

import functools
import re
from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from llm_core.text.language import language
from llm_core.web.i18n import LOCALES

CODE_COLOURED_CHARS_MAX = 20_000
FORMULA_CHARS_MAX = 2_000
_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u2018-\u201d\u2014\u2026\U00020000-\U0003134f]")
_OPEN_BLOCKS = 2  # a list, a table or a paragraph may still take in what comes next
_REASONING = re.compile(r"\A\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)
_PAIRS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_SPOKEN = frozenset({"paragraph_open", "heading_open", "td_open", "th_open"})


def blocks(text: str) -> list[str]:
    """Each top-level block of `text`, which is untrusted Markdown, as HTML."""
    return [html for _, html in _blocks(text, finished=True)]


def split_reasoning(text: str) -> tuple[str | None, str]:
    """What the model thought aloud (None: it did not), and its reply.

    >>> split_reasoning("<think>hm</think>Yes."), split_reasoning("<think>hm"), split_reasoning("Yes.")
    (('hm', 'Yes.'), ('hm', ''), (None, 'Yes.'))
    """
    found = _REASONING.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)


class Growing:
    """A text that grows: only its last blocks are read again, however long it has become."""

    def __init__(self) -> None:
        self._settled: list[str] = []
        self._open = ""

    def add(self, text: str) -> list[str]:
        """All blocks so far. Code is not coloured yet."""
        self._open += text
        found = _blocks(self._open, finished=False)
        if len(found) > _OPEN_BLOCKS:
            line = found[-_OPEN_BLOCKS][0]
            self._settled += [html for _, html in found[:-_OPEN_BLOCKS]]
            self._open = "".join(self._open.splitlines(keepends=True)[line:])
            found = found[-_OPEN_BLOCKS:]
        return self._settled + [html for _, html in found]


def _blocks(text: str, *, finished: bool) -> list[tuple[int, str]]:
    """Each top-level block and the line that it begins on."""
    parser = _parser()
    env: dict[str, Any] = {"finished": finished}
    pieces: list[list[Token]] = []
    for token in parser.parse(text, env):
        if not pieces or (token.level == 0 and token.nesting >= 0):
            pieces.append([])
        pieces[-1].append(token)
    html = [parser.renderer.render(piece, parser.options, env).strip() for piece in pieces]
    return [(piece[0].map[0] if piece[0].map else 0, block) for piece, block in zip(pieces, html, strict=True)]


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.inline = _Inline()
    parser.inline.ruler.before("escape", "formula", _formula_inline)
    parser.block.ruler.before("fence", "formula", _formula_block, {"alt": ["paragraph"]})
    parser.core.ruler.push("languages", _languages)
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


# ------------------------------------------------------------------ Chinese


class _State(StateInline):
    """Emphasis beside Chinese: CommonMark wants a blank between `**标题：**` and what follows, Chinese has none."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        found = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1 : start]
        after = self.src[start + found.length : start + found.length + 1]
        if self.src[start] != "*" or not (_CJK.match(before) or _CJK.match(after)):
            return found
        return Scanned(bool(after.strip()), bool(before.strip()), found.length)


class _Inline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: MutableMapping[str, Any], tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _languages(state: Any) -> None:
    """Put `lang` on each paragraph, so that each is set by the habits of its own script."""
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type in _SPOKEN and (spoken := language(inline.content)):
            opening.attrSet("lang", LOCALES[spoken])


# ------------------------------------------------------------------ formulas


def _formula_inline(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    closing = _PAIRS.get(opening)
    if closing is None:
        return False
    end = state.src.find(closing, state.pos + 2)
    if end < 0:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = state.src[state.pos + 2 : end]
        token.meta = {"display": opening != "\\("}
    state.pos = end + 2
    return True


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula that begins its line and ends one, which may hold blank lines or what looks like a list."""
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    closing = _PAIRS.get(first[:2])
    if closing is None or first[:2] == "\\(":
        return False
    lines = [first[2:]]
    line = start
    while closing not in lines[-1]:
        line += 1
        if line >= end:
            return False
        lines.append(state.src[state.bMarks[line] : state.eMarks[line]])
    body, rest = lines[-1].split(closing, 1)
    if rest.strip(" .,;。，；"):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.map = [start, line + 1]
        token.content = "\n".join([*lines[:-1], body])
        token.meta = {"display": True}
        state.line = line + 1
    return True


def _formula(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return formula(tokens[at].content, display=tokens[at].meta["display"])


@functools.lru_cache(512)
def formula(latex: str, *, display: bool) -> str:
    """LaTeX as MathML; what cannot be read stays as it was written."""
    from latex2mathml.converter import convert

    written = f"<code>{escape(latex.strip())}</code>"
    if len(latex) > FORMULA_CHARS_MAX:
        return written
    try:
        mathml = convert(latex.strip(), display="block" if display else "inline")
    except Exception:  # the converter names no errors of its own, and a formula is never worth a lost reply
        return written
    return written if re.search(r"\b(href|src|style|on\w+)=", mathml) else mathml


# ------------------------------------------------------------------ code, links, tables


def _fence(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    name = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
    finished = env["finished"] and len(token.content) <= CODE_COLOURED_CHARS_MAX
    body = _coloured(token.content, name) if finished else escape(token.content)
    return f'<pre tabindex="0" translate="no"><code>{body}</code></pre>'


@functools.lru_cache(256)
def _coloured(code: str, name: str) -> str:
    """Code with three kinds of ink: words of the language, strings, comments."""
    from pygments.lexers import get_lexer_by_name
    from pygments.token import Comment, Keyword, String
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code)
    inks = ((Keyword, "keyword"), (String, "string"), (Comment, "comment"))
    out: list[str] = []
    for kind, piece in lexer.get_tokens(code):
        ink = next((ink for family, ink in inks if kind in family), None)
        out.append(f'<span class="{ink}">{escape(piece)}</span>' if ink else escape(piece))
    return "".join(out)


def _image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """An image would be fetched from elsewhere, and its address can carry what was said: it becomes a link."""
    address = escape(str(tokens[at].attrs.get("src", "")))
    return f'<a href="{address}" {_AWAY}>{escape(tokens[at].content) or address}</a>'


def _link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return f'<a href="{escape(str(tokens[at].attrs.get("href", "")))}" {_AWAY}>'


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>'


def _table_close(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    return "</table></div>"


_AWAY = 'target="_blank" rel="noopener noreferrer nofollow"'
_RULES = {
    "formula": _formula,
    "fence": _fence,
    "code_block": _fence,
    "image": _image,
    "link_open": _link,
    "table_open": _table_open,
    "table_close": _table_close,
}
