"""Interrupted and continued equals never interrupted."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
import torch

from llm_core.training.loop import Trainer
from llm_core.training.run import Run

Prepared = Callable[..., Run]


def trainer(run: Run) -> Trainer:
    torch.manual_seed(run.config.seed)
    return Trainer(run.config, run.build_model(), run.stream("train"), run.folder / "checkpoints")


@pytest.mark.parametrize("family", ["decoder", "translator"])
def test_a_run_that_was_cut_off_ends_with_the_same_weights(
    family: str, prepared: Prepared, request: pytest.FixtureRequest
) -> None:
    run = prepared(request.getfixturevalue(f"{family}_recipe"), budget={"steps": 6})
    whole = trainer(run)
    losses = [record.loss for record in whole.run()]

    first = trainer(run)
    list(islice(first.run(), 3))
    first.save()
    next(first.run())  # this update is lost with the process
    second = trainer(run)
    torch.manual_seed(999)
    assert not second.resume() or second.step == 6  # the whole run's own last checkpoint is newest
    for newest in (run.folder / "checkpoints").glob("step-00000006"):
        newest.rename(run.folder / newest.name)
    assert second.resume()
    assert second.step == 3
    assert [record.loss for record in second.run()] == losses[3:]
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_loss_falls_and_the_record_says_how(prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    run = prepared(decoder_recipe, budget={"steps": 30})
    records = list(trainer(run).run())
    assert [record.step for record in records] == list(range(1, 31))
    assert records[-1].loss < 0.75 * records[0].loss
    assert records[-1].tokens == 30 * 2 * 256
    assert records[-1].learning_rate < records[10].learning_rate


def test_a_budget_in_seconds_ends_by_the_clock_and_counts_earlier_sittings(
    prepared: Prepared, decoder_recipe: dict[str, Any]
) -> None:
    run = prepared(decoder_recipe, budget={"seconds": 0.5})
    first = trainer(run)
    records = list(first.run())
    assert records
    assert first.seconds >= 0.5
    second = trainer(run)
    assert second.resume()
    assert second.progress >= 1.0
    assert list(second.run()) == []
