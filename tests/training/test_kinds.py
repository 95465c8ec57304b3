"""A run with each kind of tokenizer ends with a folder that transformers loads, and bits per character compare."""

from collections.abc import Callable
from typing import Any

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_core.events import Done
from llm_core.training.run import Outcome, Run

Prepared = Callable[..., Run]


@pytest.mark.parametrize("kind", ["byte-bpe", "unigram", "bpe", "char", "word"])
def test_a_model_comes_with_its_tokenizer(kind: str, prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    run = prepared(decoder_recipe, tokenizer={"kind": kind, "vocabulary": 500}, budget={"steps": 3})
    *_, done = run.train()
    assert isinstance(done, Done)
    outcome = done.result
    assert isinstance(outcome, Outcome)
    assert outcome.bits_per_char is not None
    assert (
        0.5 < outcome.bits_per_char < 10
    )  # of a model that knows nothing yet: at most log2 of 500 pieces a character
    tokenizer = AutoTokenizer.from_pretrained(run.folder / "model")
    model = AutoModelForCausalLM.from_pretrained(run.folder / "model")
    text = "The red fox sees a river on day 7."
    ids = tokenizer(text)["input_ids"]
    assert ids == run.tokenizer(text)["input_ids"]
    assert tokenizer.decode(ids) == text
    assert max(ids) < model.config.vocab_size
    assert tokenizer.eos_token_id == model.config.eos_token_id


def test_unknown_characters_cost_what_it_takes_to_name_them(
    prepared: Prepared, decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe)
    plain = run.objective.bits_per_character(1.0)  # type: ignore[attr-defined]
    path = run.folder / "report.json"
    report = path.read_text("utf-8")
    assert '"unknown": 0' in report
    path.write_text(report.replace('"unknown": 0', '"unknown": 10'), encoding="utf-8")
    charged = run.objective.bits_per_character(1.0)  # type: ignore[attr-defined]
    characters = run._report()["valid"]["characters"]
    assert charged - plain == pytest.approx(10 * 20.0845 / characters, rel=1e-3)
