"""The figures of a card come from held-out text, each beside its baseline."""

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_core.training.corpus import read_rows
from llm_core.training.measure import by_language, decoder_scores, translator_scores
from llm_core.training.run import Run


def test_texts_are_sorted_by_language() -> None:
    assert by_language(["狐狸看见月亮。", "The fox.", "用 Python 写"]) == {
        "zh": ["狐狸看见月亮。", "用 Python 写"],
        "en": ["The fox."],
    }
    assert by_language(["one"]) == {"en": ["one"]}


def test_a_decoder_stands_beside_two_ngrams_of_its_own_text(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe, budget={"steps": 2})
    list(run.train())
    scores = decoder_scores(run)
    assert scores.keys() == {"model", "5-gram, characters", "5-gram, pieces"}
    for values in scores.values():
        assert values.keys() == {"zh", "en", "all"}
        assert min(values["zh"], values["en"]) < values["all"] < max(values["zh"], values["en"])
    assert scores["5-gram, characters"]["all"] < scores["model"]["all"]  # two updates teach nothing


def test_an_ngram_model_that_was_trained_scores_like_the_one_that_others_stand_beside(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe | {"family": "ngram", "shape": {"order": 5}})
    list(run.train())
    scores = decoder_scores(run)
    assert scores["model"]["all"] == pytest.approx(scores["5-gram, pieces"]["all"], rel=0.05)


@pytest.mark.parametrize("family", ["mlp", "lstm"])
def test_every_family_of_running_text_is_scored(
    family: str, prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe | {"family": family, "shape": {"hidden": 16}}, budget={"steps": 2})
    *_, done = run.train()
    assert decoder_scores(run)["model"]["all"] == pytest.approx(done.result.bits_per_char, rel=0.1)  # type: ignore[union-attr]


def test_a_family_of_sentences_is_scored_sentence_by_sentence(
    prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe | {"family": "vae", "shape": {"hidden": 16}}, budget={"steps": 2})
    *_, done = run.train()
    assert decoder_scores(run)["model"]["all"] == pytest.approx(done.result.bits_per_char, rel=0.3)  # type: ignore[union-attr]


def test_a_translator_is_scored_in_both_directions(
    prepared: Callable[..., Run], translator_recipe: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("sacrebleu")
    run = prepared(translator_recipe, budget={"steps": 2})
    list(run.train())
    dev = tmp_path / "dev.jsonl.xz"
    with lzma.open(dev, "wt", encoding="utf-8") as out:
        for zh, en in list(read_rows(run.folder / "data" / "valid.jsonl"))[:5]:
            out.write(json.dumps({"zh": zh, "en": en}) + "\n")
    scores = translator_scores(run, {"ours": dev}, beams=1)
    assert scores.keys() == {"ours zh-en", "ours en-zh"}
    assert all(0 <= value["bleu"] < 60 for value in scores.values())
