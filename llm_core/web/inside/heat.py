"""Heat: attention maps and transition matrices, one hue by opacity. The chosen row shows its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llm_core.insight.attention import Maps
from llm_core.insight.transition import Matrix
from llm_core.messages import say
from llm_core.web.inside import sentence
from llm_core.web.inside.bars import share
from llm_core.web.inside.mask import mask
from llm_core.web.inside.shown import Shown

CELLS_MAX = 40  # tokens on a side; a larger map is one picture, without names
THUMBNAIL = 24  # points
MANY_HEADS = 72
FIGURE_FROM = 0.05  # smaller weights are not printed


def chosen(shown: Shown) -> Maps:
    """The kind of attention that is asked for, or the first there is; marks around the text by plain names."""
    found: Sequence[Maps] = shown.look.seen["attention"]
    maps = next((each for each in found if each.kind == shown.aim.kind), found[0])
    if maps.kind == "encoder":
        return maps
    begun, pieces = shown.look.begun, len(shown.look.sentence.pieces)
    queries = tuple(shown.named(list(maps.queries[begun : begun + pieces])))
    return replace(maps, queries=queries, keys=maps.keys if maps.kind == "cross" else queries)


def attention(shown: Shown) -> str:
    """The text with what the chosen token looks at, one head large, and all heads small."""
    maps = chosen(shown)
    layer, head = min(shown.aim.layer, len(maps.weights) - 1), min(shown.aim.head, maps.weights.shape[1] - 1)
    weights = maps.weights[layer, head]
    row = min(shown.row, len(weights) - 1) if maps.kind != "encoder" else 0
    above = ""
    if maps.kind == "cross":
        above = sentence.pieces(shown)
    elif maps.kind != "encoder":
        first = shown.look.begun
        looked_at = weights[row][first : first + len(shown.look.sentence.pieces)]
        above = sentence.pieces(shown, looked_at=looked_at.tolist())
    best = int(weights[row].argmax())
    whole = "attention_why_whole" if maps.kind == "cross" else "attention_why_both"
    key = "attention_why" if maps.causal else whole
    query, most = sentence.quoted(maps.queries[row]), sentence.quoted(maps.keys[best])
    told = say(shown.language, f"inside.{key}", query=query, key=most, share=share(float(weights[row, best])))
    size = max(weights.shape)
    large = _cells(maps, weights, row) if size <= CELLS_MAX else _large(weights, row)
    return f'{above}{large}<p class="why">{told}</p>{_thumbnails(maps, layer, head, shown)}'


def matrix(shown: Shown) -> str:
    """The rows of the transition matrix that the text walks through."""
    found: Matrix = shown.look.seen["matrix"]
    row = _row_of(shown, found)
    head = "".join(f"<th scope=col><span>{sentence.visible(name)}</span></th>" for name in found.columns)
    rest = say(shown.language, "inside.rest_column")
    lines = "".join(
        f"<tr{' class=chosen' if n == row else ''}><th scope=row>{sentence.visible(name)}</th>"
        f"{''.join(_cell(float(p), figure=n == row) for p in found.chances[n])}"
        f'<td class="rest">{share(float(found.rest[n]))}</td></tr>'
        for n, name in enumerate(found.rows)
    )
    why = say(shown.language, "inside.matrix_why", rest=share(float(found.rest.mean())))
    above = sentence.pieces(shown)
    return (
        f'{above}<div class="scroll"><table class="heat grid-of"><thead><tr><td></td>{head}'
        f'<th scope=col class="rest">{rest}</th></tr></thead><tbody>{lines}</tbody></table></div>'
        f'<p class="why">{why}</p>'
    )


def _row_of(shown: Shown, found: Matrix) -> int:
    rows = list(dict.fromkeys(shown.look.marked))
    return rows.index(shown.look.marked[shown.row]) if rows else 0


def _cells(maps: Maps, weights: NDArray[Any], row: int) -> str:
    """A table; of a causal map the half that is never seen is left out, and names stand on the diagonal."""
    lines = []
    for n, name in enumerate(maps.queries):
        width = n + 1 if maps.causal else weights.shape[1]
        cells = "".join(_cell(float(p), figure=n == row) for p in weights[n, :width])
        end = f'<td class="name">{sentence.visible(name)}</td>' if maps.causal else ""
        mark = " class=chosen" if n == row else ""
        lines.append(f"<tr{mark}><th scope=row>{sentence.visible(name)}</th>{cells}{end}</tr>")
    head = ""
    if not maps.causal:
        names = "".join(f"<th scope=col><span>{sentence.visible(name)}</span></th>" for name in maps.keys)
        head = f"<thead><tr><td></td>{names}</tr></thead>"
    kind = "triangle" if maps.causal else "grid-of"
    return f'<div class="scroll"><table class="heat {kind}">{head}<tbody>{"".join(lines)}</tbody></table></div>'


def _cell(p: float, *, figure: bool) -> str:
    written = f"<b>{p * 100:.0f}</b>" if figure and p >= FIGURE_FROM else ""
    strong = " class=strong" if p > 0.5 else ""
    return f'<td style="--a:{p:.3f}"{strong}>{written}</td>'


def _large(weights: NDArray[Any], row: int) -> str:
    height, width = weights.shape
    return (
        f'<div class="heat large" style="aspect-ratio:{width}/{height};--row:{row / height:.5f};'
        f'--height:{1 / height:.5f}"><i style="--mask:url({mask(weights**0.5)})"></i></div>'
    )


def _thumbnails(maps: Maps, layer: int, head: int, shown: Shown) -> str:
    """One small picture for each head; the square root makes faint weights visible."""
    layers, heads = maps.weights.shape[:2]
    lines = (
        "".join(_thumbnail(maps, n, m, n == layer and m == head, shown) for m in range(heads)) for n in range(layers)
    )
    rows = "".join(f"<li>{line}</li>" for line in lines)
    heading = say(shown.language, "inside.all_heads")
    many = " many" if layers * heads > MANY_HEADS else ""
    return f'<div class="all-heads{many}"><p class="heading">{heading}</p><ul>{rows}</ul></div>'


def _thumbnail(maps: Maps, layer: int, head: int, here: bool, shown: Shown) -> str:
    small = np.sqrt(_smaller(maps.weights[layer, head]))
    name = say(shown.language, "inside.head_name", layer=layer + 1, head=head + 1)
    pressed = "true" if here else "false"
    return (
        f'<button data-do="head" data-id="{shown.side}:{layer}:{head}" aria-pressed="{pressed}" title="{name}"'
        f' aria-label="{name}"><i style="--mask:url({mask(small)})"></i></button>'
    )


def _smaller(weights: NDArray[Any]) -> NDArray[Any]:
    """At most THUMBNAIL points on a side, each the greatest weight of its block."""
    height, width = (min(THUMBNAIL, size) for size in weights.shape)
    rows = np.linspace(0, weights.shape[0], height + 1).astype(int)[:-1]
    columns = np.linspace(0, weights.shape[1], width + 1).astype(int)[:-1]
    return np.maximum.reduceat(np.maximum.reduceat(weights, rows, axis=0), columns, axis=1)
