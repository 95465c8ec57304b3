"""A checkpoint is whole or it is not used, and nothing in it is ever executed."""

import pickle
import random
from pathlib import Path

import torch
from torch import nn
from torch.optim import AdamW, Muon

from llm_core.training.checkpoint import Mark, load_checkpoint, save_checkpoint
from llm_core.training.dataset import Position


def trained(steps: int) -> tuple[nn.Module, list[torch.optim.Optimizer]]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 4))
    optimizers = [Muon([model[0].weight]), AdamW([model[0].bias, *model[2].parameters()], fused=True)]
    for _ in range(steps):
        step(model, optimizers)
    return model, optimizers


def step(model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> None:
    loss = model(torch.randn(8, 4)).square().mean() * random.random()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()


def test_what_was_saved_goes_on_bit_for_bit(tmp_path: Path) -> None:
    random.seed(1)
    model, optimizers = trained(3)
    mark = Mark(step=3, seconds=1.5, tokens=24, position=Position(2, 7))
    save_checkpoint(tmp_path, mark, model, optimizers)
    for _ in range(3):
        step(model, optimizers)
    other, others = trained(0)
    assert load_checkpoint(tmp_path, other, others) == mark
    for _ in range(3):
        step(other, others)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_two_are_kept_and_a_damaged_one_gives_way_to_the_one_before(tmp_path: Path) -> None:
    model, optimizers = trained(1)
    for number in (1, 2, 3):
        save_checkpoint(tmp_path, Mark(step=number), model, optimizers)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-00000002", "step-00000003"]
    weights = tmp_path / "step-00000003" / "model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-3] ^= 1
    weights.write_bytes(damaged)
    mark = load_checkpoint(tmp_path, model, optimizers)
    assert mark is not None
    assert mark.step == 2


def test_half_a_checkpoint_and_an_empty_folder_are_no_checkpoint(tmp_path: Path) -> None:
    model, optimizers = trained(1)
    assert load_checkpoint(tmp_path, model, optimizers) is None
    (tmp_path / "step-00000009").mkdir()
    (tmp_path / "step-00000010").write_text("not even a folder")
    assert load_checkpoint(tmp_path, model, optimizers) is None


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (Path.write_text, (Path("exploded"), "x"))


def test_a_pickle_in_the_place_of_weights_is_never_loaded(tmp_path: Path) -> None:
    model, optimizers = trained(1)
    folder = save_checkpoint(tmp_path, Mark(step=1), model, optimizers)
    (folder / "model.safetensors").write_bytes(pickle.dumps(_Bomb()))
    assert load_checkpoint(tmp_path, model, optimizers) is None
    assert not Path("exploded").exists()
