"""An adapter learned over a model that is here: kept apart, switched on and off, or made part of the weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from llm_core.engines.transformers import Transformers
from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.settings import Settings
from llm_core.training.config import TrainConfig
from llm_core.training.run import Run

Prepared = Callable[..., Run]
TEXTS = ["The red fox sees the moon on day 7.", "小猫在第3天看见月亮。"]


@pytest.fixture
def tuned(prepared: Prepared, decoder_recipe: dict[str, Any]) -> Callable[..., Run]:
    collect(prepared(decoder_recipe).train())

    def tuned(name: str, start: str = "tiny-decoder", **adapter: Any) -> Run:
        rate = {"learning_rate": 0.02, "warmup_steps": 2}
        entries = {"start": start, "adapter": {"rank": 4, **adapter}, "optimize": rate}
        run = prepared(decoder_recipe | {"name": name}, precision="fp32", **entries)
        collect(run.train())
        return run

    return tuned


def score(folder: Path, settings: Settings) -> list[float]:
    return [each.log_likelihood for each in Transformers("m", folder, settings).score(TEXTS)]


def test_apart_or_merged_it_is_the_same_model_and_the_base_stays(
    tuned: Callable[..., Run], settings: Settings
) -> None:
    apart, merged = tuned("apart", merge=False), tuned("merged")
    base = apart.folder.parent / "tiny-decoder" / "model"
    before, on, whole = (
        score(folder, settings) for folder in (base, apart.folder / "model", merged.folder / "model")
    )
    assert sum(on) > sum(before) + 2
    assert whole == pytest.approx(on, abs=0.6)  # the merged weights are bfloat16
    files = {path.name for path in (apart.folder / "model").iterdir()}
    assert "model.safetensors" not in files
    assert {"adapter_config.json", "adapter_model.safetensors", "config.json", "tokenizer.json"} <= files
    assert (merged.folder / "adapter" / "adapter_model.safetensors").exists()
    told = json.loads((apart.folder / "model" / "card.json").read_text("utf-8"))
    assert told["tasks"] == ["continue"]
    newest = max((apart.folder / "checkpoints").glob("step-*"))
    assert (newest / "model.safetensors").stat().st_size < (base / "model.safetensors").stat().st_size
    assert Transformers("m", apart.folder / "model", settings).memory_bytes > 4 * 20_000


def test_it_goes_on_from_a_checkpoint(prepared: Prepared, tuned: Callable[..., Run]) -> None:
    run = tuned("apart", merge=False)
    trainer = run.trainer(run.folder / "checkpoints")
    assert trainer.resume()
    assert trainer.step == run.config.budget.steps
    assert any(own.abs().sum() > 0 for name, own in trainer.model.named_parameters() if name.endswith("lora_B"))


def test_a_gguf_takes_an_adapter(
    tuned: Callable[..., Run], prepared: Prepared, tiny_gguf: Path, decoder_recipe: dict[str, Any], settings: Settings
) -> None:
    models = prepared(decoder_recipe).folder.parents[1] / "models"
    models.mkdir()
    (models / "tiny.gguf").write_bytes(tiny_gguf.read_bytes())
    run = tuned("over-gguf", start="tiny", merge=False)
    assert score(run.folder / "model", settings)


def test_an_adapter_needs_a_model_with_a_place_for_it(
    tuned: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    with pytest.raises(UserError, match="adapter_no_place"):
        tuned("nowhere", targets=("query",))
    with pytest.raises(ValidationError, match="give start"):
        TrainConfig.model_validate(decoder_recipe | {"adapter": {}})
