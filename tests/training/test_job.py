"""What goes wrong in the middle of a run, inside the process that trains: memory, disk, damage, hostile files."""

import dataclasses
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from llm_core import machine
from llm_core.atomic import sha256_of
from llm_core.training import state
from llm_core.training.config import TrainConfig
from llm_core.training.families import FAMILIES
from llm_core.training.job import Job
from llm_core.training.state import State

Begun = Callable[..., tuple[Job, Path]]


@pytest.fixture
def begun(tmp_path: Path, decoder_recipe: dict[str, Any]) -> Begun:
    """A job for the tiny decoder in a folder of its own; keyword arguments replace parts of the recipe."""

    def begun(keep_free_bytes: int = 0, **changes: Any) -> tuple[Job, Path]:
        config = TrainConfig.model_validate(decoder_recipe | {"prompts": []} | changes)
        folder = tmp_path / "runs" / config.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(config.model_dump_json(), "utf-8")
        return Job(folder, threads=1, keep_free_bytes=keep_free_bytes), folder

    return begun


def worked(job: Job) -> State:
    """The state that the job leaves behind."""
    job.work(State("queued", ticket=time.time()))
    ended = State.read(job.folder)
    assert ended is not None
    return ended


def losses(folder: Path) -> dict[int, float]:
    lines = map(json.loads, (folder / "metrics.jsonl").read_text("utf-8").splitlines())
    return {line["step"]: line["loss"] for line in lines if "loss" in line}


def with_small_memory(monkeypatch: pytest.MonkeyPatch, sequences: int, after: int, error: Exception) -> None:
    """Decoders raise `error` for batches of more than so many sequences, from their pass number `after` on."""
    family = FAMILIES["decoder"]
    passes = 0

    def refuse(module: nn.Module, args: tuple[Any, ...], inputs: dict[str, Any]) -> None:
        nonlocal passes
        passes += 1
        if passes > after and len(inputs["input_ids"]) > sequences:
            raise error

    def build(*args: Any) -> Any:
        model = family.build(*args)
        model.base_model.register_forward_pre_hook(refuse, with_kwargs=True)
        return model

    monkeypatch.setitem(FAMILIES, "decoder", dataclasses.replace(family, build=build))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to allocate"),
    ],
    ids=["GPU", "CPU"],
)
def test_when_memory_runs_out_smaller_passes_go_on_from_the_last_checkpoint(
    begun: Begun, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    plain, folder = begun(name="plain")
    assert worked(plain).state == "done"
    with_small_memory(monkeypatch, sequences=3, after=9, error=error)  # 8 sequences a pass, 2 passes an update
    short, other = begun(name="short", budget={"steps": 12, "evaluate_every": 6, "checkpoint_every_seconds": 0.001})
    ended = worked(short)
    assert (ended.state, ended.error, ended.step) == ("done", None, 12)
    said = [(notice["code"], notice["facts"]) for notice in ended.notices]
    assert said == [
        ("batch_halved", {"before": 256, "after": 128}),
        ("batch_halved", {"before": 128, "after": 64}),
    ]
    batch = json.loads((other / "config.json").read_text("utf-8"))["batch"]
    assert (batch["micro_tokens"], batch["accumulate"]) == (64, 8)
    assert list(losses(other)) == list(range(1, 13))
    assert losses(other) == pytest.approx(losses(folder), rel=0.02)  # the same text, added up in another order


def test_when_even_one_sequence_does_not_fit_it_says_what_to_do(
    begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_small_memory(monkeypatch, sequences=0, after=0, error=MemoryError())
    short, _ = begun()
    ended = worked(short)
    assert (ended.state, ended.error) == ("failed", {"code": "memory_short_for_run", "facts": {"tokens": 32}})


def test_other_trouble_is_not_taken_for_a_lack_of_memory(begun: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    with_small_memory(monkeypatch, sequences=3, after=9, error=RuntimeError("shapes cannot be multiplied"))
    ended = worked(begun()[0])
    assert ended.state == "failed"
    assert ended.error and ended.error["code"] == "run_failed"
    assert ended.notices == ()


def test_a_disk_that_is_nearly_full_pauses_the_run_and_it_goes_on_when_there_is_room(begun: Begun) -> None:
    free = machine.free_disk_bytes(begun()[1])
    full, folder = begun(keep_free_bytes=2 * free, budget={"steps": 12, "checkpoint_every_seconds": 0.001})
    ended = worked(full)
    assert (ended.state, ended.step) == ("paused", 1)
    assert ended.error and ended.error["code"] == "disk_short"
    assert list((folder / "checkpoints").glob("step-*")) == []
    assert worked(begun(keep_free_bytes=1)[0]).state == "done"


def test_a_loss_that_is_no_number_ends_the_run_with_advice(begun: Begun) -> None:
    wild = {"optimizer": "adamw", "learning_rate": 1e38, "warmup_steps": 0}
    ended = worked(begun(optimize=wild)[0])
    assert ended.state == "failed"
    assert ended.error and ended.error["code"] == "run_diverged"


class _Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[Path, str]]:
        return (Path.write_text, (self.target, "x"))


def test_damaged_and_hostile_checkpoints_give_way_to_the_last_good_one(begun: Begun, tmp_path: Path) -> None:
    whole, folder = begun(name="whole")
    worked(whole)
    cut, other = begun(name="cut", budget={"steps": 12, "evaluate_every": 6, "checkpoint_every_seconds": 0.001})
    wishes = iter(["go"] * 5 + ["pause"])
    pausing = dataclasses.replace(cut)
    object.__setattr__(pausing, "_wish", lambda: next(wishes))
    assert worked(pausing).state == "paused"
    checkpoints = sorted((other / "checkpoints").glob("step-*"))
    assert len(checkpoints) == 2
    weights = checkpoints[-1] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    hostile = other / "checkpoints" / "step-00000099"  # newer than all, and sealed as it should be
    hostile.mkdir()
    bomb = pickle.dumps(_Bomb(tmp_path / "exploded"))
    for name in ("model.safetensors", "optimizer.safetensors", "state.json", "pytorch_model.bin"):
        (hostile / name).write_bytes(bomb)
    digests = {path.name: sha256_of(path) for path in hostile.iterdir()}
    (hostile / "manifest.json").write_text(json.dumps(digests), "utf-8")

    ended = worked(cut)
    assert not (tmp_path / "exploded").exists()
    assert (ended.state, ended.step) == ("done", 12)
    assert losses(other) == losses(folder)


def test_a_pause_asked_for_while_it_waits_ends_it_before_it_begins(begun: Begun) -> None:
    waiting, folder = begun()
    state.ask(folder, "pause")
    ended = worked(waiting)
    assert (ended.state, ended.step) == ("paused", 0)
    assert state.asked(folder) == "go"
