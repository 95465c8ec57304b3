"""From files to training and validation text."""

import json
from pathlib import Path
from typing import Any

import pytest

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


def test_characters_and_where_choose_from_a_file(
    corpus: Path, decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    rows = list(read_source(source(corpus / "text.jsonl.xz", where={"source": ("zh/",)})))
    assert len(rows) == 60
    assert all("第" in text for (text,) in rows)
    capped = decoder_recipe | {"sources": [source(corpus / "text.jsonl.xz", characters=6000)]}
    report = write_corpus(TrainConfig.model_validate(capped), tmp_path)
    assert 6000 <= report["sources"][0]["characters"] < 7000


def test_plain_text_and_plain_json_lines_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one text", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps({"zh": "一", "en": "one"}) + "\n", encoding="utf-8")
    assert list(read_source(source(tmp_path / "a.txt"))) == [("one text",)]
    assert list(read_source(source(tmp_path / "b.jsonl", fields=("zh", "en")))) == [("一", "one")]


def test_a_corpus_of_which_nothing_is_left_says_why(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    strict = decoder_recipe | {"cleaning": {"min_characters": 10_000}}
    with pytest.raises(ValueError, match="too short"):
        write_corpus(TrainConfig.model_validate(strict), tmp_path)
