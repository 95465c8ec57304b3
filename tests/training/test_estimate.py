"""What a run of each objective that learns from examples will take, also where memory is too short for its passes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from llm_core.training.config import Source, TrainConfig
from llm_core.training.estimate import estimate
from llm_core.training.plan import plan
from llm_core.training.run import Run

SAMPLES = {
    "label": "intent-zh-en",
    "tags": "names-zh-en",
    "relation": "relations-zh-en",
    "span": "reading-zh-en",
    "contrastive": "sentences-zh-en",
}
TINY = {"layers": 1, "hidden": 16, "heads": 2, "feed_forward": 32}


def planned(objective: str) -> TrainConfig:
    more: dict[str, Any] = {"objective": objective, "start": "none", "shape": TINY}
    more["tokenizer"] = {"kind": "unigram", "vocabulary": 400}
    source = Source(sample=SAMPLES[objective], characters=12_000)
    return plan("x", [source], family="encoder", steps=200, more=more)


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A pass of more than 256 pieces, padding included, does not fit; the sizes of those that were tried."""
    tried: list[int] = []
    build = Run.build_model

    def refuse(module: nn.Module, args: tuple[Any, ...], inputs: dict[str, Any]) -> None:
        tried.append(inputs["input_ids"].numel())
        if tried[-1] > 256:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    def with_hook(run: Run) -> Any:
        model = build(run)
        model.register_forward_pre_hook(refuse, with_kwargs=True)
        return model

    monkeypatch.setattr(Run, "build_model", with_hook)
    return tried


@pytest.mark.timeout(200)
@pytest.mark.parametrize("objective", SAMPLES)
def test_examples_are_counted_as_the_run_will_read_them(objective: str, tmp_path: Path) -> None:
    found = estimate(planned(objective), tmp_path)
    assert found.steps == 200
    assert 1_000 < found.tokens < 2_000_000
    assert found.epochs == pytest.approx(200 * _tokens_a_step(objective) / found.tokens, rel=0.5)


def _tokens_a_step(objective: str) -> int:
    return planned(objective).batch.micro_tokens


@pytest.mark.timeout(200)
@pytest.mark.parametrize("objective", ["span", "tags"])
def test_an_estimate_is_made_again_with_smaller_passes_where_memory_runs_out(
    objective: str, tmp_path: Path, small_memory: list[int]
) -> None:
    found = estimate(planned(objective), tmp_path)
    assert max(small_memory) > 256 >= small_memory[-1]
    assert found.tokens_per_second > 0
