"""Every small family learns, is saved, and goes on after an interruption, by the one loop."""

from collections import Counter
from collections.abc import Callable
from itertools import islice
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_core.events import Done
from llm_core.models import register
from llm_core.models.ngram import NGram
from llm_core.training import counting
from llm_core.training.config import TrainConfig
from llm_core.training.estimate import estimate
from llm_core.training.families import open_tokens
from llm_core.training.loop import StepRecord, Trainer
from llm_core.training.run import Look, Run

Prepared = Callable[..., Run]
SHAPES: dict[str, dict[str, float]] = {
    "mlp": {"hidden": 48, "window": 4, "wide": 64, "layers": 2},
    "cnn": {"hidden": 48, "layers": 3},
    "rnn": {"hidden": 48, "layers": 2},
    "lstm": {"hidden": 48, "layers": 2},
    "gru": {"hidden": 48, "layers": 2},
}


@pytest.fixture(params=SHAPES)
def recipe(request: pytest.FixtureRequest, decoder_recipe: dict[str, Any]) -> dict[str, Any]:
    """The tiny decoder's recipe for another family."""
    return decoder_recipe | {
        "name": f"tiny-{request.param}",
        "family": request.param,
        "shape": SHAPES[request.param],
        "optimize": {"learning_rate": 0.02, "warmup_steps": 4},
    }


def unigram_loss(run: Run) -> float:
    """Nats a token of the validation text for one who knows only how often each token is."""
    train, valid = (open_tokens(run.folder / "data", split)[0].ids for split in ("train", "valid"))
    counts = Counter(train.tolist())
    total = len(train) + len(run.tokenizer)
    return sum(-log((counts[token] + 1) / total) for token in valid.tolist()) / len(valid)


@pytest.mark.parametrize("softmaxes", [1, 2])
def test_it_learns_more_than_how_often_each_token_is(
    prepared: Prepared, recipe: dict[str, Any], softmaxes: int
) -> None:
    run = prepared(
        recipe, shape=recipe["shape"] | {"softmaxes": softmaxes}, budget={"steps": 100, "evaluate_every": 50}
    )
    *events, done = run.train()
    first = events[0].value  # type: ignore[union-attr]
    assert first.loss == pytest.approx(log(len(run.tokenizer)), rel=0.2)
    assert isinstance(done, Done)
    assert done.result.valid_loss < 0.5 * first.loss
    assert done.result.valid_loss < 0.7 * unigram_loss(run)
    looks = [event.value for event in events if hasattr(event.value, "samples")]  # type: ignore[union-attr]
    assert all(text.startswith("The red") for look in looks for text in look.samples)


def test_the_folder_of_a_run_is_opened_by_transformers(prepared: Prepared, recipe: dict[str, Any]) -> None:
    register()
    run = prepared(recipe, budget={"steps": 4, "evaluate_every": 50})
    *_, done = run.train()
    folder: Path = run.folder / "model"
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16
    assert model.num_parameters() == done.result.parameters  # type: ignore[union-attr]
    assert (folder / "model.safetensors").stat().st_size < 2.2 * model.num_parameters() + 10_000
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.eos_token_id == model.generation_config.eos_token_id
    ids = tokenizer("The red", return_tensors="pt")
    assert model.generate(**ids, max_new_tokens=5, do_sample=False).shape[1] > ids["input_ids"].shape[1]


@pytest.mark.parametrize("knobs", [{}, {"dropout": 0.2}])
def test_a_run_that_was_cut_off_ends_with_the_same_weights(
    prepared: Prepared, recipe: dict[str, Any], knobs: dict[str, float]
) -> None:
    run = prepared(recipe, shape=recipe["shape"] | knobs, budget={"steps": 6})

    def trainer(folder: str) -> Trainer:
        torch.manual_seed(run.config.seed)
        return Trainer(run.config, run.build_model(), run.stream("train"), run.folder / folder, run.objective.loss)

    whole = trainer("whole")
    losses = [record.loss for record in whole.run()]
    first = trainer("cut")
    list(islice(first.run(), 3))
    first.save()
    second = trainer("cut")
    torch.manual_seed(999)
    assert second.resume()
    assert [record.loss for record in second.run()] == losses[3:]
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_an_n_gram_model_is_counted_in_portions_by_the_same_run(
    prepared: Prepared, decoder_recipe: dict[str, Any], order: int
) -> None:
    register()
    counted = {"name": "tiny-ngram", "family": "ngram", "shape": {"order": order}}
    run = prepared(decoder_recipe | counted, budget={"steps": 500, "patience": 1})
    *events, done = run.train()
    records = [event.value for event in events if isinstance(event.value, StepRecord)]  # type: ignore[union-attr]
    looks = [event.value for event in events if isinstance(event.value, Look)]  # type: ignore[union-attr]
    tokens = open_tokens(run.folder / "data", "train")[0].ids
    assert [record.step for record in records] == [look.step for look in looks] == [1, 2, 3, 4, 5, 6]
    assert [record.tokens for record in records] == [len(tokens) >> left for left in (5, 4, 3, 2, 1, 0)]
    assert records[0].loss == pytest.approx(log(len(run.tokenizer)))
    assert looks[-1].valid_loss < looks[0].valid_loss
    assert all(look.samples[0].startswith("The red") for look in looks)

    model = AutoModelForCausalLM.from_pretrained(run.folder / "model")
    expected = NGram(order, len(run.tokenizer)).fit(np.asarray(tokens, dtype=np.int64))
    assert done.result.parameters == model.num_parameters()  # type: ignore[union-attr]
    assert model.num_parameters() == sum(len(level.keys) for level in expected.levels)
    text = np.asarray(open_tokens(run.folder / "data", "valid")[0].ids[:40], dtype=np.int64)
    inputs, labels = torch.from_numpy(text[None, :-1]), torch.from_numpy(text[None, 1:])
    logits = model(inputs).logits
    chances = torch.from_numpy(expected.probabilities(text))[order:]  # the first ones have no whole context
    wanted = logits.exp().gather(2, labels[..., None])[0, order - 1 :, 0].double()
    torch.testing.assert_close(wanted, chances, rtol=1e-5, atol=0)
    torch.testing.assert_close(model.log_likelihoods(inputs, labels), logits.gather(2, labels[..., None])[..., 0])
    if order == 1:
        assert done.result.valid_loss == pytest.approx(unigram_loss(run), rel=0.02)  # type: ignore[union-attr]
    else:
        assert done.result.valid_loss < 0.7 * unigram_loss(run)  # type: ignore[union-attr]


def test_what_counting_takes_is_said_beforehand(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    config = TrainConfig.model_validate(
        decoder_recipe | {"family": "ngram", "shape": {}, "budget": {"seconds": 9999}}
    )
    told = estimate(config, tmp_path)
    assert (told.steps, told.epochs, told.warnings) == (counting.PORTIONS, 1.0, ())
    assert told.seconds < 60
    run = Run(config, tmp_path / "whole")
    run.prepare()
    *_, done = run.train()
    assert told.parameters == pytest.approx(done.result.parameters, rel=0.2)  # type: ignore[union-attr]
