"""What is said of a corpus follows from what is in it, in both languages; a preview shows what a run would do."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm_core.messages import LANGUAGES, say
from llm_core.training.config import TrainConfig
from llm_core.training.corpus import write_corpus
from llm_core.training.preview import preview_data
from llm_core.training.report import findings, label_findings

ENGLISH = [f"Person {i} walked to the harbour and came back with {i} fish in a basket." for i in range(200)]
CHINESE = [f"第{i}个人走到港口，带着{i}条鱼回来了，天已经黑了，路上一个人也没有。" for i in range(200)]


def source(folder: Path, name: str, texts: list[str], **more: Any) -> dict[str, Any]:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return {"path": path, "origin": "own", "licence": "own", **more}


@pytest.fixture
def found(decoder_recipe: dict[str, Any], tmp_path: Path) -> Any:
    def of(sources: list[dict[str, Any]], **changes: Any) -> dict[str, dict[str, Any]]:
        config = TrainConfig.model_validate(decoder_recipe | {"sources": sources} | changes)
        codes = findings(write_corpus(config, tmp_path / "data"))
        for code, facts in codes:
            assert all(say(language, code, **facts) for language in LANGUAGES)
        return dict(codes)

    return of


def test_the_language_of_the_text_is_the_language_of_the_model(found: Any, tmp_path: Path) -> None:
    english, chinese = source(tmp_path, "en", ENGLISH), source(tmp_path, "zh", CHINESE)
    assert "corpus.only_en" in found([english])
    assert "corpus.only_zh" in found([chinese])
    shares = found([english, chinese])["corpus.both_languages"]
    assert shares["zh"] + shares["en"] == 1
    assert 0.3 < shares["zh"] < 0.5


def test_what_outweighs_the_rest_is_named(found: Any, tmp_path: Path) -> None:
    large, small = source(tmp_path, "large", ENGLISH), source(tmp_path, "small", CHINESE[:5])
    facts = found([large, small | {"written_by_model": "some-model", "licence": ""}])
    assert facts["corpus.one_source"]["name"] == "large.jsonl"
    assert facts["corpus.by_model"]["models"] == "some-model"
    assert facts["corpus.no_licence"]["names"] == "small.jsonl"
    assert facts["corpus.few"]["characters"] < 30_000


def test_what_cleaning_took_is_said(found: Any, tmp_path: Path) -> None:
    texts = [
        *ENGLISH,
        *ENGLISH[:100],
        *("no" + "!" * i for i in range(60)),
        *(f"call 138123456{i}" for i in range(10, 60)),
    ]
    facts = found([source(tmp_path, "dirty", texts)], cleaning={"min_characters": 63, "personal": True})
    assert facts["corpus.repeated"]["share"] == 100 / len(texts)
    assert facts["corpus.dropped"]["share"] == 110 / len(texts)
    assert facts["corpus.masked"]["rows"] == 50


def test_lengths_are_those_of_a_short_a_middling_and_a_long_text(
    decoder_recipe: dict[str, Any], tmp_path: Path
) -> None:
    texts = ["x" * 10 + str(i) for i in range(100, 200)] + ["y" * 500 + str(i) for i in range(100, 200)]
    config = TrainConfig.model_validate(decoder_recipe | {"sources": [source(tmp_path, "a", texts)]})
    report = write_corpus(config, tmp_path / "data")
    assert (report["lengths"]["10"], report["lengths"]["90"]) == (13, 503)
    assert report["read"] == 200
    assert report["languages"] == {"en": 100 * 13 + 100 * 503}


def test_uneven_labels_are_named() -> None:
    codes = dict(label_findings({"good": 90, "bad": 5, "odd": 40}))
    assert codes == {
        "corpus.label_most": {"label": "good", "share": 90 / 135},
        "corpus.label_few": {"label": "bad", "rows": 5},
    }
    assert label_findings({"good": 50, "bad": 55}) == [("corpus.labels_even", {"labels": 2})]
    for code, facts in [*codes.items(), ("corpus.labels_even", {"labels": 2})]:
        assert all(say(language, code, **facts) for language in LANGUAGES)


def test_a_preview_shows_changes_pieces_and_findings(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    sources = [source(tmp_path, "dirty", [f"<p>{text}</p>" for text in ENGLISH]), source(tmp_path, "zh", CHINESE)]
    recipe = decoder_recipe | {"sources": sources, "cleaning": {"noise": True}}
    seen = preview_data(TrainConfig.model_validate(recipe), "To the 港口")
    assert seen.changes[0].before == (f"<p>{ENGLISH[0]}</p>",)
    assert seen.changes[0].after == (ENGLISH[0],)
    assert "".join(piece.text for piece in seen.pieces if not piece.partial).startswith("To the ")
    assert seen.tokenizer.vocabulary <= 400
    assert "corpus.both_languages" in dict(seen.findings)
    assert seen.whole
    assert preview_data(TrainConfig.model_validate(recipe)).sentence in ENGLISH + CHINESE
