"""The numbers behind a picture, as files: CSV of what is shown, JSON of all that was looked at."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from llm_core.web.inside.heat import chosen
from llm_core.web.inside.shown import Shown

if TYPE_CHECKING:
    from llm_core.insight.decision import Decision
    from llm_core.insight.likeness import Likeness
    from llm_core.insight.look import Look
    from llm_core.insight.tree import Branch

DIGITS = 6
CANDIDATES = 20
WEIGHTS_MAX = 1_000_000  # of attention in one file: ten megabytes
Row = Sequence[Any]


def as_csv(shown: Shown) -> str:
    """The table of the view that is shown."""
    out = io.StringIO()
    csv.writer(out).writerows(TABLES[shown.aim.view](shown))
    return "\ufeff" + out.getvalue()  # a spreadsheet would take UTF-8 for something else


def as_json(shown: Shown) -> str:
    """The text with its distributions, every view, the formulas, and the tree if there is one."""
    look = shown.look
    everything = {
        "family": look.family,
        "text": look.sentence.text,
        "source": look.source,
        "places": list(_places(look)),
        "views": {name: _plain(_whole(name, numbers, shown)) for name, numbers in look.seen.items()},
        "explained": {name: asdict(each) for name, each in look.explained.items()},
        "tree": asdict(shown.tree) if shown.tree else None,
    }
    return json.dumps(everything, ensure_ascii=False, indent=1)


def _surprise(shown: Shown) -> Iterable[Row]:
    yield ("piece", "id", "start", "end", "bits", "probability", "rank", "likeliest", "its probability")
    for place in _places(shown.look)[: len(shown.look.sentence.pieces)]:
        first = place["candidates"][0]
        known = (place["piece"], place["id"], place["start"], place["end"], place["bits"], place["probability"])
        yield (*known, place["rank"], first["token"], first["probability"])


def _attention(shown: Shown) -> Iterable[Row]:
    maps = chosen(shown)
    layer, head = min(shown.aim.layer, len(maps.weights) - 1), min(shown.aim.head, maps.weights.shape[1] - 1)
    yield ("", *maps.keys)
    for query, row in zip(maps.queries, maps.weights[layer, head], strict=True):
        yield (query, *_rounded(row))


def _states(shown: Shown) -> Iterable[Row]:
    found = shown.look.seen["states"]
    yield ("name", "layer", "token", "values")
    for name, each in found.items():
        for layer, values in enumerate(each.layers, 1):
            for token, row in enumerate(values):
                yield (name, layer, token, *_rounded(row))


def _neighbours(shown: Shown) -> Iterable[Row]:
    yield ("id", "neighbour", "its id", "cosine")
    for token, near in shown.look.seen["neighbours"].items():
        yield from ((token, each.text, each.id, round(each.cosine, DIGITS)) for each in near)


def _matrix(shown: Shown) -> Iterable[Row]:
    found = shown.look.seen["matrix"]
    yield ("", *found.columns, "rest")
    for name, row, rest in zip(found.rows, found.chances, found.rest, strict=True):
        yield (name, *_rounded(row), *_rounded([rest]))


def _tree(shown: Shown) -> Iterable[Row]:
    yield ("depth", "token", "id", "probability", "sum of ln P", "kept", "came out")

    def walk(branch: Branch, depth: int) -> Iterable[Row]:
        for child in branch.children:
            chance, total = round(math.exp(child.logprob), DIGITS), round(child.total, DIGITS)
            yield (depth, child.text, child.id, chance, total, child.kept, child.best)
            yield from walk(child, depth + 1)

    if shown.tree:
        yield from walk(shown.tree, 1)


def _latent(shown: Shown) -> Iterable[Row]:
    found = shown.look.seen["latent"]
    yield ("dimension", "mu", "sigma", "KL in nats")
    for n, row in enumerate(zip(found.mean, found.deviation, found.kl, strict=True), 1):
        yield (n, *_rounded(row))
    yield from (("walk", text) for text in found.walk)
    yield from (("drawn", text) for text in found.drawn)


def _decision(shown: Shown) -> Iterable[Row]:
    found: Decision = shown.look.seen["decision"]
    yield ("left out", *found.classes, *(f"evidence for {name}, bits" for name in found.classes))
    yield ("", *_rounded(found.whole))
    for name, row, bits in zip(shown.pieces, found.without, found.evidence, strict=True):
        yield (name, *_rounded(row), *_rounded(bits))


def _likeness(shown: Shown) -> Iterable[Row]:
    found: Likeness = shown.look.seen["likeness"]
    yield ("left out", "moved", *found.given)
    yield ("", 0.0, *_rounded(found.cosines))
    for name, moved, row in zip(shown.pieces, found.moved, found.without, strict=True):
        yield (name, *_rounded([moved]), *_rounded(row))


def _rounded(values: Iterable[Any]) -> Iterable[float]:
    return (round(float(value), DIGITS) for value in values)


TABLES = {
    "surprise": _surprise,
    "filling": _surprise,
    "decision": _decision,
    "likeness": _likeness,
    "attention": _attention,
    "states": _states,
    "latent": _latent,
    "neighbours": _neighbours,
    "matrix": _matrix,
    "tree": _tree,
}


def _places(look: Look) -> list[dict[str, Any]]:
    """Each piece, and what was expected in its place and beyond the last one, of a model that says so."""
    sentence, reading = look.sentence, look.reading
    found = []
    for place in range(len(reading.candidates) if reading else len(sentence.pieces)):
        told: dict[str, Any] = {}
        if place < len(sentence.pieces):
            piece = sentence.pieces[place]
            told = {"piece": piece.of(sentence.text), "id": piece.id, "start": piece.start, "end": piece.end}
            if reading:
                nats = float(reading.logprobs[place])
                told |= {"bits": round(-nats / math.log(2), DIGITS), "probability": round(math.exp(nats), DIGITS)}
                told["rank"] = int(reading.ranks[place]) or None
        if reading:
            near = zip(reading.candidates[place][:CANDIDATES], reading.chances[place], strict=False)
            told["candidates"] = [
                {
                    "id": int(t),
                    "token": reading.words.get(int(t), ""),
                    "probability": round(math.exp(float(p)), DIGITS),
                }
                for t, p in near
            ]
        found.append(told)
    return found


def _whole(view: str, numbers: Any, shown: Shown) -> Any:
    """All that was seen; of attention with very many numbers, only the layer and head that are shown."""
    if view != "attention" or sum(maps.weights.size for maps in numbers) <= WEIGHTS_MAX:
        return numbers
    maps = chosen(shown)
    layer, head = min(shown.aim.layer, len(maps.weights) - 1), min(shown.aim.head, maps.weights.shape[1] - 1)
    one = replace(maps, weights=maps.weights[layer : layer + 1, head : head + 1])
    return {"layer": layer + 1, "head": head + 1, "maps": one}


def _plain(numbers: Any) -> Any:
    """Dataclasses and arrays as JSON has them."""
    if hasattr(numbers, "tolist"):
        return numbers.round(DIGITS).tolist()
    if isinstance(numbers, Mapping):
        return {str(name): _plain(each) for name, each in numbers.items()}
    if isinstance(numbers, (list, tuple)):
        return [_plain(each) for each in numbers]
    if hasattr(numbers, "__dataclass_fields__"):
        return {name: _plain(getattr(numbers, name)) for name in numbers.__dataclass_fields__}
    return numbers
