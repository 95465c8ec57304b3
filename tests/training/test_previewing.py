"""A look at examples before a run says what the run would: how they are read, how uneven they are, what they take."""

from pathlib import Path

import pytest

from llm_core.errors import UserError
from llm_core.training.config import Source
from llm_core.training.estimate import estimate
from llm_core.training.plan import path_source, plan
from llm_core.training.preview_examples import preview_examples

FRESH = {"start": "none", "tokenizer": {"kind": "char", "vocabulary": 2000}}


@pytest.mark.parametrize(
    ("objective", "family", "sample", "counted"),
    [
        ("label", "lstm", "intent-zh-en", {"weather", "alarm", "complain"}),
        ("relation", "encoder", "relations-zh-en", {"born_in", "no_relation"}),
        ("tags", "encoder", "names-zh-en", {"person", "place", "organisation", "time"}),
        ("span", "encoder", "reading-zh-en", set()),
        ("contrastive", "encoder", "sentences-zh-en", set()),
        ("chat", "decoder", "talks-zh-en", set()),
    ],
)
def test_examples_are_shown_as_they_will_be_read(
    tmp_path: Path, objective: str, family: str, sample: str, counted: set[str]
) -> None:
    source = Source(sample=sample, characters=20_000)
    config = plan("x", [source], family=family, seconds=60, more={"objective": objective, **FRESH})
    seen = preview_examples(config, "", tmp_path)
    assert counted <= {label for labels in seen.counts.values() for label in labels}
    assert (objective == "chat") == (not seen.examples)
    assert all(text and said for text, said in seen.examples)
    assert seen.pieces and seen.tokenizer.tokens
    assert seen.findings
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_with_a_table_is_said_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("words,mood\nfine,good\n", encoding="utf-8")
    config = plan("x", [path_source(path)], family="lstm", seconds=60, more={"objective": "label"})
    with pytest.raises(UserError, match="columns_missing"):
        preview_examples(config, "", tmp_path)


def test_an_estimate_counts_the_tokens_of_examples(tmp_path: Path) -> None:
    more = {"objective": "label", "size": "tiny", **FRESH}
    config = plan("x", [Source(sample="intent-zh-en")], family="lstm", steps=200, more=more)
    (tmp_path / "run").mkdir()
    found = estimate(config, tmp_path / "run")
    assert 5_000 < found.tokens < 40_000  # about twenty thousand characters
    assert found.epochs > 1
