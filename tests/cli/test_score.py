"""`score`, and the model made here: from the command line."""

from __future__ import annotations

import json
import math
import os

import pytest

from llm_core.cli import streams
from llm_core.engines.base import Score
from llm_core.engines.llama import Llama
from llm_core.settings import Settings

MADE_HERE = "decoder-zh-en"
LINES = ["The boats come back at nine.", "", "船九点回来。", "qzx jkw vvq"]


@pytest.fixture
def stdin(tmp_path, monkeypatch):
    """Give it lines to read."""
    opened = []

    def fill(*lines):
        path = tmp_path / f"lines{len(opened)}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        opened.append(os.open(path, os.O_RDONLY))
        monkeypatch.setattr(streams, "STDIN", opened[-1])

    yield fill
    for descriptor in opened:
        os.close(descriptor)


def records(ran):
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.mark.parametrize("model", ["tiny", MADE_HERE])
def test_every_line_has_its_bits_in_order(run, stdin, home, model):
    stdin(*LINES)
    scored = records(run("score", model, "--lines"))
    assert [set(record) for record in scored] == [{"bits_per_char", "chars"}] * len(LINES)
    assert [record["chars"] for record in scored] == [len(line) for line in LINES]
    assert scored[1]["bits_per_char"] == 0
    assert all(0 < record["bits_per_char"] < 2000 for record in scored if record["chars"])
    for line, record in zip(LINES, scored, strict=True):
        stdin(line)
        assert records(run("score", model, "--lines"))[0] == pytest.approx(record, rel=1e-3, abs=2e-3)


def test_text_that_it_learned_from_is_more_expected_than_noise(run, stdin):
    stdin(LINES[0], LINES[3])
    sentence, noise = records(run("score", MADE_HERE, "--lines"))
    assert sentence["bits_per_char"] < 3 < noise["bits_per_char"]


def test_without_lines_stdin_is_one_text(run):
    [whole] = records(run("score", MADE_HERE, stdin="The boats\ncome back.\n"))
    assert whole["chars"] == len("The boats\ncome back.")


def test_bits_are_those_of_the_engine(run, stdin, home, tiny_gguf):
    engine = Llama("tiny", tiny_gguf, Settings(home=home, offline=True))
    score: Score = engine.score([LINES[0]])[0]
    engine.close()
    stdin(LINES[0])
    [told] = records(run("score", "tiny", "--lines"))
    expected = -score.log_likelihood / math.log(2) / len(LINES[0])
    assert told["bits_per_char"] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((), "MODEL"), (("qwen9",), "qwen3-4b"), (("e5-zh-en",), "e5-zh-en"), (("recommended",), "models get")],
)
def test_what_cannot_score_is_said_in_one_line(run, stdin, arguments, told):
    stdin("a")
    ran = run("score", *arguments, "--lines")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert told in ran.err


def test_the_model_made_here_continues_text(run):
    ran = run("chat", "Once upon a time", "--model", MADE_HERE, "--seed", "1", "--max-tokens", "30")
    assert ran.code == 0
    assert "30 tokens" in ran.err
    assert len(ran.out.split()) > 10
    assert run("chat", "Once upon a time", "-m", MADE_HERE, "--seed", "1", "--max-tokens", "30").out == ran.out


def test_it_never_poses_as_the_assistant(run, home):
    listed = json.loads(run("models", "--json").out)
    made_here = next(model for model in listed["models"] if model["id"] == MADE_HERE)
    assert (made_here["state"], made_here["sources"]) == ("here", ["bundled"])
    assert listed["chat"] == "tiny"
    (home / "models" / "tiny.gguf").unlink()
    assert json.loads(run("models", "--json").out)["chat"] != MADE_HERE
    assert "续写" in run("models", language="zh").out


def test_it_is_a_part_of_the_workbench_and_stays(run):
    ran = run("models", "remove", MADE_HERE)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert MADE_HERE in ran.err
