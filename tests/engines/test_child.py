"""The child process: it ends when its parent does, and its own end is one clear message."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from llm_core.engines.base import Opening, Sampling, Writing
from llm_core.engines.llama import Llama
from llm_core.errors import UserError
from llm_core.settings import Settings
from tests.engines.replies import GREEDY, ask, eventually, reply, text_of, until

PARENT = """
import sys
from pathlib import Path
from llm_core.engines.base import Message, Opening, Sampling
from llm_core.engines.llama import Llama
from llm_core.settings import Settings

engine = Llama("tiny", Path(sys.argv[1]), Settings(home=Path(sys.argv[2]), offline=True))
for step in engine.generate([[Message("user", "Hello.")]], Sampling(max_tokens=100_000)):
    if (sys.argv[3] == "opening") == isinstance(step, Opening):
        print(engine._current.child.pid, flush=True)
        sys.stdin.read()
"""


def test_a_child_killed_in_the_middle_of_a_reply_is_reported_and_replaced(own_engine: Llama) -> None:
    steps = own_engine.generate([ask("Hello.")], Sampling(max_tokens=100_000))
    until(steps, lambda step: isinstance(step, Writing))
    psutil.Process(pid_of(own_engine)).kill()
    with pytest.raises(UserError) as error:
        list(steps)
    assert error.value.code == "engine_died"
    assert error.value.facts["model"] == "tiny"
    assert reply(own_engine, "Hello.")[1].reply_tokens == 24


def test_who_waits_in_line_when_the_child_dies_is_served_by_the_next_one(own_engine: Llama) -> None:
    running = [own_engine.generate([ask("Hello.")], Sampling(max_tokens=100_000)) for _ in range(2)]
    for steps in running:
        until(steps, lambda step: isinstance(step, Writing))
    waiting = own_engine.generate([ask("Me too.")], GREEDY)
    next(waiting)
    psutil.Process(pid_of(own_engine)).kill()
    for steps in running:
        with pytest.raises(UserError, match="engine_died"):
            list(steps)
    assert len(text_of(waiting)) >= 24


def test_a_child_found_dead_is_replaced_without_a_word(own_engine: Llama) -> None:
    first, _ = reply(own_engine, "Hello.")
    child = psutil.Process(pid_of(own_engine))
    child.kill()
    assert reply(own_engine, "Hello.")[0] == first


def test_stopping_while_it_opens_ends_it(own_engine: Llama) -> None:
    steps = own_engine.generate([ask("Hello.")], GREEDY)
    assert isinstance(next(steps), Opening)
    child = psutil.Process(pid_of(own_engine))
    steps.close()
    assert eventually(lambda: not child.is_running())
    assert reply(own_engine, "Hello.")[1].reply_tokens == 24


def test_one_of_two_who_wait_for_opening_may_leave(own_engine: Llama) -> None:
    both = [own_engine.generate([ask("Hello.")], GREEDY) for _ in range(2)]
    for steps in both:
        next(steps)
    both[0].close()
    assert len(text_of(both[1])) >= 24


def test_a_model_that_takes_too_long_to_open_is_given_up(tiny_gguf: Path, settings: Settings) -> None:
    engine = Llama("slow", tiny_gguf, settings.model_copy(update={"model_load_s": 0.001}))
    with pytest.raises(UserError, match="engine_timeout"):
        list(engine.generate([ask("Hello.")], GREEDY))
    engine.close()


def test_closing_frees_everything_and_the_engine_can_be_used_again(own_engine: Llama) -> None:
    reply(own_engine, "Hello.")
    child = psutil.Process(pid_of(own_engine))
    own_engine.close()
    assert not child.is_running()
    assert not own_engine.is_open
    assert reply(own_engine, "Hello.")[1].reply_tokens == 24


def test_closing_while_it_opens_tells_who_waits(own_engine: Llama) -> None:
    steps = own_engine.generate([ask("Hello.")], GREEDY)
    next(steps)
    own_engine.close()
    with pytest.raises(UserError, match=r"model_unusable|engine_died"):
        list(steps)


def test_opening_and_closing_leaves_nothing_behind(own_engine: Llama) -> None:
    def round_trip() -> tuple[int, int]:
        reply(own_engine, "Hello.")
        with pytest.raises(UserError):
            list(own_engine.generate([ask("x" * 40_000)], GREEDY))
        own_engine.close()
        return threading.active_count(), len(psutil.Process().open_files()) + len(psutil.Process().net_connections())

    others = psutil.Process().children()
    before = round_trip()
    assert [round_trip() for _ in range(3)] == [before] * 3
    assert psutil.Process().children() == others


@pytest.mark.parametrize("moment", ["opening", "writing"])
def test_the_child_ends_when_its_parent_is_killed(moment: str, tiny_gguf: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tiny_gguf), str(tmp_path), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    assert eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C reaches no child on Windows")
def test_ctrl_c_in_the_terminal_is_the_parents_business(own_engine: Llama) -> None:
    reply(own_engine, "Hello.")
    pid = pid_of(own_engine)
    os.kill(pid, signal.SIGINT)
    reply(own_engine, "Hello.")
    assert pid_of(own_engine) == pid


def test_no_secret_stands_on_the_command_line(own_engine: Llama) -> None:
    reply(own_engine, "Hello.")
    assert own_engine._current is not None
    child = own_engine._current.child
    process = psutil.Process(child.pid)
    assert len(child.key) > 20
    assert child.key not in " ".join(process.cmdline())
    assert child.key not in " ".join(process.environ().values())


def pid_of(engine: Llama) -> int:
    """The process of the child that is there now."""
    assert engine._current is not None
    return engine._current.child.pid
