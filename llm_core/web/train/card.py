"""What there is to know of a run beside its curves: settings, sources, scores, and how to do the same elsewhere."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from llm_core.messages import Language, say
from llm_core.training.config import TrainConfig
from llm_core.training.plan import EXAMPLES
from llm_core.training.samples import SAMPLES
from llm_core.web.frame import escape
from llm_core.web.train.form import CLEANING
from llm_core.web.train.pieces import facts, listed, model_name

if TYPE_CHECKING:
    from llm_core.training.config import Source
    from llm_core.workbench.run_state import RunState

BY_ITSELF = ("language", "masked")
"""Objectives that follow from the family."""
COLUMNS = (
    "step", "seconds", "tokens", "loss", "valid_loss", "bits_per_char", "learning_rate", "gradient_norm",
    "tokens_per_second",
)  # fmt: skip


def settings(config: TrainConfig, run: RunState, language: Language) -> str:
    """What the run was asked to do, what it learned from and on whose terms, and how to ask for it elsewhere."""
    batch, optimize = config.batch, config.optimize
    rows = [
        (say(language, "train.plan_model"), model_name(config, language)),
        (say(language, "train.parameters"), f"{run.parameters:,}" if run.parameters else ""),
        (say(language, "train.plan_pieces"), _pieces(config, language)),
        (say(language, "train.knob_context"), f"{batch.context:,}"),
        (say(language, "train.batch"), f"{batch.micro_tokens:,} × {batch.accumulate}"),
        (say(language, "train.optimizer"), f"{optimize.optimizer}, {optimize.learning_rate:g}"),
        (say(language, "train.step_clean"), listed(_cleaning(config, language), language) if cleans(config) else ""),
        (say(language, "train.knob_seed"), f"{config.seed}"),
    ]
    sources = "".join(f"<li>{_source(source, language)}</li>" for source in config.sources)
    return (
        f'<p class="heading">{say(language, "train.settings")}</p>{facts(rows)}'
        f'<p class="heading">{say(language, "train.sources")}</p><ul class="sources-list">{sources}</ul>'
        f"{_again(config, language)}"
    )


def cleans(config: TrainConfig) -> bool:
    """Whether text is cleaned before it is learned from: examples are learned as they stand."""
    return config.objective not in EXAMPLES


def numbers(lines: Iterable[Mapping[str, Any]]) -> str:
    """The lines of metrics.jsonl as CSV, one row a step."""
    rows: dict[int, dict[str, Any]] = {}
    for line in lines:
        row = rows.setdefault(line["step"], {})
        row |= {name: line[name] for name in COLUMNS if line.get(name) is not None}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[step] for step in sorted(rows))
    return out.getvalue()


def command(config: TrainConfig) -> str:
    """The command that does the same; files are those of the person who types it."""
    words = ["python", "-m", "llm_core", "train", "--name", config.name, "--family", config.family]
    words += ["--size", config.size]
    for source in config.sources:
        words += ["--sample", source.sample] if source.sample else ["--text", _file(source)]
    budget = config.budget
    words += ["--steps", str(budget.steps)] if budget.steps else ["--seconds", f"{budget.seconds:g}"]
    words += ["--seed", str(config.seed)]
    for key, value in _changed(config):
        words += ["--set", f"{key}={value}"]
    return shlex.join(words)


def call(config: TrainConfig) -> str:
    """The same in Python."""
    budget = config.budget
    length = f"steps={budget.steps}" if budget.steps else f"seconds={budget.seconds:g}"
    given = [
        f"name={config.name!r}",
        f"samples={[source.sample for source in config.sources if source.sample]!r}",
        f"family={config.family!r}",
        f"size={config.size!r}",
        length,
    ]
    if files := [_file(source) for source in config.sources if not source.sample]:
        given.insert(1, f"texts=[{', '.join(f'Path({file!r})' for file in files)}]")
    more: dict[str, Any] = {}
    for key, value in _changed(config):
        part, _, entry = key.rpartition(".")
        (more.setdefault(part, {}) if part else more)[entry] = json.loads(value)
    if more:
        given.append(f"more={more!r}")
    return f'runs = Workbench().runs\nruns.start("", runs.plan("", {", ".join(given)}))'


def _again(config: TrainConfig, language: Language) -> str:
    return (
        f'<details class="cmd"><summary>{say(language, "train.script")}</summary>'
        f'<pre tabindex="0"><code>{escape(command(config))}</code></pre>'
        f'<pre tabindex="0"><code>{escape(call(config))}</code></pre></details>'
    )


def _changed(config: TrainConfig) -> Iterable[tuple[str, str]]:
    """Entries that decide what is learned, as YAML reads them."""
    standing = type(config.cleaning)()
    for name in CLEANING:
        if (chosen := getattr(config.cleaning, name)) != getattr(standing, name):
            yield f"cleaning.{name}", json.dumps(chosen)
    if config.objective not in BY_ITSELF:
        yield "objective", json.dumps(config.objective)
    if config.start:
        yield "start", json.dumps(config.start)
    if config.adapter:
        for name in ("rank", "alpha", "merge"):
            yield f"adapter.{name}", json.dumps(getattr(config.adapter, name))
    if config.folds:
        yield "folds", json.dumps(config.folds)
    yield "tokenizer.kind", json.dumps(config.tokenizer.kind)
    yield "tokenizer.vocabulary", json.dumps(config.tokenizer.vocabulary)
    yield "batch.context", json.dumps(config.batch.context)
    yield "batch.micro_tokens", json.dumps(config.batch.micro_tokens)
    yield "optimize.learning_rate", json.dumps(config.optimize.learning_rate)
    for name, value in config.shape.items():
        yield f"shape.{name}", json.dumps(value)


def _pieces(config: TrainConfig, language: Language) -> str:
    if config.start:
        return say(language, "train.pieces_kept", name=config.start)
    kind = say(language, f"train.kind_{config.tokenizer.kind.replace('-', '_')}")
    return f"{kind}, ≤ {config.tokenizer.vocabulary:,}"


def _cleaning(config: TrainConfig, language: Language) -> list[str]:
    return [say(language, f"train.did_{name}") for name in CLEANING if getattr(config.cleaning, name)]


def _source(source: Source, language: Language) -> str:
    if source.sample in SAMPLES:
        sample = SAMPLES[source.sample]
        return f"{escape(say(language, f'{sample.message}_title'))} <small>{escape(sample.licence)}</small>"
    terms = source.licence or say(language, "train.licence_unknown")
    return f"{escape(source.origin or source.name)} <small>{escape(terms)}</small>"


def _file(source: Source) -> str:
    """A file by the name that the person knows, not by where this server keeps it."""
    return source.dataset or source.origin or source.name
