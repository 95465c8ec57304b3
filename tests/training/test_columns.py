"""Columns are found by what people call them, and asked for where that is not plain; plain tables are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm_core.errors import UserError
from llm_core.training import flat
from llm_core.training.collect import read_records
from llm_core.training.columns import columns_in, found, missing, objective_for, with_columns
from llm_core.training.config import Source
from llm_core.training.plan import path_source, plan
from llm_core.training.samples import SAMPLES


def table(tmp_path: Path, text: str, name: str = "rows.csv") -> Source:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path_source(path)


def test_columns_have_names_that_people_give_them() -> None:
    assert found("label", ["Review", "stars", "Sentiment"]) == ("Review", "", "Sentiment")
    assert found("label", ["评论", "情感"]) == ("评论", "", "情感")
    assert found("label", ["a", "b"], ["b", "", "a"]) == ("b", "", "a")
    assert found("span", ["passage", "question", "answer"]) == ("passage", "question", "answer")
    assert missing("label", ["a", "b"]) == ("text", "label")
    assert missing("label", ["a", "b"], ["a", "", "b"]) == ()
    assert missing("chat", ["messages"]) == ()


@pytest.mark.parametrize(
    ("columns", "objective"),
    [
        (["text", "label"], "label"),
        (["messages"], "chat"),
        (["instruction", "output"], "chat"),
        (["context", "question", "answers"], "span"),
        (["text", "entities"], "tags"),
        (["text", "head", "tail", "relation"], "relation"),
        (["zh", "en"], "pairs"),
        (["text"], ""),
        (["id", "title"], ""),
    ],
)
def test_what_a_table_is_for_shows_in_its_columns(columns: list[str], objective: str) -> None:
    assert objective_for(columns) == objective


def test_only_a_table_has_columns(tmp_path: Path) -> None:
    assert columns_in(table(tmp_path, "a,b\n1,2\n")) == ("a", "b")
    assert columns_in(table(tmp_path, '{"a": 1}\n{"b": [2]}\n', "rows.jsonl")) == ("a", "b")
    assert columns_in(table(tmp_path, "a,b\n1,2\n", "rows.txt")) == ()
    assert columns_in(table(tmp_path, "not json", "rows.jsonl")) == ()
    assert columns_in(Source(sample="sentiment-zh-en")) == ("text", "label")


def test_a_plan_reads_the_columns_that_were_chosen_or_that_are_plain(tmp_path: Path) -> None:
    source = table(tmp_path, "review,sentiment,topic\nlovely,good,x\nbroken,bad,y\n")
    label: dict[str, Any] = {"family": "encoder", "more": {"objective": "label"}}
    assert plan("a", [source], **label).sources[0].fields == ("review", "sentiment")
    assert plan("a", [source], **label, columns=("review", "", "topic")).sources[0].fields == ("review", "topic")
    plain = table(tmp_path, "text,label\nlovely,good\nbroken,bad\n", "plain.csv")
    assert plan("a", [plain], **label).sources[0].fields == ("text",)
    assert with_columns(Source(path=plain.path, fields=("x", "y")), "label").fields == ("x", "y")
    pairs = plan("a", [Source(sample="sentences-zh-en")], family="encoder", more={"objective": "contrastive"})
    assert pairs.sources[0].fields == ("zh", "en")
    asked = plan("a", [Source(sample="reading-zh-en")], family="encoder", more={"objective": "contrastive"})
    assert asked.sources[0].fields == ("question", "context")


@pytest.mark.parametrize(
    ("sample", "objective"), [("talks-zh-en", "chat"), ("reading-zh-en", "span"), ("names-zh-en", "tags")]
)
def test_a_sample_written_to_a_file_is_read_as_the_same(tmp_path: Path, sample: str, objective: str) -> None:
    records = [record for record, _ in zip(read_records(Source(sample=sample)), range(20), strict=False)]
    suffix, text = flat.written(records, objective)
    source = with_columns(table(tmp_path, text, f"rows{suffix}"), objective)
    if objective == "chat":
        assert list(flat.talks(source)) == records
    elif objective == "span":
        assert [r["context"] for r in flat.passages(source)] == [r["context"] for r in records]
        assert [r["qas"] for r in flat.passages(source)] == [
            [{**q, "answers": [{**a, "start": r["context"].find(a["text"])} for a in q["answers"]]} for q in r["qas"]]
            for r in records
        ]
    else:
        assert [flat.entities(r["entities"], r["text"], source, 1) for r in read_records(source)] == [
            r["entities"] for r in records
        ]


def test_every_sample_is_for_an_objective_that_reads_it() -> None:
    for name, sample in SAMPLES.items():
        for objective in sample.objectives:
            kind = "pairs" if objective == "language" and len(sample.fields) > 1 else objective
            assert missing(kind, columns_in(Source(sample=name))) == (), (name, objective)


@pytest.mark.parametrize(
    "value", ["no list", [{"type": "x"}], [{"start": 0, "end": 99, "type": "x"}], [{"text": "gone", "type": "x"}], 5]
)
def test_broken_entities_are_told_with_their_row(tmp_path: Path, value: Any) -> None:
    source = table(tmp_path, "text\n")
    with pytest.raises(UserError, match="tags_row_broken") as told:
        flat.entities(value, "Anna sleeps", source, 7)
    assert told.value.facts == {"name": "rows.csv", "line": 7}


def test_words_are_places_where_they_first_stand(tmp_path: Path) -> None:
    source = table(tmp_path, "text\n")
    found_at = flat.entities(json.dumps([{"text": "sleeps", "type": "act"}]), "Anna sleeps", source, 1)
    assert found_at == [{"start": 5, "end": 11, "type": "act"}]
    assert flat.place("sleeps", "Anna sleeps", source, 1) == {"text": "sleeps", "start": 5}
    for broken in ("gone", "", {"text": "Anna", "start": 3}, None):
        with pytest.raises(UserError, match="relation_row_broken"):
            flat.place(broken, "Anna sleeps", source, 1)
