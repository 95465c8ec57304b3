"""What the passes compute in: as asked, or as the machine can; each kind learns, and goes on after a break."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
import torch

from llm_core.training import precision
from llm_core.training.run import Run

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    precision.use("auto")


def test_bfloat16_is_taken_where_there_are_instructions_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for able, dtype in (({"avx512_bf16": True}, torch.bfloat16), ({"avx2": True}, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        assert precision.dtype_on(CPU) == dtype
    precision.use("fp16")
    assert precision.dtype_on(CPU) == torch.float16
    with precision.computing(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float16
    precision.use("fp32")
    with precision.computing(CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


@pytest.mark.parametrize("kind", ["fp32", "bf16", "fp16"])
def test_each_precision_learns_and_goes_on_bit_for_bit(
    kind: str, prepared: Callable[..., Run], decoder_recipe: dict[str, Any]
) -> None:
    plain = {"optimizer": "adamw", "learning_rate": 0.01, "warmup_steps": 2}
    run = prepared(decoder_recipe, precision=kind, optimize=plain, budget={"steps": 16}, prompts=[])

    def trainer(folder: str) -> Any:
        torch.manual_seed(run.config.seed)
        return run.trainer(run.folder / folder)

    whole = trainer("whole")
    losses = [record.loss for record in whole.run()]
    assert losses[-1] < 0.9 * losses[0]
    assert whole.scaler.is_enabled() == (kind == "fp16")
    first = trainer("cut")
    list(islice(first.run(), 7))
    first.save()
    second = trainer("cut")
    assert second.resume()
    assert [record.loss for record in second.run()] == losses[7:]
