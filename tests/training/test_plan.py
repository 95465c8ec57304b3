"""What a plan fills in for an encoder that learns from examples."""

from pathlib import Path
from typing import Any

from llm_core.training.config import Source
from llm_core.training.plan import ENCODER, path_source, plan, reasons
from llm_core.training.start import BUNDLED


def test_an_encoder_begins_with_the_one_that_comes_along(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\nlovely,good\nbroken,bad\n", encoding="utf-8")
    config = plan("a", [Source(path=path)], family="encoder", more={"objective": "label"})
    assert config.start == ENCODER
    assert (BUNDLED / ENCODER / "config.json").is_file()
    assert "runs.reason_start" in dict(reasons(config))

    fresh = plan("a", [Source(path=path)], family="encoder", more={"objective": "label", "start": "none"})
    assert fresh.start is None
    assert fresh.optimize.learning_rate > config.optimize.learning_rate
    assert "runs.reason_fresh" in dict(reasons(fresh))
    assert plan("a", [Source(path=path)], family="encoder").start is None


def test_the_prompts_are_beginnings_of_sentences(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(
        "| 8 | 9 |\n“好。”\n- - -\n12 of 13\n" * 5 + "The boats come home at dusk.\n老船夫坐在桥边。\n", "utf-8"
    )
    assert set(plan("x", [path_source(path)]).prompts) == {"The boats", "老船夫坐"}


def test_an_encoder_is_given_gaps_to_fill(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("The boats come home at dusk.\n老船夫坐在桥边。\n" * 5, "utf-8")
    assert set(plan("x", [path_source(path)], family="encoder").prompts) == {
        "The boats come <mask> at dusk.",
        "老船夫坐<mask>桥边。",
    }


def test_each_language_of_the_text_has_a_prompt() -> None:
    english, chinese = plan("x", [Source(sample="stories-en"), Source(sample="stories-zh")]).prompts
    assert english.isascii() and not chinese.isascii()


def test_reasons_are_true_of_what_they_explain(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("The boats come home at dusk.\n" * 200_000, "utf-8")
    source = path_source(path)

    def said(**asked: Any) -> set[str]:
        return {key.removeprefix("runs.reason_") for key, _ in reasons(plan("x", [source], **asked))}

    assert {"size", "pieces_byte_bpe", "context"} == said(steps=10)
    assert "size_given" in said(steps=10, size="tiny")
    assert "size_short" in said(seconds=60)
    assert "patience" not in said(seconds=60)
    assert "counted" in said(family="ngram", seconds=60)
    dataset = Source(dataset="owner/name")
    assert [key for key, _ in reasons(plan("x", [dataset], seconds=60))] == ["runs.reason_seconds"]


def test_a_short_text_keeps_the_weights_that_were_best(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("The boats come home at dusk.\n" * 100, "utf-8")
    source = path_source(path)
    config = plan("x", [source], seconds=60)
    assert config.budget.patience
    assert "runs.reason_patience" in dict(reasons(config))
    assert plan("x", [source], seconds=60, family="vae").budget.patience is None
