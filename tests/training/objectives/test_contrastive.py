"""Texts that belong together come to lie together."""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoModel

from llm_core.training.dataset import Batch
from llm_core.training.objectives.contrastive import contrastive_loss
from llm_core.training.question_pairs import question_pairs
from llm_core.training.run import Run

Tuned = Callable[..., tuple[Run, Any]]
WORDS = {
    "fox": "狐狸",
    "dog": "狗",
    "horse": "马",
    "bird": "鸟",
    "cat": "猫",
    "moon": "月亮",
    "river": "河",
    "key": "钥匙",
}


def pairs(count: int) -> list[dict[str, Any]]:
    state = random.Random(6)
    found = []
    for _ in range(count):
        some = state.sample(sorted(WORDS), 3)
        found.append({"en": " ".join(some), "zh": "".join(WORDS[word] for word in some), "other": "an old book"})
    return found


@pytest.mark.parametrize("fields", [["en", "zh"], ["en", "zh", "other"], ["en"]])
def test_the_loss_falls_for_views_pairs_and_hard_negatives(
    fields: list[str], tuned: Tuned, rows: Callable[..., dict[str, Any]]
) -> None:
    source = rows("pairs", pairs(150), fields=fields)
    budget = {"steps": 30, "evaluate_every": 30}
    name = "-".join(fields)
    run, outcome = tuned("contrastive", [source], budget=budget, name=name, shape={"dropout": 0.1})
    assert ("recall@1" in outcome.extra) == (len(fields) > 1)
    model = AutoModel.from_pretrained(run.folder / "model")
    assert model.config.architectures == ["BertModel"]


def test_a_pair_that_lies_together_costs_nothing_and_a_hard_negative_costs() -> None:
    states = torch.eye(4)[[0, 1, 0, 1]][:, None]  # two firsts, their two seconds

    class Fixed(torch.nn.Module):
        device = torch.device("cpu")
        states = torch.zeros(0)

        def forward(self, **_: Any) -> Any:
            return SimpleNamespace(last_hidden_state=self.states)

    model = Fixed()
    model.states = states
    inputs = {"attention_mask": torch.ones(4, 1, dtype=torch.long), "input_ids": torch.arange(4)[:, None]}
    loss, _ = contrastive_loss(model, Batch(inputs, torch.arange(2)), 0.0, temperature=0.05)  # type: ignore[arg-type]
    assert float(loss) == pytest.approx(0, abs=1e-6)
    model.states = torch.cat([states, states[:2]])  # negatives that are as near as the partners
    inputs = {"attention_mask": torch.ones(6, 1, dtype=torch.long), "input_ids": torch.arange(6)[:, None]}
    loss, _ = contrastive_loss(model, Batch(inputs, torch.arange(2)), 0.0, temperature=0.05)  # type: ignore[arg-type]
    assert float(loss) == pytest.approx(2 * 0.6931, abs=1e-3)
    inputs["input_ids"][5] = inputs["input_ids"][3]  # the second row's passage once more: no negative for it
    loss, _ = contrastive_loss(model, Batch(inputs, torch.arange(2)), 0.0, temperature=0.05)  # type: ignore[arg-type]
    assert float(loss) == pytest.approx(0.6931, abs=1e-3)


def test_a_question_stands_beside_its_passage_and_one_that_only_looks_like_it() -> None:
    def row(title: str, context: str, *asked: tuple[str, str]) -> dict[str, Any]:
        qas = [{"question": q, "answers": [{"text": a, "start": context.index(a)}]} for q, a in asked]
        return {"title": title, "context": context, "qas": qas}

    rows = [
        row("Kites", "Ann made a red kite.", ("What did Ann make?", "a red kite"), ("Who made a kite?", "Ann")),
        row("Kites", "The kite of Bob is blue.", ("Whose kite is blue?", "Bob")),
        row("Rivers", "The river is long."),
    ]
    pairs = list(question_pairs(rows, "set", 3, seed=0))
    assert [len(pair) for pair in pairs] == [3, 3, 3]
    assert pairs[0] == ("What did Ann make?", "Ann made a red kite.", "The kite of Bob is blue.")
    assert {pair[:2] for pair in question_pairs(rows, "set", 2, seed=0)} == {pair[:2] for pair in pairs}
