"""The command line as people call it: under other locales, with pipes, at a terminal, and interrupted."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

WAIT_S = 60
FULL = Path("/dev/full")
LONG = ("--max-tokens", "4000", "--seed", "1")

unix = pytest.mark.skipif(os.name == "nt", reason="Windows has neither this signal nor this terminal")


def wait_until(true: Callable[[], object], *, s: float = WAIT_S) -> None:
    moment, waited = threading.Event(), 0.0
    while not true():
        assert waited < s, "it never came"
        moment.wait(0.02)
        waited += 0.02


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize(
    ("locale", "said"),
    [({"LANG": "zh_CN.UTF-8"}, "回复写到4个词元"), ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, "cut at 4 tokens")],
    ids=["zh_CN.UTF-8", "C"],
)
def test_text_is_utf8_whatever_the_locale(begin, locale, said):
    asked = begin("chat", "--max-tokens", "4", "--seed", "1", **locale)
    out, err = asked.communicate("你好，世界".encode(), WAIT_S)
    assert asked.returncode == 0
    assert out.decode().strip()
    assert said in err.decode()
    wrong = begin("chat", "--model", "模型", "hi", **locale)
    out, err = wrong.communicate(b"", WAIT_S)
    assert (wrong.returncode, out, err.count(b"\n")) == (2, b"", 1)
    assert "“模型”" in err.decode()


@unix
def test_ctrl_c_ends_the_reply_the_engine_and_the_program(begin):
    process = begin("chat", "hello", *LONG)
    assert process.stdout.read(1)
    engines = children(process)
    assert engines
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    assert psutil.wait_procs(engines, timeout=5)[1] == []
    assert process.stderr.read() == b""


def test_a_killed_program_leaves_no_engine_behind(begin):
    process = begin("chat", "hello", *LONG)
    assert process.stdout.read(1)
    engines = children(process)
    process.kill()
    assert psutil.wait_procs(engines, timeout=5)[1] == []


def test_an_engine_that_dies_costs_one_line_and_what_was_written_stays(begin):
    process = begin("chat", "hello", *LONG, LANG="zh_CN.UTF-8")
    assert process.stdout.read(1)
    for engine in children(process):
        engine.kill()
    out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert out.endswith(b"\n")
    assert err.count(b"\n") == 1
    assert "tiny" in err.decode()


@pytest.mark.skipif(not FULL.exists(), reason="Linux has a device that is always full")
def test_a_full_disk_and_a_reader_that_leaves(begin):
    with FULL.open("wb") as full:
        process = begin("models", stdout=full, LANG="zh_CN.UTF-8")
        err = process.communicate(timeout=WAIT_S)[1].decode()
    assert (process.returncode, err.count("\n")) == (2, 1)
    assert "磁盘已满" in err
    process = begin("chat", "hello", *LONG)
    assert process.stdout.read(1)
    process.stdout.close()
    assert process.wait(WAIT_S) == 1
    assert process.stderr.read() == b""


def test_a_home_that_is_no_folder(begin, home):
    process = begin(
        "models", "get", "smollm2", LLM_CORE_HOME=str(home / "models" / "tiny.gguf"), LLM_CORE_OFFLINE="0"
    )
    out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, err.count(b"\n")) == (2, b"", 1)
    assert b"tiny.gguf" in err


def test_a_program_can_ask_line_by_line_and_wait_for_each_reply(begin):
    process = begin("chat", "--lines", "--max-tokens", "5", "--seed", "1")
    replies = []
    for request in ("one", "two", "one"):
        process.stdin.write(request.encode() + b"\n")
        process.stdin.flush()
        replies.append(process.stdout.readline())
    process.stdin.close()
    assert process.wait(WAIT_S) == 0
    assert replies[0] == replies[2] != b"\n"


@unix
def test_lines_are_interrupted_while_more_are_awaited(begin):
    process = begin("chat", "--lines", "--max-tokens", "5")
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    assert process.stderr.read() == b""


class Terminal:
    """A person at a terminal: what the program shows, and what they type."""

    def __init__(self, begin: Callable[..., subprocess.Popen[bytes]], *arguments: str) -> None:
        import pty

        self._ours, theirs = pty.openpty()
        self.process = begin(*arguments, stdin=theirs)
        os.close(theirs)
        self._stdout = self._stderr = b""
        self._readers = [threading.Thread(target=self._keep, args=(name,)) for name in ("stdout", "stderr")]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        for reader in self._readers:
            reader.join()
        os.close(self._ours)

    def _keep(self, name: str) -> None:
        stream = getattr(self.process, name)
        while piece := stream.read1(4096):
            setattr(self, f"_{name}", getattr(self, f"_{name}") + piece)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode(errors="surrogateescape"))

    def until(self, said: str, *, after: int = 0) -> None:
        wait_until(lambda: said in self._stderr.decode()[after:])

    @property
    def err(self) -> str:
        return self._stderr.decode()

    @property
    def out(self) -> str:
        return self._stdout.decode()


@unix
def test_a_conversation_goes_on_after_a_stop_and_a_mistake(begin):
    with Terminal(begin, "chat", *LONG) as person:
        person.until("/help")
        person.until("> ")
        person.type("hello\n")
        wait_until(lambda: len(person.out) > 20)
        person.process.send_signal(signal.SIGINT)
        person.until("Stopped.\n> ")
        before = len(person.err)
        person.type("half \udcff\n/new\n")
        person.until("A new conversation.\n> ", after=before)
        assert "damaged" in person.err[before:]
        assert person.out.endswith("\n")
        person.type("\x04")  # Ctrl-D
        assert person.process.wait(WAIT_S) == 0
