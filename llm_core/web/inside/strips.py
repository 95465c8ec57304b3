"""Gates and states as strips of heat: time runs to the right, a row for each number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from llm_core.insight.latent import Latent
from llm_core.insight.states import States
from llm_core.messages import say
from llm_core.web.frame import escape
from llm_core.web.inside import sentence
from llm_core.web.inside.bars import signed
from llm_core.web.inside.mask import mask
from llm_core.web.inside.shown import Shown

UNITS = 48  # rows that are drawn
ACTIVE_NATS = 0.01  # of KL: a dimension that says anything about its sentence


def states(shown: Shown) -> str:
    """All gates and states of one layer, one strip each."""
    found: Mapping[str, States] = shown.look.seen["states"]
    any_one = next(iter(found.values()))
    layer = min(shown.aim.layer, len(any_one.layers) - 1)
    names = "".join(f"<span>{sentence.visible(name)}</span>" for name in shown.named(shown.pieces))
    strips = "".join(_strip(name, each, layer, shown) for name, each in found.items())
    width = any_one.layers[layer].shape[1]
    why = say(shown.language, "inside.states_why", units=min(UNITS, width), width=width)
    above = sentence.pieces(shown)
    tokens = len(shown.look.marked)
    return (
        f'{above}<div class="scroll strips" style="--n:{tokens};--at:{shown.row}"><div class="names">{names}</div>'
        f'{strips}</div><p class="why">{why}</p>'
    )


def latent(shown: Shown) -> str:
    """Where a sentence lies in the space of a VAE, the way from there to another, and what the prior holds."""
    found: Latent = shown.look.seen["latent"]
    top = max(float(np.abs(found.mean).max()), 1e-6)
    active = int((found.kl > ACTIVE_NATS).sum())
    bars = "".join(
        f'<li><span class="token">z<sub>{n}</sub></span><i style="--w:{abs(float(mean)) / top:.3f}"></i>'
        f"<b>{signed(float(mean), 2)} ± {deviation:.2f}</b></li>"
        for n, (mean, deviation) in enumerate(zip(found.mean, found.deviation, strict=True), 1)
    )
    parts = [
        ("latent_back", [found.back]),
        ("latent_walk" if found.walk_to else "latent_walk_drawn", found.walk),
        ("latent_drawn", found.drawn),
    ]
    lists = "".join(
        f'<p class="heading">{say(shown.language, f"inside.{key}")}</p>'
        f'<ol class="sentences">{"".join(f"<li>{escape(text)}</li>" for text in texts)}</ol>'
        for key, texts in parts
    )
    why = say(
        shown.language, "inside.latent_why", kl=f"{float(found.kl.sum()):.2f}", active=active, all=len(found.kl)
    )
    return f'{lists}<ol class="bars near">{bars}</ol><p class="why">{why}</p>'


def _strip(name: str, found: States, layer: int, shown: Shown) -> str:
    values = found.layers[layer].T[:UNITS]  # units, tokens
    mean = float(found.layers[layer][shown.row].mean())
    scale = max(1.0, float(np.abs(values).max()))  # what has no bound is drawn against its greatest
    told = say(shown.language, "inside.mean_at", piece=sentence.quoted(shown.piece), mean=signed(mean, 3))
    minus = f'<i class="minus" style="--mask:url({mask(-values / scale)})"></i>' if found.signed else ""
    label = say(shown.language, f"inside.state_{name}")
    return (
        f"<figure><figcaption><b>{label}</b><span>{told}</span></figcaption>"
        f'<div class="strip" style="--rows:{len(values)}"><i style="--mask:url({mask(values / scale)})"></i>{minus}'
        "</div></figure>"
    )
