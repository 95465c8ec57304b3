"""Progress on a terminal is one line that rewrites itself; in a file it is a line now and then."""

import io
import os

import pytest

from llm_core.events import Delta, Notice, Progress
from llm_core.terminal import ProgressLine, width


class Screen(io.StringIO):
    """A terminal that knows only what every terminal knows: \\r, \\n and letters."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        shown = []
        for line in self.getvalue().split("\n"):
            cells: list[str] = []
            for piece in line.split("\r"):
                written = [cell for letter in piece for cell in (letter, *[""] * (width(letter) - 1))]
                cells[: len(written)] = written
            shown.append("".join(cells).rstrip())
        return shown


@pytest.fixture
def always(monkeypatch):
    monkeypatch.setattr("llm_core.terminal.REWRITE_EVERY_S", 0)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((30, 24)))


def test_the_line_rewrites_itself_and_goes_away(always):
    screen = Screen()
    line = ProgressLine("zh", screen)
    line.show(Progress("fetching", 900_000_000, 1_117_320_768, "bytes"))
    assert screen.lines == ["正在获取 900 MB / 1.1 GB  81%"]
    line.show(Progress("opening", 3, unit="seconds"))
    assert screen.lines == ["正在打开模型 3 s"]
    line.show(Notice("left_out", {"n": 2}))
    assert screen.lines[0].startswith("最早的2条消息")
    line.show(Progress("opening", 4, unit="seconds"))
    line.clear()
    assert screen.lines[1] == ""


def test_it_is_never_wider_than_the_terminal(always):
    screen = Screen()
    line = ProgressLine("en", screen)
    line.show(Progress("waiting_for_model", 123_456_789, 987_654_321))
    assert len(screen.lines) == 1
    assert width(screen.lines[0]) <= 29


def test_in_a_file_nothing_is_said_twice(monkeypatch):
    monkeypatch.setattr("llm_core.terminal.LINE_EVERY_S", 0)
    file = io.StringIO()
    line = ProgressLine("en", file)
    line.show(Progress("training_preparing", 0))
    for _ in range(3):
        line.show(Progress("training", 400, 399, "updates", seconds_left=0.2))
    assert file.getvalue().splitlines() == ["Reading the text, learning the tokenizer", "Training 400 / 399  100%"]


def test_in_a_file_short_waits_are_not_worth_a_line():
    file = io.StringIO()
    line = ProgressLine("en", file)
    line.show(Progress("reading", 5, 10, "tokens"))
    line.show(Progress("reading", 10, 10, "tokens"))
    line.show(Delta("text"))
    line.show(Notice("model", {"id": "tiny"}))
    line.clear()
    assert file.getvalue() == ""
