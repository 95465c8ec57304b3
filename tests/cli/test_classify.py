"""From a table of texts and labels to a classifier that is used, all from the command line."""

import csv
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.settings import Settings
from llm_core.workbench import Workbench

GOOD, BAD = ("好吃", "满意", "lovely"), ("难吃", "失望", "broken")
THINGS = ("面条", "房间", "film", "cup")
TINY = [
    "shape={hidden: 32, layers: 1, heads: 2, feed_forward: 64, dropout: 0.0}",
    "batch={context: 24, micro_tokens: 512}",
    "tokenizer={kind: unigram, vocabulary: 90}",
    "optimize={learning_rate: 0.02, warmup_steps: 4}",
    "prompts=[]",
]
SET = [part for entry in TINY for part in ("--set", entry)]


@pytest.fixture
def opinions(tmp_path: Path) -> Path:
    state, path = random.Random(3), tmp_path / "评论.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(300):
            label, words = state.choice((("good", GOOD), ("bad", BAD)))
            writer.writerow([f"{state.choice(THINGS)} {state.choice(words)} {state.randrange(1000)}", label])
    return path


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two lines and an empty one to read."""
    path = tmp_path / "lines.txt"
    path.write_text("面条 好吃 5\nfilm broken 7\n\n", "utf-8")
    with path.open("rb") as file:
        monkeypatch.setattr("llm_core.cli.streams.STDIN", file.fileno())
        yield


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("lines")
def test_a_table_becomes_a_classifier(run: Callable[..., Any], opinions: Path, tmp_path: Path) -> None:
    begun = ("train", "--text", str(opinions), "--family", "encoder", "--objective", "label", "--name", "opinions")
    trained = run(*begun, "--start", "none", "--steps", "60", "--json", *SET)
    assert trained.code == 0, trained.err
    assert json.loads(trained.out.splitlines()[-1])["family"] == "encoder"

    told = run("classify", "opinions", "--lines")
    assert told.code == 0, told.err
    records = [json.loads(line) for line in told.out.splitlines()]
    assert [record["label"] for record in records[:2]] == ["good", "bad"]
    assert len(records) == 3
    for record in records:
        assert sum(record["scores"].values()) == pytest.approx(1, abs=1e-3)
        assert record["score"] == max(record["scores"].values())

    with Workbench(Settings(home=tmp_path / "home")) as workbench:
        assert "opinions" in workbench.classifying.names()
        assert workbench.classifying.classify("opinions", ["房间 满意"])[0].label == "good"


@pytest.mark.timeout(400)
def test_folds_are_reported_with_mean_and_deviation(run: Callable[..., Any], opinions: Path) -> None:
    begun = ("train", "--text", str(opinions), "--family", "encoder", "--objective", "label", "--name", "folded")
    trained = run(*begun, "--start", "none", "--folds", "2", "--steps", "4", "--json", *SET)
    assert trained.code == 0, trained.err
    assert "Fold 2 of 2" in trained.err
    found = json.loads(trained.out.splitlines()[-1])["cross_validation"]
    assert found["folds"] == 2
    assert set(found["评论"]["accuracy"]) == {"mean", "deviation"}


def test_a_classifier_that_is_not_here_is_said_to_be_missing(run: Callable[..., Any]) -> None:
    told = run("classify", "../../x", "hello")
    assert told.code == 2
    assert "no classifier" in told.err
    assert run("classify").code == 2
