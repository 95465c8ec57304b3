"""`train`: real runs of tiny models, in processes of their own, under a home of their own."""

import json
import os
import random
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.cli.configuring import configured
from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.workbench.runs import Runs
from tests.cli.test_processes import wait_until

SMALL = [
    "shape={hidden: 16, layers: 1, heads: 2, kv_heads: 1, feed_forward: 32}",
    "batch={context: 16, micro_tokens: 64}",
    "tokenizer={kind: byte-bpe, vocabulary: 300}",
    "prompts=[]",
]
TINY = [part for entry in SMALL for part in ("--set", entry)]
FIELDS = {
    "name",
    "family",
    "parameters",
    "steps",
    "train_loss",
    "valid_loss",
    "bits_per_char",
    "seconds",
    "tokens_per_second",
}
unix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A file with a blank in its name."""
    state = random.Random(5)
    words = ["fox", "river", "sees", "the", "a", "old", "moon", "finds", "key"]
    path = tmp_path / "a story.txt"
    path.write_text("\n\n".join(" ".join(state.choice(words) for _ in range(90)) + "." for _ in range(40)), "utf-8")
    return path


@pytest.mark.timeout(400)
def test_from_text_to_one_json_object_and_nothing_outside_home(run: Callable[..., Any], story: Path, tmp_path: Path):
    before = {path for path in tmp_path.rglob("*") if "home" not in path.parts}
    result = run("train", "--text", str(story), "--steps", "12", "--seed", "1", "--name", "小狐狸", "--json", *TINY)
    assert result.code == 0, result.err
    *_, last = result.out.splitlines()
    record = json.loads(last)
    assert set(record) == FIELDS
    assert (record["name"], record["family"], record["steps"]) == ("小狐狸", "decoder", 12)
    assert record["valid_loss"] > 0
    assert "step 10" in result.err
    assert (tmp_path / "home" / "runs" / "小狐狸" / "model" / "model.safetensors").is_file()
    assert {path for path in tmp_path.rglob("*") if "home" not in path.parts} == before
    listed = json.loads(run("models", "--json").out)["models"]
    assert [model["state"] for model in listed if model["id"] == "小狐狸"] == ["here"]
    talked = run("chat", "--model", "小狐狸", "the fox", "--max-tokens", "6", "--seed", "1")
    assert (talked.code, bool(talked.out.strip())) == (0, True)
    own, strange = (
        json.loads(run("score", "小狐狸", stdin=text).out)["bits_per_char"] for text in ("the fox", "xyzzy")
    )
    assert own < strange
    again = run("train", "--text", str(story), "--steps", "1", "--name", "小狐狸", *TINY)
    assert (again.code, "already" in again.err) == (2, True)
    over = run("train", "--continue", "小狐狸")
    assert (over.code, "nothing to go on with" in over.err) == (2, True)


@unix
@pytest.mark.timeout(600)
def test_ctrl_c_pauses_and_continue_ends_as_if_nothing_had_been(
    begin: Callable[..., "subprocess.Popen[bytes]"], home: Path, story: Path
):
    asked = ("train", "--text", str(story), "--steps", "400", "--seed", "2", "--json", *TINY)
    process = begin(*asked, "--name", "cut")
    metrics = home / "runs" / "cut" / "metrics.jsonl"
    wait_until(lambda: metrics.exists() and metrics.read_bytes().count(b"\n") > 3, s=200)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, b"")
    assert b"train --continue cut" in err
    assert json.loads((home / "runs" / "cut" / "state.json").read_text("utf-8"))["state"] == "paused"
    records = []
    for arguments in (("train", "--continue", "cut", "--json"), (*asked, "--name", "whole")):
        out, err = begin(*arguments).communicate(timeout=300)
        records.append(json.loads(out.splitlines()[-1]))
    assert {key: records[0][key] for key in ("train_loss", "valid_loss", "steps")} == {
        key: records[1][key] for key in ("train_loss", "valid_loss", "steps")
    }
    weights = [(home / "runs" / name / "model" / "model.safetensors").read_bytes() for name in ("cut", "whole")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "; touch x"], "cannot be used as a name"),
        (["--name", "../../x"], "cannot be used as a name"),
        (["--family", "oracle"], "--family cannot be “oracle”"),
        (["--size", "huge"], "--size cannot be “huge”. It is one of: tiny, small, medium, base"),
        (["--steps", "many"], "--steps takes a whole number"),
        (["--steps", "0"], "--steps takes a whole number"),
        (["--seconds", "-3"], "--seconds takes a number"),
        (["--seed", "x"], "--seed takes a whole number"),
        (["--steps", "3", "--seconds", "3"], "either --steps or --seconds"),
        (["--set", "batch.contxt=3"], "batch.contxt"),
        (["--set", "batch"], "“batch” is not of the form KEY=VALUE"),
        (["--sample", "epics"], "There are: stories-en"),
        (["elsewhere.txt"], "nothing at"),
    ],
)
def test_what_cannot_be_is_one_clear_line_before_anything_is_made(run, story: Path, tmp_path: Path, arguments, said):
    result = run("train", "--text", str(story), *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert said in result.err
    assert not (tmp_path / "home" / "runs").exists()
    assert not Path("x").exists()


def test_no_text_and_no_such_run(run):
    assert "no text to train on" in run("train").err
    assert "no run called" in run("train", "--continue", "nobody").err
    assert "no run called" in run("train", "--continue", "../../x").err
    assert "没有用来训练的文本" in run("train", language="zh").err


@pytest.fixture
def asked(settings: Settings) -> Callable[..., Any]:
    def asked(*arguments: str, texts=(), budget=None, entries=(), data=None, **flags):
        length = {"steps": None, "seconds": None} | (budget or {})
        return configured(Runs(settings), arguments, texts, (), flags, length, entries, data)

    return asked


def test_a_recipe_is_overridden_by_flags_and_finds_its_text_beside_it(asked, story: Path, tmp_path: Path):
    recipe = tmp_path / "my.yaml"
    recipe.write_text(
        "name: mine\nfamily: decoder\nsources: [{path: 'a story.txt'}]\n"
        "batch: {context: 32}\nbudget: {seconds: 5, evaluate_every: 7}\n",
        "utf-8",
    )
    config = asked(str(recipe), budget={"steps": "9"}, entries=["batch.accumulate=2"], size="tiny")
    assert (config.name, config.size, config.sources[0].path) == ("mine", "tiny", story)
    assert (config.budget.steps, config.budget.seconds, config.budget.evaluate_every) == (9, None, 7)
    assert (config.batch.context, config.batch.accumulate) == (32, 2)


def test_recipes_that_ship_are_called_by_name_and_ask_for_their_data(asked, tmp_path: Path):
    with pytest.raises(UserError, match="recipe_variable"):
        asked("decoder-zh-en")
    with pytest.raises(UserError, match="source_missing"):  # the folder has no such text
        asked("decoder-zh-en", data=str(tmp_path))
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: [", "utf-8")
    with pytest.raises(UserError, match="recipe_unreadable"):
        asked(str(broken))


def test_several_files_follow_one_flag_and_the_rest_is_chosen(asked, story: Path):
    config = asked(str(story), texts=[str(story)], budget={"seconds": "30"})
    assert [source.path for source in config.sources] == [story, story]
    assert re.fullmatch(r"a-story-decoder", config.name)
    assert (config.size, config.tokenizer.kind) == ("tiny", "byte-bpe")
