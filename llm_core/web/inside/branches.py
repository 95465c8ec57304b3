"""Lists: the search tree, nested as it grew, and the nearest words of a piece."""

from __future__ import annotations

import math
from collections.abc import Mapping

from llm_core.insight.neighbours import Near
from llm_core.insight.tree import Branch, text_of, written
from llm_core.messages import say
from llm_core.web.frame import escape
from llm_core.web.inside import sentence
from llm_core.web.inside.bars import share
from llm_core.web.inside.shown import Shown


def neighbours(shown: Shown) -> str:
    """The tokens nearest to the chosen one."""
    near: Mapping[int, tuple[Near, ...]] = shown.look.seen["neighbours"]
    found = near[shown.look.marked[shown.row]]
    rows = "".join(
        f'<li><span class="token">{sentence.visible(each.text)}</span><i style="--w:{max(each.cosine, 0):.3f}"></i>'
        f"<b>{each.cosine:.3f}</b></li>"
        for each in found
    )
    above = sentence.pieces(shown)
    why = say(shown.language, "inside.neighbours_why", piece=sentence.quoted(shown.piece))
    return f'{above}<p class="why">{why}</p><ol class="bars near">{rows}</ol>'


def tree(shown: Shown) -> str:
    """The tree of a search; before the first, what it is for."""
    above = sentence.pieces(shown, pressed=False)
    if shown.tree is None:
        return f'{above}<p class="why">{say(shown.language, "inside.tree_empty")}</p>'
    best = written(shown.tree)
    text = escape(text_of(shown.tree))
    bits = f"{-best[-1].total / math.log(2):.1f}" if best else "0"
    out = say(shown.language, "inside.tree_out", text=f'<b class="text">{text}</b>', bits=bits)
    return (
        f'{above}<p class="out">{out}</p><div class="scroll tree">{_children(shown.tree)}</div>'
        f'<p class="why same">{say(shown.language, "inside.tree_why")}</p>'
    )


def _children(branch: Branch) -> str:
    if not branch.children:
        return ""
    rows = "".join(
        f'<li class="{_kind(child)}"><span class="token">{sentence.visible(child.text)}</span>'
        f"<b>{share(math.exp(child.logprob))}</b>{_children(child)}</li>"
        for child in branch.children
    )
    return f"<ul>{rows}</ul>"


def _kind(branch: Branch) -> str:
    if branch.best:
        return "best"
    return "kept" if branch.kept else "dropped"
