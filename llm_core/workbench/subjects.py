"""What can be looked into: models that are here, and training runs, also while they train. Opened once for all."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core import machine
from llm_core.catalog import bundled
from llm_core.catalog.listing import Entry
from llm_core.catalog.local import SUFFIX
from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, Language, say
from llm_core.models import gguf
from llm_core.models.card import CARD_FILE, ModelCard
from llm_core.settings import Settings

if TYPE_CHECKING:
    from llm_core.insight.opened import Opened
    from llm_core.workbench.models import Models
    from llm_core.workbench.runs import Runs

OPEN_MAX = 3  # two side by side, and the one before
SMALL_BYTES = 200_000_000  # below it one thread is faster than two (engines/transformers.py)
WEIGHTS = "model.safetensors"
SHARED_FILE = "shared.json"  # as models/shared.py names it, which loads torch
UNPACKED = ("llama", "qwen2", "qwen3")  # kinds of GGUF whose attention transformers computes by the plain formula
UNPACKED_BYTES = 6  # a parameter, at the most: 135 M took 0.8 GB, 0.5 B 3.5 GB


@dataclass(frozen=True)
class Subject:
    """One model as it can be looked into; `name` is what the page sends back, and never a path."""

    name: str
    title: Mapping[Language, str]
    family: str  # "" where only opening it will tell
    folder: Path | None = None  # of Transformers; a GGUF file that is to be unpacked
    weights: Path | None = None  # a file, where it is the run in `folder` at an earlier moment
    entry: Entry | None = None
    step: int | None = None  # of a checkpoint


class Subjects:
    """The list of them, and those that are open.

    Args:
        models: the catalog.
        runs: training runs; asked for when they are first needed.
        settings: places.
    """

    def __init__(self, models: Models, runs: Callable[[], Runs], settings: Settings) -> None:
        self._models = models
        self._runs = runs
        self._settings = settings
        self._open: OrderedDict[tuple[Path, int], Opened] = OrderedDict()
        self._lock = threading.Lock()

    def listing(self, owner: str) -> list[Subject]:
        """Folders first, of which most is to be seen."""
        entries = [
            entry
            for entry in self._models.listing(owner)
            if entry.usable and "run" not in entry.sources and not entry.served  # nobody sees inside a server
        ]
        folders = [entry for entry in entries if entry.format == "transformers"]
        files = [entry for entry in entries if entry.format == "gguf"]
        return [
            *map(_of_entry, folders),
            *_bundled(),
            *self._of_runs(owner),
            *map(_of_entry, files),
            *filter(None, map(_unpacked, files)),
        ]

    def find(self, owner: str, name: str) -> Subject:
        """The one called `name`.

        Raises:
            UserError: `inside_unknown`.
        """
        for subject in self.listing(owner):
            if subject.name == name:
                return subject
        raise UserError("inside_unknown", name=name[:80])

    def opened(self, subject: Subject) -> Opened:
        """The open model; one that is not yet open is opened, and the longest unused one goes.

        Raises:
            UserError: `memory_short`, `model_unusable`.
        """
        assert subject.folder is not None
        weights = subject.weights or subject.folder
        with self._lock:
            try:
                key = (weights, weights.stat().st_mtime_ns)
                if key not in self._open:
                    self._open[key] = self._opening(subject)
            except (OSError, ValueError, KeyError, RuntimeError) as error:  # whatever a folder holds
                reason = str(error).partition("\n")[0][:300]
                raise UserError("model_unusable", model=subject.title["en"], reason=reason) from error
            self._open.move_to_end(key)
            while len(self._open) > OPEN_MAX:
                self._open.popitem(last=False)
            return self._open[key]

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            self._open.clear()

    def _opening(self, subject: Subject) -> Opened:
        from llm_core.insight.opened import open_file, open_folder

        assert subject.folder is not None
        if subject.folder.suffix == SUFFIX:
            machine.check_memory(subject.title["en"], _unpacked_bytes(subject.folder))
            return open_file(subject.folder, self._settings.threads or machine.cores())
        files = [subject.weights] if subject.weights else subject.folder.glob("*.safetensors")
        stored = sum(path.stat().st_size for path in files)
        machine.check_memory(subject.title["en"], 2 * stored)  # bfloat16 becomes 32 bits
        threads = self._settings.threads or (1 if stored < SMALL_BYTES else machine.cores())
        if subject.weights is None:
            return open_folder(subject.folder, threads)
        return _open_moment(subject.folder, subject.weights, threads)

    def _of_runs(self, owner: str) -> Iterator[Subject]:
        """The model of each run, and the same at earlier moments: what was kept, and its newest checkpoint."""
        for run in self._runs().list(owner):
            folder = self._settings.paths.run(run.name)
            whole = (folder / "model" / "config.json").exists()
            moments = sorted(_moments(folder / "checkpoints").items(), reverse=True)
            newest = run.step if whole else max((step for step, _ in moments), default=0)
            if whole:
                yield Subject(f"run:{run.name}", dict.fromkeys(LANGUAGES, run.name), run.family, folder / "model")
            for step, weights in moments:
                if whole and step == newest:
                    continue  # the same weights
                # What a run that trains has come to keeps its name while its checkpoints come and go.
                name = f"run:{run.name}" + ("" if step == newest else f":{step}")
                title = dict.fromkeys(LANGUAGES, f"{run.name} · {step:,}")
                yield Subject(name, title, run.family, folder, weights, step=step)


def _moments(checkpoints: Path) -> dict[int, Path]:
    """Step -> file of weights."""
    snapshots = {int(file.stem.rpartition("-")[2]): file for file in checkpoints.glob("snapshot-*.safetensors")}
    whole = {int(file.parent.name.rpartition("-")[2]): file for file in checkpoints.glob(f"step-*/{WEIGHTS}")}
    return snapshots | whole


def _of_entry(entry: Entry) -> Subject:
    folder = entry.path if entry.format == "transformers" else None
    return Subject(f"model:{entry.id}", entry.title, "gguf" if folder is None else "", folder, entry=entry)


def _unpacked(entry: Entry) -> Subject | None:
    """The same file with its weights unpacked, where transformers knows the kind and this machine could hold it."""
    assert entry.path is not None
    need = _unpacked_bytes(entry.path)
    if gguf.read(entry.path).architecture not in UNPACKED or need > machine.memory_bytes():
        return None
    title = {x: say(x, "inside.unpacked", model=entry.title[x], memory=need) for x in LANGUAGES}
    return Subject(f"unpacked:{entry.id}", title, "decoder", entry.path)


def _unpacked_bytes(file: Path) -> int:
    return gguf.read(file).parameters * UNPACKED_BYTES


def _bundled() -> Iterator[Subject]:
    """Bundled encoders and encoder-decoders, which the list of language models leaves out.

    One that shares its weights with another does not stand by itself; its trunk is much that of the other.
    """
    for card_file in sorted(bundled.FOLDER.glob(f"*/{CARD_FILE}")):
        folder = card_file.parent
        config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        family = "seq2seq" if config.get("is_encoder_decoder") else "encoder"
        if (family == "seq2seq" or config["model_type"] == "bert") and not (folder / SHARED_FILE).exists():
            card = ModelCard.read(folder)
            yield Subject(f"model:{card.id}", {x: card.title[x] for x in LANGUAGES}, family, folder)


def _open_moment(run: Path, weights: Path, threads: int) -> Opened:
    """The model of a run as it was at a checkpoint or snapshot; nothing but tensors is read."""
    from safetensors.torch import load_file

    from llm_core.insight.opened import Opened
    from llm_core.training.config import TrainConfig
    from llm_core.training.run import Run

    config = TrainConfig.model_validate_json((run / "config.json").read_text("utf-8"))
    training = Run(config, run)
    model = training.build_model().to("cpu").float()  # type: ignore[arg-type]
    model.load_state_dict(load_file(weights), strict=False)  # tied weights are kept once
    return Opened.of(model, training.tokenizer, threads)
