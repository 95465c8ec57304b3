"""A run as one small file that can be replayed where nothing can be trained: its curves and what it wrote, thinned.

python -m llm_core.training.record FOLDER --make FAMILY [FAMILY ...] [--seconds S]   train short runs, record each
python -m llm_core.training.record FOLDER --run RUN_FOLDER [RUN_FOLDER ...]           record finished runs
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_core.atomic import writing
from llm_core.training.config import Source, TrainConfig
from llm_core.training.metrics import earlier
from llm_core.training.plan import plan

POINTS_MAX, LOOKS_MAX = 160, 32
SAMPLE_CHARS_MAX = 240
PARAMETERS = 300_000
SAMPLES = {"vae": "sentences-en", "seq2seq": "sentences-zh-en"}
"""What each family is recorded on, where it is not the stories."""
CURVE_FILE = "curve.jsonl"
STORIES, BEGINNINGS = "stories-en", ("In the morning", "“Where is")
PROMPTS: Mapping[str, Sequence[str]] = {
    "encoder": ("Vera was so glad <mask> she danced.", "Pour the <mask> into small cups."),
}
"""What a family is asked for on the stories, where it is not to go on from BEGINNINGS."""
ENCODER: Mapping[str, Any] = {
    "shape": {"hidden": 64, "layers": 2, "feed_forward": 256, "dropout": 0.0},
    "optimize": {"optimizer": "muon", "learning_rate": 0.02},
    "batch": {"context": 64, "micro_tokens": 2048},
}
"""Of about as many parameters as the others. With AdamW at 0.004 it stopped at 5.80 nats a hidden piece after 600
updates, the commonest pieces everywhere; so it had 5.26 after 900, and guessed 15% right.
"""
_KEPT = ("valid_loss", "bits_per_char", "samples", "extra")


def recorded(folder: Path) -> dict[str, Any]:
    """What is kept of the run in `folder`.

    Returns:
        family, sample, parameters, prompts, seconds, steps; `curve`: [[step, train loss], ...]; `looks`: step,
        seconds, valid_loss, bits_per_char, samples and extra of some looks, more of them at the beginning.
    """
    config = TrainConfig.model_validate_json((folder / "config.json").read_text(encoding="utf-8"))
    lines = list(earlier(folder))
    updates = [line for line in lines if "valid_loss" not in line]
    looks = [line for line in lines if "valid_loss" in line]
    return {
        "family": config.family,
        "sample": config.sources[0].name,
        "parameters": _parameters(folder),
        "prompts": config.prompts,
        "steps": updates[-1]["step"],
        "seconds": round(updates[-1]["seconds"], 1),
        "curve": [[line["step"], round(line["loss"], 4)] for line in _evenly(updates, POINTS_MAX)],
        "looks": [_look(line) for line in thinned(looks, LOOKS_MAX)],
    }


def thinned(looks: Sequence[Any], most: int) -> list[Any]:
    """At most so many: the first, the last, and between them more of the beginning, where most is learned."""
    if len(looks) <= most:
        return list(looks)
    places = {round(len(looks) ** (i / (most - 1))) - 1 for i in range(most)}
    return [looks[place] for place in sorted(places)]


def write(record: dict[str, Any], folder: Path) -> Path:
    """Put it into `folder` under the name of its family."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record['family']}.json"
    with writing(path, "w") as out:
        json.dump(record, out, ensure_ascii=False, separators=(",", ":"))
    return path


def short_run(family: str, seconds: float) -> TrainConfig:
    """A run that is worth a recording."""
    source = Source(sample=SAMPLES.get(family, STORIES))
    sized = {} if family in ("ngram", "seq2seq", "encoder") else {"parameters": PARAMETERS}
    begun = {} if family in SAMPLES else {"prompts": PROMPTS.get(family, BEGINNINGS)}
    batch = {"context": 64, "micro_tokens": 1024}
    own = ENCODER if family == "encoder" else {}
    more = {"budget": {"evaluate_every": 20}, "batch": batch, **sized, **begun, **own}
    return plan(f"replay-{family}", [source], family=family, size="tiny", seconds=seconds, more=more)


def write_curve(run: Path, model: Path) -> None:
    """Put the figures of a run beside its model, as lines that its metrics have, fewer of them."""
    record = recorded(run)
    updates = [{"step": step, "loss": loss} for step, loss in record["curve"]]
    looks = [{**look, "samples": []} for look in record["looks"]]
    lines = sorted([*updates, *looks], key=lambda line: (line["step"], "valid_loss" in line))
    with writing(model / CURVE_FILE, "w") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _look(line: dict[str, Any]) -> dict[str, Any]:
    kept = {name: line[name] for name in _KEPT if line.get(name)}
    kept["samples"] = [sample[:SAMPLE_CHARS_MAX] for sample in line["samples"]]
    return {"step": line["step"], "seconds": round(line["seconds"], 1), **_rounded(kept)}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def _evenly(lines: Sequence[Any], most: int) -> list[Any]:
    step = -(-len(lines) // most)
    return [*lines[:-1:step], lines[-1]]


def _parameters(folder: Path) -> int:
    card = json.loads((folder / "model" / "card.json").read_text(encoding="utf-8"))
    return int(card["parameters"])


def main() -> None:
    """Record, and say how large each file is."""
    parser = argparse.ArgumentParser(prog="python -m llm_core.training.record")
    parser.add_argument("folder", type=Path, help="where the files are put")
    parser.add_argument("--make", nargs="*", default=[], metavar="FAMILY", help="train a short run of it first")
    parser.add_argument("--run", nargs="*", default=[], type=Path, metavar="RUN_FOLDER", help="a run that is done")
    parser.add_argument("--seconds", type=float, default=80.0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    for run in options.run:
        _tell(write(recorded(run), options.folder))
    for family in options.make:
        with tempfile.TemporaryDirectory() as folder:
            made = _made(family, options.seconds, options.threads, Path(folder) / family)
            _tell(write(made, options.folder))


def _made(family: str, seconds: float, threads: int, folder: Path) -> dict[str, Any]:
    import torch

    from llm_core.training.run import Run

    torch.set_num_threads(threads)
    run = Run(short_run(family, seconds), folder)
    run.prepare()
    for _ in run.train():
        pass
    return recorded(folder)


def _tell(path: Path) -> None:
    print(f"{path.name}: {path.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
