"""Labels are learned, judged class by class, and told apart within their own set alone."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from llm_core.engines.classifier import Classifier
from llm_core.errors import UserError
from llm_core.training.dataset import Batch
from llm_core.training.labels import Classes, Example, balancing
from llm_core.training.objectives.label import label_loss
from llm_core.training.run import Run

Tuned = Callable[..., tuple[Run, Any]]
Rows = Callable[..., dict[str, Any]]


def test_an_opinion_is_learned_from_its_word(tuned: Tuned, rows: Rows, opinions: list[dict[str, Any]]) -> None:
    run, outcome = tuned("label", [rows("opinions", opinions)], budget={"steps": 150, "evaluate_every": 150})
    assert outcome.extra["accuracy"] > 80
    scores = json.loads((run.folder / "scores.json").read_text(encoding="utf-8"))["opinions"]
    assert set(scores["classes"]) == {"positive", "negative"}
    matrix = scores["confusion"]["matrix"]
    assert sum(map(sum, matrix)) == scores["examples"]
    right = sum(matrix[i][i] for i in range(2))
    assert scores["accuracy"] == pytest.approx(100 * right / scores["examples"], abs=0.01)
    model = AutoModelForSequenceClassification.from_pretrained(run.folder / "model")
    assert model.config.id2label == {0: "negative", 1: "positive"}


def test_a_recurrent_network_learns_labels_and_pads_change_nothing(
    tuned: Tuned, rows: Rows, opinions: list[dict[str, Any]]
) -> None:
    shape = {"hidden": 32, "layers": 1}
    fresh = {"family": "lstm", "start": None, "shape": shape, "tokenizer": {"kind": "unigram", "vocabulary": 150}}
    budget = {"steps": 120, "evaluate_every": 120}
    run, outcome = tuned("label", [rows("opinions", opinions)], name="lstm-label", budget=budget, **fresh)
    assert outcome.extra["accuracy"] > 80
    classifier = Classifier(run.folder / "model", run.folder / "caches", threads=1)
    one, *_ = classifier.classify(["面条, 好吃 5"])
    beside = classifier.classify(["面条, 好吃 5", "the film, dreadful 7; the film, dreadful 8; the film, dreadful 9"])
    assert one.label == "positive"
    assert beside[0].score == pytest.approx(one.score, abs=1e-4)
    assert beside[1].label == "negative"


def test_what_a_family_cannot_learn_is_refused(tuned: Tuned, rows: Rows, opinions: list[dict[str, Any]]) -> None:
    source = rows("opinions", opinions)
    with pytest.raises(UserError, match="objective_family"):
        tuned("label", [source], name="refused", family="decoder")
    with pytest.raises(UserError, match="start_fresh"):
        tuned("label", [source], name="unfit", family="lstm")


def test_two_sets_share_a_trunk_and_each_answers_with_its_own_labels(
    tuned: Tuned, rows: Rows, opinions: list[dict[str, Any]]
) -> None:
    languages = [{"text": r["text"], "label": "en" if "the" in r["text"] else "zh"} for r in opinions]
    run, outcome = tuned("label", [rows("opinions", opinions), rows("languages", languages)], balance=True)
    model = AutoModelForSequenceClassification.from_pretrained(run.folder / "model")
    assert set(model.config.id2label.values()) == {
        "languages/en",
        "languages/zh",
        "opinions/negative",
        "opinions/positive",
    }
    assert model.config.label_sets == {"languages": [0, 2], "opinions": [2, 4]}
    assert {"accuracy.opinions", "accuracy.languages"} <= outcome.extra.keys()


def test_a_csv_with_columns_of_other_names_is_read(
    tuned: Tuned, tmp_path: Path, opinions: list[dict[str, Any]]
) -> None:
    path = tmp_path / "评论.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["内容", "情感"], *([row["text"], row["label"]] for row in opinions)])
    source = {"path": path, "fields": ["内容", "情感"]}
    run, _ = tuned("label", [source], budget={"steps": 2})
    report = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
    assert sum(report["train"]["labels"]["评论"].values()) == report["train"]["rows"]
    with pytest.raises(UserError) as error:
        tuned("label", [source | {"fields": ["text", "label"]}], name="other")
    assert error.value.code == "columns_missing"
    assert error.value.facts["there"] == "内容, 情感"


@pytest.mark.parametrize(
    ("labels", "code"), [(["same"] * 30, "label_alone"), ([str(i) for i in range(30)], "labels_many")]
)
def test_labels_that_are_none_are_refused(labels: list[str], code: str, tuned: Tuned, rows: Rows) -> None:
    texts = [{"text": f"text number {i}", "label": label} for i, label in enumerate(labels)]
    with pytest.raises(UserError) as error:
        tuned("label", [rows("texts", texts)], name=code)
    assert error.value.code == code


def test_what_validation_holds_is_not_learned_from(tuned: Tuned, rows: Rows, opinions: list[dict[str, Any]]) -> None:
    held = opinions[:40]
    longer = {"text": "The kettle of the old inn sang all night long, and nobody slept.", "label": "negative"}
    nearly = {**longer, "text": longer["text"].replace("all night long", "all the night")}
    train = [*opinions[100:], *held[:7], nearly]
    run, _ = tuned(
        "label",
        [
            rows("train", train, use="train", label_set="all"),
            rows("dev", [*held, longer], use="valid", label_set="all"),
        ],
        budget={"steps": 2},
        name="held-out",
    )
    dropped = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))["dropped"]
    assert dropped["in an evaluation set"] >= 7
    assert dropped["nearly in an evaluation set"] >= 1
    learned = {
        json.loads(line)["texts"][0]
        for line in (run.folder / "data" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    }
    assert not learned & {row["text"] for row in [*held, nearly]}


def test_the_loss_of_a_set_knows_nothing_of_the_other_sets_classes() -> None:
    logits = torch.randn(3, 5)
    sets = torch.tensor([0, 0, 1, 1, 1])
    labels = torch.tensor([0, 3, 4])

    class Fixed(torch.nn.Module):
        device = torch.device("cpu")

        def forward(self, **_: Any) -> Any:
            return type("Out", (), {"logits": logits})()

    total, plain = label_loss(
        Fixed(),
        Batch({}, labels),
        0.0,
        set_of_class=sets,
        weights=torch.ones(5),  # type: ignore[arg-type]
    )
    expected = -logits[0, :2].log_softmax(0)[0] - logits[1, 2:].log_softmax(0)[1] - logits[2, 2:].log_softmax(0)[2]
    assert float(total) == pytest.approx(float(expected), rel=1e-5)
    assert float(plain) == pytest.approx(float(expected), rel=1e-5)


def test_balancing_weighs_all_classes_alike() -> None:
    weights = balancing([0, 0, 0, 1], 2)
    assert 3 * weights[0] == pytest.approx(weights[1])
    examples = [Example(("a",), label, "set", "source") for label in "abb"]
    assert Classes.of(examples).numbers(examples) == [0, 1, 1]
