"""A whole configuration out of the little that a person says, and why each value is as it is. No torch, no model.

The reasons are derived from the configuration, so that they stay true of one that was changed by hand.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.training.columns import PAIRS, with_columns
from llm_core.training.config import FRESH, Size, Source, TrainConfig
from llm_core.training.glance import Glance, first_questions, glance
from llm_core.training.samples import SAMPLES

Reason = tuple[str, dict[str, Any]]
"""A key of the messages, and its facts."""

# What so many characters of text can fill: about one parameter for one to five of them.
SIZES: tuple[tuple[int, Size], ...] = ((5_000_000, "tiny"), (60_000_000, "small"), (300_000_000, "medium"))
SHORT_S = 1200.0  # in which only the smallest size learns on a CPU
PIECES = ((100_000, 512), (500_000, 1024), (3_000_000, 2048), (30_000_000, 8192))
PIECES_MAX = 16_384
CHARACTERS_MAX = 8192  # of a Chinese text cut into its characters
CHINESE = 0.3  # of the letters: from here on a text counts as Chinese
SECONDS = 180.0
SMALL_TEXT = 1_000_000  # characters; less is soon learned by heart
PATIENCE = 8  # looks
CONTEXTS = (32, 64, 128, 256)
LOOKS = 10
CONVERSATIONS = ("chat", "preference")
EXAMPLES = ("label", "relation", "tags", "span", "contrastive")
"""Objectives that are learned from examples: too few of them to learn a language from."""
ENCODER = "e5-zh-en"
"""What an encoder begins with that learns from examples, unless `start` says otherwise; it comes along."""
ADAMW_RATES = {"vae": 0.01}
"""The VAE's annealing was fitted to it."""
MUON_RATES = {"decoder": 0.01, "encoder": 0.01, "seq2seq": 0.004}  # a translator stands still at 0.006 (docs/log.md)
MUON_RATE = 0.02  # of the small families: an LSTM comes as far in a third of the updates (docs/log.md)
TUNING_RATE, ADAPTER_RATE = 3e-4, 1e-3
ENCODER_RATE = 1e-4  # measured in the log of training: at twice as much an encoder forgets
HALF_RATE = 2e-4  # where only its upper layers learn
LOWER_HALF = ("embeddings.", *(f"encoder.layer.{number}." for number in range(6)))
"""Of ENCODER's twelve layers: in the same short time the others learn as much alone (decision 0020)."""
EXAMPLE_TOKENS = {"contrastive": 2048}
"""Of an update: the others of a batch are what a pair is told apart from."""
EXAMPLE_TOKENS_USUAL = 512  # ten or twenty examples: in a minute many small updates teach more than few large ones


def plan(
    name: str,
    sources: Sequence[Source],
    *,
    family: str = "decoder",
    size: Size | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    more: Mapping[str, Any] | None = None,
    columns: Sequence[str] = (),
) -> TrainConfig:
    """A configuration for the sources, with what is not said filled in to suit them.

    Args:
        name: of the run.
        sources: of text.
        family: of the model.
        size: of the model.
        steps: updates; or
        seconds: of training; three minutes where neither is given.
        more: entries of a TrainConfig that take the place of what stands here; those of its parts are merged.
        columns: of tables, by their role in what is learned; see `columns.ROLES`. Others are found by their names.

    Raises:
        pydantic.ValidationError: an entry does not fit.
        UserError: `name_unusable`.
    """
    more = _with_start(more or {}, family)
    seen = glance(sources)
    long = seconds or (None if steps else SECONDS)
    held_out = 0.1 if seen.characters < SMALL_TEXT else 0.02
    context = _context(seen.characters * held_out)
    chosen: dict[str, Any] = {
        "name": name,
        "family": family,
        "objective": "masked" if family == "encoder" else "language",
        "size": size or size_for(seen.characters, long),
        "languages": _languages(seen),
        "sources": _with_fields(sources, seen, family, more.get("objective", "language"), columns),
        "tokenizer": _tokenizer(seen, family),
        "validation_fraction": held_out,
        "batch": {"context": context, "micro_tokens": max(2048, 8 * context)},
        "optimize": _optimize(family),
        "budget": {
            "steps": steps,
            "seconds": long,
            "evaluate_every": _between_looks(seen, steps, more),
            "patience": PATIENCE if _is_soon_known(seen, family, more) else None,
            "checkpoint_every_seconds": 30,
        },
        "prompts": _prompts(seen, family),
    }
    chosen |= _tuning(sources, more, long)
    return TrainConfig.model_validate(_merged(chosen, more))


def reasons(config: TrainConfig) -> list[Reason]:
    """Why size, pieces, context and budget suit the text."""
    seen = glance(config.sources)
    if not seen.characters:  # still to be fetched, or nothing at all
        return _length(config)
    found: list[Reason] = [
        (_why_size(config, seen.characters), {"size": config.size, "characters": seen.characters}),
        (f"runs.reason_pieces_{config.tokenizer.kind.replace('-', '_')}", {"pieces": config.tokenizer.vocabulary}),
        ("runs.reason_context", {"context": config.batch.context, "held": config.validation_fraction}),
    ]
    if config.start is not None:
        found = [("runs.reason_start", {"name": config.start}), found[-1]]
        if config.freeze == LOWER_HALF:
            found.append(("runs.reason_half", {}))
    elif config.family == "encoder" and config.objective in EXAMPLES:
        found.append(("runs.reason_fresh", {"name": ENCODER}))
    return found + _length(config)


def _why_size(config: TrainConfig, characters: int) -> str:
    if config.size == size_for(characters, None):
        return "runs.reason_size"
    short = config.size == size_for(characters, config.budget.seconds)
    return "runs.reason_size_short" if short else "runs.reason_size_given"


def _length(config: TrainConfig) -> list[Reason]:
    if config.family == "ngram":
        return [("runs.reason_counted", {})]
    found: list[Reason] = [("runs.reason_seconds", {"t": config.budget.seconds})] if config.budget.seconds else []
    if config.budget.patience:
        found.append(("runs.reason_patience", {"n": config.budget.patience}))
    return found


def size_for(characters: int, seconds: float | None) -> Size:
    """The size that so many characters can fill, and that so many seconds can train on this machine."""
    if seconds and seconds < SHORT_S and not _has_gpu():
        return "tiny"
    return next((size for most, size in SIZES if characters <= most), "base")


def name_for(sources: Sequence[Source], family: str) -> str:
    """What to call a run that nobody named."""
    stem = re.sub(r"[^\w\-]+", "-", sources[0].name.partition(".")[0]).strip("-_")[:40] or "text"
    return f"{stem}-{family}"


def _has_gpu() -> bool:
    """Whether NVIDIA's driver is here; torch would take seconds to say so."""
    return shutil.which("nvidia-smi") is not None


def _context(held_out: float) -> int:
    """The longest context of which the held-out text fills two, a token taken for two characters."""
    return max([CONTEXTS[0], *(context for context in CONTEXTS if held_out / 2 >= 4 * context)])


def _tokenizer(seen: Glance, family: str) -> dict[str, Any]:
    if family == "seq2seq":
        return {"kind": "unigram", "vocabulary": _pieces(seen.characters)}
    if seen.chinese > CHINESE and seen.characters < PIECES[-2][0]:
        return {"kind": "char", "vocabulary": CHARACTERS_MAX}
    return {"kind": "byte-bpe", "vocabulary": _pieces(seen.characters)}


def _pieces(characters: int) -> int:
    return next((pieces for most, pieces in PIECES if characters <= most), PIECES_MAX)


def _between_looks(seen: Glance, steps: int | None, more: Mapping[str, Any]) -> int:
    if steps:
        return min(steps, max(10, steps // LOOKS))
    if more.get("objective") in EXAMPLES:  # whose figures take every example that was kept apart
        return 50
    return 20 if seen.characters < PIECES[0][0] else 50


def _is_soon_known(seen: Glance, family: str, more: Mapping[str, Any]) -> bool:
    """Whether the best weights are likely not the last; a VAE's bound moves with its annealing, and tells nothing."""
    learned = more.get("objective", "language")
    told = learned == "language" or learned in EXAMPLES
    return 0 < seen.characters < SMALL_TEXT and told and family not in ("vae", "ngram")


def _optimize(family: str) -> dict[str, Any]:
    if family in ADAMW_RATES:
        chosen: dict[str, Any] = {"optimizer": "adamw", "learning_rate": ADAMW_RATES[family]}
    else:
        chosen = {"optimizer": "muon", "learning_rate": MUON_RATES.get(family, MUON_RATE)}
    return chosen | {"warmup_steps": 30, "decay_fraction": 0.6}


def _with_start(more: Mapping[str, Any], family: str) -> Mapping[str, Any]:
    """An encoder that is to learn from examples begins with the one that comes along, where nothing else is said."""
    if family == "encoder" and more.get("objective") in EXAMPLES and "start" not in more:
        return {**more, "start": ENCODER}
    return more


def _tuning(sources: Sequence[Source], more: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
    """What suits conversations, and a model that has learned before: small steps, or it forgets."""
    chosen: dict[str, Any] = {}
    if more.get("start") not in (None, FRESH):
        rate = ADAPTER_RATE if more.get("adapter") else TUNING_RATE
        if more.get("objective") in EXAMPLES:
            short = more["start"] == ENCODER and seconds is not None and seconds < SHORT_S and not _has_gpu()
            rate = HALF_RATE if short else ENCODER_RATE
            chosen["freeze"] = LOWER_HALF if short else ("embeddings.word_embeddings",)
            if more["objective"] != "contrastive":  # which makes two views of a text by dropout
                chosen["shape"] = {"dropout": 0.0}
        chosen["optimize"] = {
            "optimizer": "adamw",
            "learning_rate": rate,
            "weight_decay": 0.01,
            "warmup_steps": 10,
            "decay_fraction": 0.6,
        }
    if more.get("objective") in EXAMPLES:
        context = CONTEXTS[-1] if more["objective"] == "span" else CONTEXTS[-2]
        tokens = EXAMPLE_TOKENS.get(more["objective"], EXAMPLE_TOKENS_USUAL)
        chosen["batch"] = {"context": context, "micro_tokens": tokens}
        chosen["prompts"] = ()
    if more.get("objective") in CONVERSATIONS:
        chosen["batch"] = {"context": CONTEXTS[-1], "micro_tokens": 8 * CONTEXTS[-1]}
        chosen["prompts"] = first_questions(sources)
    return chosen


def _languages(seen: Glance) -> tuple[str, ...]:
    if seen.chinese > 1 - CHINESE:
        return ("zh",)
    return ("en",) if seen.chinese < 0.05 else ("zh", "en")


def _with_fields(
    sources: Sequence[Source], seen: Glance, family: str, objective: str, chosen: Sequence[str]
) -> list[Source]:
    """What each source is read for; pairs for a translator: the columns zh and en, or the first two."""
    if family != "seq2seq":
        return [with_columns(source, objective, chosen) for source in sources]
    columns = seen.columns if len(seen.columns) > 1 else ("zh", "en")
    pair = ("zh", "en") if {"zh", "en"} <= set(columns) else columns[:2]
    named = [with_columns(source, PAIRS, chosen) for source in sources]
    return [each if len(each.fields) > 1 else each.model_copy(update={"fields": pair}) for each in named]


def _prompts(seen: Glance, family: str) -> tuple[str, ...]:
    """Beginnings of two sentences of the text, or two sentences to translate, to say again, or to fill a gap in."""
    lines = [" ".join(line.split()) for line in re.split(r"\n|(?<=[.!?。！？])\s*", seen.text)]
    lines = [line for line in lines if len(line) >= 4 and line[0].isalpha()] or ["The "]
    picked = list(dict.fromkeys(lines[i * len(lines) // 3] for i in (1, 2)))
    if family == "seq2seq":
        return tuple(line[:200] for line in picked)
    if family == "vae":  # said again; and a sentence from nothing
        return (*(line[:200] for line in picked), "")
    if family == "encoder":
        return tuple(_with_gap(line) for line in picked)
    return tuple(_beginning(line) for line in picked)


def _beginning(line: str) -> str:
    return line[:4] if "\u3400" <= line[0] <= "\u9fff" else " ".join(line.split()[:2])


def _merged(chosen: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    parts = {
        name: {**chosen[name], **value}
        for name, value in more.items()
        if isinstance(chosen.get(name), dict) and isinstance(value, Mapping)
    }
    return chosen | dict(more) | parts


def sources_of(texts: Sequence[Path], samples: Sequence[str]) -> list[Source]:
    """What a run learns from: files, and corpora that ship with the project.

    Raises:
        UserError: `sample_unknown`, `training_text_missing`.
    """
    if unknown := [sample for sample in samples if sample not in SAMPLES]:
        raise UserError("sample_unknown", name=unknown[0][:80], known=", ".join(SAMPLES))
    sources = [*map(path_source, texts), *(Source(sample=sample) for sample in samples)]
    if not sources:
        raise UserError("training_text_missing")
    return sources


def path_source(path: Path) -> Source:
    """A file of the person's own; on whose terms it is read is theirs to say."""
    return Source(path=path, origin=path.name)


def _with_gap(line: str) -> str:
    """The beginning of a sentence without its middle word, or character."""
    chinese = "\u3400" <= line[0] <= "\u9fff"
    parts = list(line[:16]) if chinese else line.split()[:10]
    parts[len(parts) // 2] = "<mask>"
    return ("" if chinese else " ").join(parts)
