"""From files to training, validation and test text."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from llm_core.errors import UserError
from llm_core.training.config import Source, TrainConfig
from llm_core.training.corpus import read_rows, read_source, write_corpus


def source(path: Path, **more: Any) -> Source:
    return Source(path=path, origin="own", licence="own", **more)


def test_every_row_goes_to_one_split_and_is_accounted_for(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    report = write_corpus(TrainConfig.model_validate(decoder_recipe), tmp_path)
    train, valid = (list(read_rows(tmp_path / f"{split}.jsonl")) for split in ("train", "valid"))
    assert len(train) + len(valid) == report["sources"][0]["rows"] == 120
    assert not set(train) & set(valid)
    assert report["valid"] == {"rows": len(valid), "characters": sum(len(row[0]) for row in valid)}
    assert report["sources"][0]["licence"] == "own"


def test_a_document_keeps_its_split_when_the_corpus_shrinks(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    whole = TrainConfig.model_validate(decoder_recipe)
    part = whole.model_copy(update={"sources": (whole.sources[0].model_copy(update={"characters": 8000}),)})
    (tmp_path / "part").mkdir()
    write_corpus(whole, tmp_path)
    write_corpus(part, tmp_path / "part")
    held_out = set(read_rows(tmp_path / "valid.jsonl"))
    assert set(read_rows(tmp_path / "part" / "valid.jsonl")) <= held_out
    assert not set(read_rows(tmp_path / "part" / "train.jsonl")) & held_out


def test_test_text_is_the_same_in_all_folds_and_each_other_document_is_validation_once(
    decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    tests, seen = [], Counter[tuple[str, ...]]()
    for fold in range(4):
        config = TrainConfig.model_validate(decoder_recipe | {"test_fraction": 0.2, "folds": 4, "fold": fold})
        report = write_corpus(config, tmp_path)
        tests.append(list(read_rows(tmp_path / "test.jsonl")))
        seen.update(read_rows(tmp_path / "valid.jsonl"))
        assert report["train"]["rows"] + report["valid"]["rows"] + report["test"]["rows"] == 120
    assert 10 < len(tests[0]) < 40
    assert all(each == tests[0] for each in tests)
    assert not seen.keys() & set(tests[0])
    assert set(seen.values()) == {1}
    assert len(seen) == 120 - len(tests[0])


def test_a_split_that_nothing_was_drawn_for_gets_a_document(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    rare = TrainConfig.model_validate(decoder_recipe | {"validation_fraction": 1e-9, "test_fraction": 1e-9})
    report = write_corpus(rare, tmp_path)
    assert [report[split]["rows"] for split in ("train", "valid", "test")] == [118, 1, 1]
    rows = [row for split in ("train", "valid", "test") for row in read_rows(tmp_path / f"{split}.jsonl")]
    assert len(set(rows)) == 120


def test_characters_and_where_choose_from_a_file(
    corpus: Path, decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    rows = list(read_source(source(corpus / "text.jsonl.xz", where={"source": ("zh/",)})))
    assert len(rows) == 60
    assert all("第" in text for (text,) in rows)
    capped = decoder_recipe | {"sources": [source(corpus / "text.jsonl.xz", characters=6000)]}
    report = write_corpus(TrainConfig.model_validate(capped), tmp_path)
    assert 6000 <= report["sources"][0]["characters"] < 7000


def test_several_sources_come_together_each_with_its_licence(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("A page of my own.\n\n" * 200, encoding="utf-8")
    sources = [{"path": tmp_path / "mine.txt"}, {"sample": "stories-en", "characters": 20_000}]
    report = write_corpus(TrainConfig.model_validate(decoder_recipe | {"sources": sources}), tmp_path / "data")
    mine, sample = report["sources"]
    assert (mine["file"], mine["licence"]) == ("mine.txt", "not stated")
    assert (sample["file"], sample["licence"]) == ("stories-en", "Apache-2.0")
    assert sample["characters"] >= 20_000


def test_a_chat_is_read_as_what_was_said(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "Under the bed."}]
    (tmp_path / "chat.jsonl").write_text(json.dumps({"messages": turns}) + "\n", encoding="utf-8")
    assert list(read_source(source(tmp_path / "chat.jsonl"))) == [("Where is it?\nUnder the bed.",)]


def refused(recipe: dict[str, Any], folder: Path, **changes: Any) -> UserError:
    with pytest.raises(UserError) as refusal:
        write_corpus(TrainConfig.model_validate(recipe | changes), folder)
    return refusal.value


def test_a_corpus_of_which_nothing_is_left_says_why(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    error = refused(decoder_recipe, tmp_path, cleaning={"min_characters": 10_000})
    assert (error.code, error.facts) == ("corpus_all_dropped", {"rows": 120})


@pytest.mark.parametrize(("text", "code"), [("", "corpus_empty"), ("Only this.", "corpus_one_text")])
def test_too_little_text_is_refused(text: str, code: str, decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "little.txt").write_text(text, encoding="utf-8")
    assert refused(decoder_recipe, tmp_path, sources=[{"path": tmp_path / "little.txt"}]).code == code


def test_a_table_without_the_column_names_those_that_it_has(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("title;body\nA;one\n", encoding="utf-8")
    error = refused(decoder_recipe, tmp_path, sources=[{"path": tmp_path / "table.csv", "fields": ["body", "label"]}])
    assert error.code == "columns_missing"
    assert error.facts == {"name": "table.csv", "line": 1, "missing": "label", "there": "title, body"}


def test_stop_words_stay_in_what_a_model_writes(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    assert refused(decoder_recipe, tmp_path, cleaning={"stop_words": True}).code == "stop_words_writing"
