"""Self-feedback: DPO's loss by hand, and a change that is kept only where it helps on prompts never trained on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.training.preference import Asked, Pair, best_and_worst, collate_pairs, dpo_loss
from llm_core.training.run import Run

Prepared = Callable[..., Run]
THINGS = ["tea", "rain", "bread", "music", "snow", "a walk", "books", "soup", "trains", "cats", "stars", "plums"]


def write(path: Path, things: list[str], *answers: str, **more: Any) -> Path:
    rows = [
        {"messages": [{"role": "user", "content": f"{thing}?"}, {"role": "assistant", "content": answer}], **more}
        for thing in things
        for answer in answers
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def of(path: Path, use: str) -> dict[str, Any]:
    return {"path": path, "use": use, "licence": "own", "origin": "our own"}


@pytest.fixture
def started(prepared: Prepared, decoder_recipe: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The recipe of a run that begins with a model which says "no way." more often than "yes."."""
    talks = write(tmp_path / "talks.jsonl", THINGS, "no way.", "no way.", "no way.", "yes.", "yes.")
    recipe = decoder_recipe | {
        "name": "doubter",
        "objective": "chat",
        "sources": [of(talks, "train"), of(talks, "valid")],
        "cleaning": {"deduplicate": False},
        "optimize": {"learning_rate": 0.01, "warmup_steps": 4},
        "budget": {"steps": 60, "evaluate_every": 60},
        "prompts": [],
        "precision": "fp32",
    }
    collect(prepared(recipe).train())
    tuned = {"optimizer": "adamw", "learning_rate": 0.003, "warmup_steps": 1, "weight_decay": 0.0}
    return (
        recipe
        | {"objective": "preference", "start": "doubter", "optimize": tuned}
        | {
            "budget": {"steps": 30, "evaluate_every": 30},
            "feedback": {"answer_tokens": 8, "temperature": 1.0, "answers": 6},
        }
    )


@pytest.mark.parametrize("method", ["dpo", "best"])
def test_what_helps_on_prompts_never_trained_on_is_kept(
    method: str, prepared: Prepared, started: dict[str, Any], tmp_path: Path
) -> None:
    learned = write(tmp_path / "learned.jsonl", THINGS[:8], "yes.")
    apart = write(tmp_path / "apart.jsonl", THINGS[8:], "yes.")
    recipe = started | {"name": "believer", "sources": [of(learned, "train"), of(apart, "valid")]}
    run = prepared(recipe, feedback={**started["feedback"], "method": method})
    if method == "dpo":
        assert run.objective.judge(run.build_model()).valid_loss == pytest.approx(math.log(2), abs=1e-4)
    collect(run.train())
    told = json.loads((run.folder / "scores.json").read_text("utf-8"))["feedback"]
    assert (told["kept"], told["prompts"], told["measure"]) == (True, 4, "chrF")
    assert told["after"] > told["before"] + 10
    assert json.loads((run.folder / "model" / "card.json").read_text("utf-8"))["tasks"] == ["chat"]


def test_what_does_not_help_is_taken_back(prepared: Prepared, started: dict[str, Any], tmp_path: Path) -> None:
    learned = write(tmp_path / "learned.jsonl", THINGS[:8], "no way.")
    apart = write(tmp_path / "apart.jsonl", THINGS[8:], "yes.")
    run = prepared(started | {"name": "stubborn", "sources": [of(learned, "train"), of(apart, "valid")]})
    collect(run.train())
    told = json.loads((run.folder / "scores.json").read_text("utf-8"))["feedback"]
    assert told["kept"] is False and told["after"] <= told["before"]
    first, last = (
        AutoModelForCausalLM.from_pretrained(run.folder.parent / name / "model") for name in ("doubter", "stubborn")
    )
    for name, own in first.state_dict().items():
        assert torch.equal(own, last.state_dict()[name])


def test_the_loss_is_the_formula(prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    model = prepared(decoder_recipe, precision="fp32").build_model().eval()
    pairs = [Pair([5, 6, 7], [8, 9], [10, 11, 12], (-3.0, -5.0)), Pair([5], [6, 7, 8], [9], (-4.0, -1.0))]
    with torch.no_grad():
        loss = float(dpo_loss(model, collate_pairs(pairs, 0), beta=0.3)[0])
        expected = 0.0
        for pair in pairs:
            gains = []
            for answer, before in ((pair.chosen, pair.before[0]), (pair.rejected, pair.before[1])):
                chances = model(torch.tensor([pair.prompt + answer])).logits[0].log_softmax(-1)
                places = range(len(pair.prompt) - 1, len(pair.prompt) + len(answer) - 1)
                gains.append(
                    sum(float(chances[at, token]) for at, token in zip(places, answer, strict=True)) - before
                )
            expected += math.log(1 + math.exp(-0.3 * (gains[0] - gains[1])))
    assert loss == pytest.approx(expected, rel=1e-3)


def test_thumbs_count_beside_references() -> None:
    asked = Asked(("yes.",), ("maybe",))
    assert best_and_worst(asked, ["no way.", "yes.", "yes!"], 2.0) == (1, 0)
    assert best_and_worst(asked, ["yes.", "maybe"], 2.0) == (0, 1)
    assert best_and_worst(asked, ["yes.", "yes."], 2.0) is None
    assert best_and_worst(Asked((), ("a bad answer",)), ["a bad answers", "something else"], 2.0) == (1, 0)


def test_who_cannot_answer_yet_has_nothing_to_learn_from(prepared: Prepared, started: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="feedback_no_start"):
        prepared(started | {"name": "nobody"}, start=None)
