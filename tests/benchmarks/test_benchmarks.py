"""Every benchmark says what it takes, and the small ones run to their end with tiny numbers."""

import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.plot import HEIGHT, WIDTH, Axis, draw

ROOT = Path(__file__).parents[2]
TINY = {
    "generation": ["--families", "lstm", "--size", "tiny", "--early", "5", "10", "--late", "20", "30"],
    "overhead": ["--family", "lstm", "--updates", "16", "--rounds", "1", "--look-every", "0.02"],
    "characters": ["--characters", "60000", "--seconds", "1", "--every", "1", "--threads", "1"],
    "families": ["--families", "ngram", "rnn", "--sample", "sentences-en", "--seconds", "1", "--parameters", "50000"],
}


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_with_a_main_is_in_the_list() -> None:
    files = {path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py") if "def main(" in path.read_text("utf-8")}
    assert files == BENCHMARKS.keys()


@pytest.mark.parametrize("name", BENCHMARKS)
def test_help_says_what_is_measured(name: str) -> None:
    assert run(name, "--help").startswith(f"usage: python -m benchmarks {name}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", TINY)
def test_a_small_one_runs_to_its_end(name: str, tmp_path: Path) -> None:
    picture = ["--picture", str(tmp_path / "curves.svg")] if name == "families" else []
    said: dict[str, Any] = json.loads(run(name, *TINY[name], *picture).splitlines()[-1])
    assert said["benchmark"] == name
    assert said["rows"]
    for row in said["rows"]:
        assert all(math.isfinite(value) for value in row.values() if isinstance(value, float)), row
    if picture:
        assert names(tmp_path / "curves.svg") == ["n-gram", "RNN"]


def names(picture: Path) -> list[str | None]:
    return [element.text for element in ET.parse(picture).iter() if element.get("class", "").startswith("name")]


def test_a_picture_holds_each_curve_within_its_frame_and_names_apart(tmp_path: Path) -> None:
    curves = {"A & B": [(0.0, 5.0), (10.0, 2.0)], "C": [(0.0, 9.0), (10.0, 2.01)], "D": [(4.0, 2.5)]}
    path = tmp_path / "图 1.svg"
    draw(path, "<title>", curves, Axis("x", 0, 10), Axis("y", 2, 6), level=["D"])
    tree = ET.parse(path)
    lines = [element.get("points", "").split() for element in tree.iter() if element.tag.endswith("polyline")]
    assert [len(points) for points in lines] == [2, 1, 2]  # the point far above is cut off; a level has two ends
    for point in chain(*lines):
        x, y = map(float, point.split(","))
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert names(path) == ["A & B", "C", "D"]
    places = sorted(float(e.get("y", 0)) for e in tree.iter() if e.get("class", "").startswith("name"))
    assert all(below - above >= 15.9 for above, below in pairwise(places))


def test_ticks_are_round_and_within() -> None:
    assert Axis("", 0, 90).ticks() == [0, 20, 40, 60, 80]
    assert Axis("", 1.9, 3.1).ticks() == pytest.approx([2.0, 2.5, 3.0])
    assert Axis("", 8e5, 1.1e8, is_log=True).ticks() == [1e6, 3e6, 1e7, 3e7, 1e8]
