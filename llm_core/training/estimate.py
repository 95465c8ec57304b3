"""What a run will take on this machine, measured from a few real updates before it begins.

python -m llm_core.training.estimate < config.json prints an Estimate as JSON. It is a process of its own, so that the
server stays without torch and a model that does not fit ends nobody else.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from llm_core.errors import UserError
from llm_core.training import memory
from llm_core.training.config import TrainConfig
from llm_core.training.glance import glance
from llm_core.training.plan import EXAMPLES
from llm_core.training.split import splits
from llm_core.training.state import told

if TYPE_CHECKING:
    from llm_core.training.run import Run

SAMPLE_CHARACTERS = 300_000
MEASURE_S = 2.0
STEPS_MAX = 20
TOKENS_PER_PARAMETER = 1.0
"""Below it a model learns its text by heart. Twenty are best for a given effort (Hoffmann et al. 2022), and the same
text read up to four times counts nearly as new (Muennighoff et al. 2023): five would be comfortable."""
UPDATES_LEAST = 100
UPDATES_TUNED = 50  # of a model that has read much, on examples (docs/training.md)
STATE_BYTES = 12  # a parameter in a checkpoint: itself, and two running means of its gradient
KEPT = 2  # checkpoints
MODEL_BYTES = 2  # a parameter in the finished model
TOKEN_BYTES = 2
TABLE_BYTES = 12  # a k-gram in a finished n-gram model: its key and its count
PORTIONS = 6  # an n-gram model reads the text in so many; see counting.py, which needs torch


@dataclass(frozen=True, slots=True)
class Estimate:
    """`tokens` of the text, `seconds` of the run, `epochs` over the text; a warning is a message with its facts."""

    parameters: int
    memory_bytes: int
    disk_bytes: int
    tokens: int
    seconds: float
    steps: int
    tokens_per_second: float
    epochs: float
    device: str
    precision: str
    warnings: tuple[tuple[str, dict[str, Any]], ...] = ()


def estimate(config: TrainConfig, folder: Path) -> Estimate:
    """Prepare a part of the text in `folder`, make a few updates, and count.

    Raises:
        UserError: what is wrong with the text; `memory_short_for_run`.
    """
    from llm_core.training.run import Run

    seen = glance(config.sources)
    part = config.model_copy(
        update={
            "sources": tuple(_part_of(source) for source in config.sources),
            "feedback": config.feedback.model_copy(update={"prompts": 4}),  # answers take their time
            "budget": config.budget.model_copy(update={"steps": STEPS_MAX, "seconds": None}),
        }
    )
    run = Run(part, folder)
    run.prepare()
    while True:
        try:
            with memory.told_apart():
                measured = _measure(run)
            break
        except memory.OutOfMemory:
            run = Run(memory.with_smaller_passes(run.config), folder)
            run.prepare()
    here = _characters(json.loads((folder / "report.json").read_text(encoding="utf-8")), config)
    whole = seen.characters if here >= SAMPLE_CHARACTERS else here
    tokens = int(max(whole, here) * measured.text_tokens / max(1, here))
    return _counted(config, measured, tokens) if config.family == "ngram" else _told(config, measured, tokens)


@dataclass(frozen=True)
class _Measured:
    parameters: int
    text_tokens: int
    tokens_per_second: float
    tokens_per_step: float
    memory_bytes: int
    device: str
    precision: str


def _measure(run: Run) -> _Measured:
    import torch

    from llm_core.training import precision

    trainer = run.trainer(run.folder / "none")
    model = trainer.model.train()
    updates, began, records = trainer.run(), 0.0, []
    for record in updates:
        records.append(record)
        if len(records) == 1:
            began = time.monotonic()  # the first one warms up
        elif time.monotonic() - began > MEASURE_S or len(records) == STEPS_MAX - 1:
            break
    updates.close()
    tokens = records[-1].tokens - (records[0].tokens if len(records) > 1 else 0)
    cuda = model.device.type == "cuda"
    return _Measured(
        parameters=model.num_parameters(),
        text_tokens=_text_tokens(run),
        tokens_per_second=tokens / max(1e-3, time.monotonic() - began),
        tokens_per_step=records[-1].tokens / len(records),
        memory_bytes=torch.cuda.max_memory_allocated() if cuda else psutil.Process().memory_info().rss,
        device=torch.cuda.get_device_name() if cuda else "CPU",
        precision=str(precision.dtype_on(model.device)).removeprefix("torch."),
    )


def _text_tokens(run: Run) -> int:
    """Of the text that was prepared; of examples, those that are learned from."""
    from llm_core.training.examples import Examples

    stream = run.stream("train")
    if isinstance(stream, Examples):
        return int(stream.lengths.sum())
    return sum(path.stat().st_size for path in (run.folder / "data").glob("*.ids")) // TOKEN_BYTES


def _told(config: TrainConfig, measured: _Measured, tokens: int) -> Estimate:
    budget = config.budget
    pace = measured.tokens_per_step / measured.tokens_per_second
    steps = budget.steps or int((budget.seconds or 0) / pace)
    warnings: list[tuple[str, dict[str, Any]]] = []
    if tokens and not config.start and tokens < TOKENS_PER_PARAMETER * measured.parameters:
        facts = {"tokens": tokens, "parameters": measured.parameters, "ratio": f"{tokens / measured.parameters:.2f}"}
        warnings.append(("runs.warn_data_few", facts))
    tuned = config.start is not None and config.objective in EXAMPLES
    if steps < (UPDATES_TUNED if tuned else UPDATES_LEAST):
        code = "runs.warn_updates_tuned" if tuned else "runs.warn_updates_few"
        warnings.append((code, {"steps": steps}))
    return Estimate(
        parameters=measured.parameters,
        memory_bytes=measured.memory_bytes,
        disk_bytes=measured.parameters * (KEPT * STATE_BYTES + MODEL_BYTES) + tokens * TOKEN_BYTES * 3,
        tokens=tokens,
        seconds=budget.seconds or steps * pace,
        steps=steps,
        tokens_per_second=measured.tokens_per_second,
        epochs=steps * measured.tokens_per_step / tokens if tokens else 0.0,
        device=measured.device,
        precision=measured.precision,
        warnings=tuple(warnings),
    )


def _counted(config: TrainConfig, measured: _Measured, tokens: int) -> Estimate:
    """An n-gram model reads the text once, whatever the budget; its tables grow with the text, at most as fast."""
    parameters = int(measured.parameters * max(1.0, tokens / max(1, measured.text_tokens)))
    told = _told(config, dataclasses.replace(measured, parameters=parameters), tokens)
    return dataclasses.replace(
        told,
        disk_bytes=parameters * TABLE_BYTES + tokens * TOKEN_BYTES * 3,
        seconds=tokens / measured.tokens_per_second,
        steps=PORTIONS,
        epochs=1.0,
        warnings=(),
    )


def _part_of(source: Any) -> Any:
    return source.model_copy(update={"characters": min(source.characters or SAMPLE_CHARACTERS, SAMPLE_CHARACTERS)})


def _characters(report: dict[str, Any], config: TrainConfig) -> int:
    """Of what was prepared; of examples, of what was read of them."""
    sides = sum(report[split].get("characters", 0) for split in splits(config) if split in report)
    return sides or sum(source["characters"] for source in report["sources"])


def main() -> None:
    """Read a configuration from stdin; print what the run will take, or the error that it would meet."""
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    import torch

    torch.set_num_threads(threads)
    config = TrainConfig.model_validate(json.load(sys.stdin))
    beside = Path(sys.argv[2]) if len(sys.argv) > 2 else None  # the runs, one of which it may begin with
    folder = Path(tempfile.mkdtemp(prefix=".estimate-", dir=beside))
    try:
        said: dict[str, Any] = {"answer": dataclasses.asdict(estimate(config, folder))}
    except UserError as error:
        said = {"error": told(error)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
