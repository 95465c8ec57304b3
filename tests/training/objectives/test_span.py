"""Reading: answers found, and questions that a passage does not answer."""

import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from transformers import AutoModelForQuestionAnswering

from llm_core.models import reading as layout
from llm_core.training.config import Unanswerable
from llm_core.training.reading import (
    ANSWERABLE,
    OTHER_DOCUMENT,
    OTHER_PASSAGE,
    OWN,
    SWAPPED,
    Passage,
    Question,
    passage_of,
    with_unanswerable,
)
from llm_core.training.reading_scores import Answered, exact_match, f1, figures, threshold_of, thresholds_of
from llm_core.training.reading_windows import Windows
from llm_core.training.run import Run

PEOPLE = ("Ann", "Bob", "王明", "小红", "Eva", "李雷")
TOWNS = ("Rome", "Oslo", "北京", "Lima", "杭州", "Cairo")
THINGS = ("a red kite", "一条河", "an old book", "the moon")


def passages(count: int, seed: int = 4) -> list[dict[str, Any]]:
    """Two passages a document: who lives where, and what they look for."""
    state, found = random.Random(seed), []
    for number in range(count):
        person, town, thing = state.choice(PEOPLE), state.choice(TOWNS), state.choice(THINGS)
        for question, answer, text in (
            (
                f"Where does {person} live on day {number}?",
                town,
                f"On day {number} {person} lives in {town}, as before.",
            ),
            (
                f"What does {person} look for on day {number}?",
                thing,
                f"On day {number} {person} looks for {thing} again.",
            ),
        ):
            qas = [{"question": question, "answers": [{"text": answer, "start": text.index(answer)}]}]
            found.append({"title": f"document {number}", "context": text, "qas": qas})
    return found


def test_a_row_keeps_answers_that_stand_where_it_says() -> None:
    row = {
        "title": "Kite",
        "context": "The kite is red.",
        "qas": [
            {"question": "What is red?", "answers": [{"text": "kite", "start": 4}, {"text": "kite", "start": 5}]},
            {"question": "Is it?", "answers": [{"text": "blue", "start": 0}]},
            {"question": "Who made it?", "answers": [], "answerable": False},
        ],
        "swapped": [{"question": "Where is the river?"}],
    }
    questions = passage_of(row, "set").questions
    assert [(q.kind, len(q.answers)) for q in questions] == [(ANSWERABLE, 1), (OWN, 0), (SWAPPED, 0)]
    assert Passage.of_record(json.loads(json.dumps(passage_of(row, "set").as_record()))) == passage_of(row, "set")


def test_each_question_also_stands_beside_two_passages_that_do_not_answer_it() -> None:
    plain = [passage_of(row, "set") for row in passages(12)]
    more = with_unanswerable(plain, seed=1)
    assert with_unanswerable(plain, seed=1) == more
    home = {q.text: p for p in plain for q in p.questions}
    kinds = {OTHER_DOCUMENT: 0, OTHER_PASSAGE: 0}
    for passage in more:
        for question in passage.questions:
            if question.kind == ANSWERABLE:
                continue
            kinds[question.kind] += 1
            assert not question.answers
            own = home[question.text]
            assert not any(text.lower() in passage.context.lower() for text, _ in own.questions[0].answers)
            if question.kind == OTHER_PASSAGE:
                assert passage.context != own.context
    assert kinds[OTHER_DOCUMENT] == len(plain)
    assert kinds[OTHER_PASSAGE] > 0


def test_a_question_of_another_passage_of_its_document_is_of_the_same_document() -> None:
    asked = {"question": "Where is Ann?", "answers": [{"text": "Rome", "start": 13}]}
    rows = [
        {"title": "A", "context": "Ann lives in Rome.", "qas": [asked]},
        {"title": "A", "context": "Bob looks for Ann.", "qas": []},
        {"title": "B", "context": "The moon is old.", "qas": []},
    ]
    first, second, third = with_unanswerable([passage_of(row, "set") for row in rows], seed=0)
    assert [q.kind for q in first.questions] == [ANSWERABLE]
    assert [q.kind for q in second.questions] == [OTHER_PASSAGE]
    assert [q.kind for q in third.questions] == [OTHER_DOCUMENT]


@pytest.mark.parametrize(("question", "passage", "size"), [(5, 50, 64), (5, 500, 128), (90, 400, 160), (3, 66, 70)])
def test_windows_cover_a_passage_and_fit(question: int, passage: int, size: int) -> None:
    parts = layout.windows(question, passage, size)
    assert {i for begin, end in parts for i in range(begin, end)} == set(range(passage))
    asked, read = np.arange(question), np.arange(passage)
    for begin, end in parts:
        ids = layout.model_input(asked, read[begin:end], 7, 8)
        assert len(ids) <= size
        at = layout.passage_at(question)
        assert list(ids[at : at + end - begin]) == list(range(begin, end))
    assert all(end > following for (_, end), (following, _) in pairwise(parts))


def test_the_best_span_ends_where_it_begins_or_later_and_is_not_endless() -> None:
    start, end = np.full(200, -20.0, np.float32), np.zeros(200, np.float32)
    start[0], end[0] = 1.0, 1.0
    start[50], end[20], end[52], end[150] = 5.0, 9.0, 3.0, 8.0
    found = layout.best_span(start, end, first=10, count=180)
    assert (found.start, found.end) == (40, 42)
    assert found.margin == pytest.approx(5 + 3 - 2)
    assert layout.confidence(found.margin, found.margin) == 0.5
    assert layout.confidence(9.0, 2.0) > 0.99


def test_answers_are_compared_as_squad_compares_them() -> None:
    assert exact_match("The Red Kite!", ["a red kite"]) == 1
    assert f1("the red kite", ["red fox", "kite red"]) == 1
    assert f1("一条长河", ["一条河"]) == pytest.approx(2 * 3 / 7)
    assert f1("", ["x"]) == 0


def test_the_threshold_refuses_as_many_as_it_lets_through() -> None:
    margins = [(ANSWERABLE, m) for m in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)] + [(SWAPPED, m) for m in range(-7, 3)]
    answered = [Answered("set", "en", kind, "x", float(margin), ("x",)) for kind, margin in margins]
    scores = figures(answered, thresholds_of(answered, (SWAPPED,)))
    assert scores["false_refusals.set"] == pytest.approx(scores["false_answers.swapped.set"], abs=10.1)
    assert scores["f1.set"] == 100
    assert threshold_of(answered[:3], (SWAPPED,)) == 0


def margins_of(source: str, language: str, able: range, not_able: range) -> list[Answered]:
    sides = ((ANSWERABLE, able), (SWAPPED, not_able))
    return [Answered(source, language, kind, "x", float(m), ("x",)) for kind, margins in sides for m in margins]


def test_each_language_has_its_threshold_and_no_set_pays_for_the_others() -> None:
    chinese = margins_of("zh-set", "zh", range(100, 120), range(80, 100))
    easy = margins_of("easy", "en", range(10, 50), range(-30, 10))
    hard = margins_of("hard", "en", range(6), range(-36, -30))
    thresholds = thresholds_of([*chinese, *easy, *hard], (SWAPPED,))
    assert 99 < thresholds["zh"] < 100
    scores = figures([*chinese, *easy, *hard], thresholds)
    assert scores["false_refusals.zh-set"] == scores["false_answers.swapped.zh-set"] == 0
    together = figures(hard, {"en": threshold_of(easy, (SWAPPED,))})
    assert together["false_refusals.hard"] == 100
    assert scores["false_refusals.hard"] < 50
    assert scores["false_answers.swapped.easy"] <= 25
    assert thresholds_of(chinese, (SWAPPED,))["en"] == thresholds["zh"]


def test_reading_is_learned_and_what_stands_elsewhere_is_refused(
    tuned: Callable[..., tuple[Run, Any]], rows: Callable[..., dict[str, Any]]
) -> None:
    sources = [rows("tiny.train", passages(60), use="train"), rows("tiny.dev", passages(12, seed=9), use="valid")]
    run, outcome = tuned("span", sources, budget={"steps": 40, "evaluate_every": 20})
    assert {"f1.tiny", "em.tiny", "false_refusals.tiny", "false_answers.other_document.tiny"} <= outcome.extra.keys()
    model = AutoModelForQuestionAnswering.from_pretrained(run.folder / "model")
    scores = json.loads((run.folder / "scores.json").read_text(encoding="utf-8"))
    assert model.config.null_thresholds == scores["thresholds"]
    assert set(scores["thresholds"]) == {"en", "zh"}
    lines = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    losses = [line["loss"] for line in map(json.loads, lines) if "loss" in line]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_labels_point_at_the_answer_and_mixing_follows_the_configuration(runs: Any) -> None:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(runs / "tiny-encoder" / "tokenizer")
    text = "The red fox follows the moon. " * 30 + "小猫看见月亮。"
    answer = ("月亮", text.index("月亮"))
    passage = Passage(text, "d", "set", (Question("谁看见?", (answer,), ANSWERABLE), Question("?", (), OWN)))
    mix = Unanswerable(own=0.5, elsewhere=0.0)
    windows = Windows([passage], tokenizer, 96, mix, {"set": 2.0})
    holding = [w for w in windows.all if w.label != (0, 0)]
    assert len(holding) >= 1
    for window in holding:
        ids = windows.ids(window)[window.label[0] : window.label[1] + 1]
        assert "月亮" in tokenizer.decode(ids).replace(" ", "")
    of_question = [w.weight for w in windows.all if w.question == 0]
    assert sum(of_question) == pytest.approx(2.0)
    assert sum(w.weight for w in windows.all if w.question == 1) == pytest.approx(2.0 * 0.5)
