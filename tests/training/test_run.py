"""From a recipe to a folder that anything can load."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from llm_core.events import Done, Item
from llm_core.training.loop import StepRecord
from llm_core.training.run import Look, Outcome, Run

Prepared = Callable[..., Run]


def metrics(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("family", "loader"), [("decoder", AutoModelForCausalLM), ("translator", AutoModelForSeq2SeqLM)]
)
def test_a_run_ends_with_a_model_that_transformers_loads(
    family: str, loader: type, prepared: Prepared, request: pytest.FixtureRequest
) -> None:
    run = prepared(request.getfixturevalue(f"{family}_recipe"))
    *items, done = run.train()
    steps = [item.value for item in items if isinstance(item, Item) and isinstance(item.value, StepRecord)]
    looks = [item.value for item in items if isinstance(item, Item) and isinstance(item.value, Look)]
    assert len(looks) == 2
    assert len(looks[0].samples) == len(run.config.prompts)
    assert isinstance(done, Done)
    outcome = done.result
    assert isinstance(outcome, Outcome)
    assert outcome.steps == len(steps) == run.config.budget.steps
    assert outcome.bits_per_char > 0

    model = loader.from_pretrained(run.folder / "model")  # type: ignore[attr-defined]
    assert model.dtype == torch.bfloat16
    assert model.num_parameters() == outcome.parameters
    weights = (run.folder / "model" / "model.safetensors").stat().st_size
    assert weights < 2.2 * outcome.parameters + 10_000  # tied embeddings are written once
    tokenizer = AutoTokenizer.from_pretrained(run.folder / "model")
    assert tokenizer.eos_token_id == model.config.eos_token_id
    assert len(metrics(run)) == len(steps) + len(looks)


def test_a_translator_begins_with_a_zero_vector_as_ctranslate2_does(
    prepared: Prepared, translator_recipe: dict[str, Any]
) -> None:
    run = prepared(translator_recipe, budget={"steps": 3})
    list(run.train())
    model = AutoModelForSeq2SeqLM.from_pretrained(run.folder / "model", dtype=torch.float32)
    embeddings = model.get_input_embeddings().weight
    assert not embeddings[model.config.decoder_start_token_id].any()
    assert embeddings.any(dim=1).sum() == len(embeddings) - 1


def test_metrics_of_lost_updates_are_written_once(prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    run = prepared(decoder_recipe, budget={"steps": 6, "evaluate_every": 50, "checkpoint_every_seconds": 0.001})
    list(islice(run.train(), 4))  # closed in the middle; the update after the last checkpoint is lost
    with (run.folder / "metrics.jsonl").open("a") as torn:
        torn.write('{"step": 5, "lo')
    list(run.train(resume=True))
    assert [line["step"] for line in metrics(run)] == [1, 2, 3, 4, 5, 6, 6]  # the last is a look


def test_text_is_prepared_once_and_again_only_for_other_text(
    prepared: Prepared, decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe)
    written = run.folder / "data" / "train-0.ids"
    before = written.stat().st_mtime_ns
    prepared(decoder_recipe, budget={"steps": 99})
    assert written.stat().st_mtime_ns == before
    assert json.loads((run.folder / "config.json").read_text())["budget"]["steps"] == 99
    prepared(decoder_recipe, cleaning={"max_characters": 500})
    assert written.stat().st_mtime_ns > before


def test_a_run_begun_anew_forgets_the_checkpoints_before(prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    list(prepared(decoder_recipe, budget={"steps": 9}).train())
    run = prepared(decoder_recipe, budget={"steps": 2})
    list(run.train())
    assert [path.name for path in (run.folder / "checkpoints").iterdir()] == ["step-00000002"]
    assert [line["step"] for line in metrics(run)] == [1, 2, 2]
