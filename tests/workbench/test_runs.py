"""Training runs through the workbench: real processes, tiny models."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.settings import Settings
from llm_core.training.config import Source, TrainConfig
from llm_core.training.state import State
from llm_core.workbench.run_state import new_lines
from llm_core.workbench.runs import Runs

WAIT_S = 100
WORDS = ["the", "red", "fox", "sees", "a", "river", "and", "white", "horse", "finds", "an", "old", "book"]
TINY = {
    "shape": {"hidden": 16, "layers": 1, "heads": 2, "kv_heads": 1, "feed_forward": 32},
    "batch": {"context": 16, "micro_tokens": 64},
    "tokenizer": {"kind": "byte-bpe", "vocabulary": 300},
    "prompts": [],
}


def wait_until(true: Callable[[], object], s: float = WAIT_S) -> None:
    moment, waited = threading.Event(), 0.0
    while not true():
        assert waited < s, "it never came"
        moment.wait(0.05)
        waited += 0.05


def reached(runs: Runs, name: str, stage: str, owner: str = "") -> bool:
    """Whether the run has come there; a run that fails never will."""
    run = runs.get(owner, name)
    log = runs._settings.paths.run(name) / "job.log"
    assert run.state != "failed", f"{run.error} {log.read_text('utf-8')}"
    return run.state == stage


@pytest.fixture
def text(tmp_path: Path) -> Path:
    state = random.Random(1)
    rows = [{"text": " ".join(state.choice(WORDS) for _ in range(60))} for _ in range(60)]
    path = tmp_path / "text.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def runs(settings: Settings) -> Iterator[Runs]:
    """Whatever a test leaves running is ended."""
    runs = Runs(settings)
    yield runs
    for run in runs.list(""):
        runs.delete("", run.name)


@pytest.fixture
def planned(runs: Runs, text: Path) -> Callable[..., TrainConfig]:
    def planned(name: str, steps: int, **more: Any) -> TrainConfig:
        return runs.plan("", name=name, texts=[text], steps=steps, size="tiny", more=TINY | more)

    return planned


@pytest.mark.timeout(600)
def test_one_trains_while_the_next_waits_and_a_pause_gives_way(runs, planned):
    long = runs.start("", planned("long", 100_000))
    assert (long.state, long.place) == ("queued", 0)
    short = runs.start("", planned("short", 3))
    assert (short.state, short.place) == ("queued", 1)
    with pytest.raises(UserError, match="run_exists"):
        runs.start("", planned("short", 3))

    wait_until(lambda: reached(runs, "long", "training") and runs.get("", "long").step > 2)
    lines, end = runs.metrics("", "long")
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert runs.get("", "short").place == 1
    runs.pause("", "long")
    wait_until(lambda: reached(runs, "long", "paused"))
    paused_at = runs.get("", "long").step
    assert runs.metrics("", "long", end)[0][-1]["step"] == paused_at

    wait_until(lambda: reached(runs, "short", "done"))
    done = runs.get("", "short")
    assert done.step == done.steps == 3
    assert done.perplexity > 1
    assert done.error is None
    with pytest.raises(UserError, match="run_finished"):
        runs.resume("", "short")

    runs.resume("", "long")
    wait_until(lambda: runs.get("", "long").step > paused_at)
    runs.stop("", "long")
    wait_until(lambda: reached(runs, "long", "done"))
    assert (runs._settings.paths.run("long") / "model" / "model.safetensors").exists()


@pytest.mark.timeout(300)
def test_a_process_that_was_killed_is_seen_and_the_run_goes_on(runs, planned):
    runs.start("", planned("fallen", 100_000))
    wait_until(lambda: runs.get("", "fallen").step > 2)
    kept = State.read(runs._settings.paths.run("fallen"))
    psutil.Process(kept.pid).kill()
    wait_until(lambda: runs.get("", "fallen").state == "paused")
    assert runs.get("", "fallen").error.code == "run_interrupted"

    server = Runs(runs._settings)  # another one, begun later: it finds the run and what it has said
    assert [run.name for run in server.list("")] == ["fallen"]
    assert server.resume("", "fallen").state == "queued"
    wait_until(lambda: reached(server, "fallen", "training"))
    assert server.get("", "fallen").error is None
    server.delete("", "fallen")
    assert server.list("") == []
    assert not runs._settings.paths.run("fallen").exists()


@pytest.fixture
def public(tmp_path: Path) -> Runs:
    return Runs(Settings(home=tmp_path / "home", offline=True, host="0.0.0.0", runs_max=3, runs_under_way_max=2))


def put(runs: Runs, name: str, owner: str, stage: str = "done") -> None:
    """A run as its process leaves it; of one under way this test is the process."""
    folder = runs._settings.paths.run(name)
    folder.mkdir(parents=True)
    me = psutil.Process()
    State(stage, owner=owner, pid=me.pid, pid_started=me.create_time()).write(folder)  # type: ignore[arg-type]
    (folder / "config.json").write_text('{"family": "lstm", "size": "tiny", "objective": "language"}', "utf-8")


def test_nobody_sees_or_touches_anothers_run(public):
    put(public, "mine", "token")
    put(public, "theirs", "other")
    assert [run.name for run in public.list("token")] == ["mine"]
    for forbidden in (public.get, public.pause, public.stop, public.resume, public.delete, public.metrics):
        with pytest.raises(UserError, match="run_unknown"):
            forbidden("token", "theirs")
        with pytest.raises(UserError, match="run_unknown"):
            forbidden("token", "../theirs")
    assert public.list("") == []


def test_a_visitor_who_begins_ten_runs_is_told_where_it_ends(public, text):
    config = public.plan("token", texts=[text], seconds=60)
    put(public, "one", "token", "training")
    put(public, "two", "token", "queued")
    for _ in range(8):
        with pytest.raises(UserError, match="runs_waiting"):
            public.start("token", config)
    put(public, "three", "token")
    with pytest.raises(UserError, match="runs_full"):
        public.start("token", config)
    assert len(public.list("token")) == 3


def test_what_a_stranger_may_take_has_limits(tmp_path, text):
    def settings(**limits: Any) -> Runs:
        return Runs(Settings(home=tmp_path / "home", offline=True, host="0.0.0.0", **limits))

    long = settings().plan("token", texts=[text], seconds=1e6)
    with pytest.raises(UserError, match="run_long"):
        settings().start("token", long)
    short = settings().plan("token", texts=[text], seconds=60)
    with pytest.raises(UserError, match="training_text_big"):
        settings(training_text_bytes_max=10).start("token", short)
    with pytest.raises(UserError, match="runs_disk_full"):
        settings(runs_bytes_max=10).start("token", short)
    folder = settings().plan("token", texts=[text.parent], seconds=60)
    with pytest.raises(UserError, match="source_missing"):
        settings().start("token", folder)
    assert settings().list("token") == []


@pytest.mark.timeout(300)
def test_what_a_visitor_pastes_is_kept_with_the_run_and_a_taken_name_gives_nothing_away(runs, public, text):
    put(public, "story", "other")
    config = public.plan(
        "token", paste="The fox sees the moon. " * 400, name="story", steps=2, size="tiny", more=TINY
    )
    begun = public.start("token", config)
    assert begun.name == "story-2"
    folder = public._settings.paths.run("story-2")
    [source] = public.config("token", "story-2").sources
    assert source.path.parent == folder / "text"
    wait_until(lambda: reached(public, "story-2", "done", "token"))
    public.delete("token", "story-2")
    assert not folder.exists()
    with pytest.raises(UserError, match="training_text_missing"):
        public.plan("token", paste="  ")


@pytest.mark.timeout(300)
def test_an_estimate_is_measured_and_warns_of_too_little_text(runs, planned):
    found = collect(runs.estimate("", planned("x", 50)))
    assert found.parameters > 5000
    assert found.tokens > 500
    assert found.memory_bytes > 1e8
    assert found.seconds > 0
    assert {code for code, _ in found.warnings} == {"runs.warn_data_few", "runs.warn_updates_few"}
    empty = planned("x", 50).model_copy(update={"sources": (Source(path=Path("/nowhere.txt")),)})
    with pytest.raises(UserError, match="source_missing"):
        collect(runs.estimate("", empty))


def test_numbers_that_were_written_anew_are_read_from_their_beginning(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"st', encoding="utf-8")
    lines, at = new_lines(path, 0)
    assert [line["step"] for line in lines] == [1, 2]
    path.write_text('{"step": 1}\n{"step": 2, "loss": 1.5}\n{"step": 3}\n', encoding="utf-8")
    assert [line["step"] for line in new_lines(path, at)[0]] == [1, 2, 3]
    path.write_text('{"step": 1}\n', encoding="utf-8")
    assert [line["step"] for line in new_lines(path, at)[0]] == [1]
    assert new_lines(path, 12) == ([], 12)
