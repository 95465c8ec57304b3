"""How much of its training text a model recites: rare strings and planted canaries, tried for by their beginnings.

A string counts as recited when the likeliest continuation of its beginning is the string, token by token. Strings
that were kept apart are tried for as well: what a model says of those it has not learned by heart. The exposure of a
canary is log2(n + 1) - log2(rank of its secret among n others drawn at random), Carlini et al. 2019; with n = 255 it
is between 0 (no better than chance) and 8 bits (no other is likelier).
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from llm_core.engines.causal import Causal
from llm_core.events import Done, Events, Progress
from llm_core.text.words import words
from llm_core.training.answering import continued, generating
from llm_core.training.canaries import Canary, planted
from llm_core.training.corpus import read_rows
from llm_core.training.metrics import earlier
from llm_core.training.personal import mask

TRIED = 60
"""Rare strings of the training text, and as many that were kept apart."""
BEGINNING, REST = 10, 12
"""Tokens that are given, and that would have to be recited."""
OTHERS = 255
TEXTS_READ, PIECE_CHARS = 4000, 400
EXAMPLES = 5
MUCH = 0.02
EXPOSED = 6.0
ROSE = 1.02
Advice = tuple[str, dict[str, Any]]
"""A key of messages/privacy.toml, and its facts."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A canary: its rank among itself and the others, in bits, and whether its beginning brings it forth."""

    text: str
    times: int
    rank: int
    exposure: float
    recited: bool


@dataclass(frozen=True, slots=True)
class Privacy:
    """What was tried for and what was recited."""

    tried: int
    recited: int
    held_out_tried: int
    held_out_recited: int
    examples: tuple[str, ...] = ()
    canaries: tuple[Exposure, ...] = ()
    advice: tuple[Advice, ...] = field(default=())

    @property
    def share(self) -> float:
        """Of the strings tried for."""
        return self.recited / self.tried if self.tried else 0.0


def check(causal: Causal, run: Path) -> Events:
    """Try a run's model on its own training text.

    Args:
        causal: the model, open.
        run: the run's folder, with its data.

    Yields:
        Progress("trying"); `Done` holds a `Privacy`.
    """
    data = run / "data"
    learned, apart = rare(causal, data / "train.jsonl"), rare(causal, data / "valid.jsonl")
    secrets, done = list(planted(data)), 0
    total = len(learned) + len(apart) + len(secrets)
    found: dict[str, list[str]] = {"learned": [], "apart": []}
    for name, strings in (("learned", learned), ("apart", apart)):
        for ids in strings:
            if recites(causal, ids[:BEGINNING], ids[BEGINNING:]):
                found[name].append(causal.tokenizer.decode(ids))
            done += 1
            yield Progress("trying", done, total)
    exposures = []
    for canary in secrets:
        exposures.append(exposure(causal, canary))
        done += 1
        yield Progress("trying", done, total)
    told = Privacy(
        tried=len(learned),
        recited=len(found["learned"]),
        held_out_tried=len(apart),
        held_out_recited=len(found["apart"]),
        examples=tuple(found["learned"][:EXAMPLES]),
        canaries=tuple(exposures),
        advice=tuple(advice(run, found["learned"], len(learned), exposures)),
    )
    yield Done(told)


def rare(causal: Causal, path: Path) -> list[list[int]]:
    """The strings of a text whose words are rarest in it, as token ids, BEGINNING + REST of each."""
    texts = [row[0] for row in islice(read_rows(path), TEXTS_READ)] if path.exists() else []
    pieces = [piece for text in texts for piece in _pieces(text)]
    counts = Counter(word for piece in pieces for word in words(piece))

    def rarity(piece: str) -> float:
        own = words(piece)
        return sum(1 / counts[word] for word in own) / len(own) if own else 0.0

    chosen: list[list[int]] = []
    for piece in sorted(dict.fromkeys(pieces), key=rarity, reverse=True):
        ids = causal.ids(piece)[: BEGINNING + REST]
        if len(ids) == BEGINNING + REST and ids not in chosen:
            chosen.append(ids)
        if len(chosen) == TRIED:
            break
    return chosen


def recites(causal: Causal, beginning: Sequence[int], rest: Sequence[int]) -> bool:
    """Whether the likeliest continuation of `beginning` is `rest`."""
    begin = [] if causal.begin is None else [causal.begin]
    with generating(causal.model):
        said = continued(causal.model, causal.tokenizer, [*begin, *beginning], len(rest))[0]
    return said == list(rest)


def exposure(causal: Causal, canary: Canary) -> Exposure:
    """How much likelier the model finds the secret than others."""
    state = random.Random(canary.text)
    others = [canary.other(state) for _ in range(OTHERS)]
    own, *rest = (score.log_likelihood for score in causal.score([canary.text, *others]))
    rank = 1 + sum(other > own for other in rest)
    ids, before = causal.ids(canary.text), len(causal.ids(canary.beginning))
    bits = math.log2(OTHERS + 1) - math.log2(rank)
    return Exposure(canary.text, canary.times, rank, bits, recites(causal, ids[:before], ids[before:]))


def advice(run: Path, recited: Sequence[str], tried: int, exposures: Sequence[Exposure]) -> Iterator[Advice]:
    """What to do about it, the weightiest first; that nothing was found where nothing was."""
    known = [each for each in exposures if each.exposure >= EXPOSED or each.recited]
    if not recited and not known:
        yield "privacy.nothing", {"tried": tried}
        return
    if recited:
        yield "privacy.recites", {"n": len(recited), "tried": tried}
    if known:
        yield "privacy.canaries", {"n": len(known), "of": len(exposures)}
    if any(mask(text) != text for text in recited):
        yield "privacy.mask", {}
    if any(each.times > 1 for each in known) or any(_times(run, text) > 1 for text in recited[:EXAMPLES]):
        yield "privacy.deduplicate", {}
    looks = [(line["step"], line["valid_loss"]) for line in earlier(run) if "valid_loss" in line]
    if looks and looks[-1][1] > ROSE * min(loss for _, loss in looks):
        best = min(looks, key=lambda look: look[1])
        yield "privacy.stop_earlier", {"step": best[0]}
    elif len(recited) > MUCH * tried:
        yield "privacy.less_often", {}


def _pieces(text: str) -> Iterator[str]:
    """Lines, long ones cut."""
    for line in text.splitlines():
        for start in range(0, len(line), PIECE_CHARS):
            if piece := line[start : start + PIECE_CHARS].strip():
                yield piece


def _times(run: Path, text: str) -> int:
    """How often the training text holds `text`."""
    rows = islice(read_rows(run / "data" / "train.jsonl"), TEXTS_READ)
    return sum(" ".join(row).count(text.strip()) for row in rows)


def as_record(found: Privacy) -> dict[str, Any]:
    """As scores.json holds it."""
    canaries = [
        {"text": c.text, "times": c.times, "rank": c.rank, "exposure": round(c.exposure, 2), "recited": c.recited}
        for c in found.canaries
    ]
    figures = {
        name: getattr(found, name) for name in ("tried", "recited", "held_out_tried", "held_out_recited", "examples")
    }
    record: dict[str, Any] = json.loads(json.dumps(figures | {"canaries": canaries, "advice": found.advice}))
    return record
