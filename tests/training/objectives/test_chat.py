"""Conversations learned: the answers alone, from a model that is here, which then answers as a chat model."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_core.engines.base import Message, Sampling
from llm_core.engines.transformers import Transformers
from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.models.card import ModelCard
from llm_core.settings import Settings
from llm_core.training.config import TrainConfig
from llm_core.training.conversation import collate, encode
from llm_core.training.dataset import IGNORE
from llm_core.training.run import Run
from tests.engines.replies import text_of
from tests.tiny_gguf import CHATML

Prepared = Callable[..., Run]
COLOURS = {"grass": "green", "snow": "white", "coal": "black", "blood": "red", "the sky": "blue", "草": "绿色"}


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    path = tmp_path / "talks.jsonl"
    rows = [
        {"messages": [{"role": "user", "content": f"{thing}?"}, {"role": "assistant", "content": f"{colour}."}]}
        for thing, colour in COLOURS.items()
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows * 4), "utf-8")
    return path


@pytest.fixture
def chat_recipe(decoder_recipe: dict[str, Any], talks: Path) -> dict[str, Any]:
    return decoder_recipe | {
        "name": "talker",
        "objective": "chat",
        "sources": [{"path": talks, "use": use, "licence": "own", "origin": "our own"} for use in ("train", "valid")],
        "cleaning": {"deduplicate": False},
        "optimize": {"learning_rate": 0.01, "warmup_steps": 4},
        "budget": {"steps": 120, "evaluate_every": 120},
        "prompts": ["snow?"],
    }


def test_a_tuned_model_answers_in_chat(
    prepared: Prepared, decoder_recipe: dict[str, Any], chat_recipe: dict[str, Any], settings: Settings
) -> None:
    collect(prepared(decoder_recipe).train())
    run = prepared(chat_recipe, start="tiny-decoder")
    outcome = collect(run.train())
    assert outcome.valid_loss < 0.3
    model = run.folder / "model"
    assert (model / "tokenizer.json").read_bytes() == (
        run.folder.parent / "tiny-decoder" / "model" / "tokenizer.json"
    ).read_bytes()
    assert ModelCard.read(model).tasks == ("chat",)
    engine = Transformers("talker", model, settings)
    prompt = [Message("system", "Be brief."), Message("user", "coal?")]
    assert text_of(engine.generate([prompt], Sampling(temperature=0, max_tokens=12))) == "black."


def test_continuing_begins_where_the_model_was(prepared: Prepared, decoder_recipe: dict[str, Any]) -> None:
    first = prepared(decoder_recipe)
    collect(first.train())
    rate = {"learning_rate": 1e-9, "warmup_steps": 0}
    short = {"steps": 1, "evaluate_every": 1}
    again = prepared(decoder_recipe | {"name": "again"}, start="tiny-decoder", optimize=rate, budget=short)
    kept = AutoModelForCausalLM.from_pretrained(first.folder / "model", dtype=torch.float32)
    here, there = again.objective.judge(again.build_model()), again.objective.judge(kept)
    assert here.valid_loss == pytest.approx(there.valid_loss, rel=1e-3)  # attention computes in half the bits
    assert collect(again.train()).steps == 1


def test_only_answers_are_learned(prepared: Prepared, chat_recipe: dict[str, Any]) -> None:
    tokenizer = prepared(chat_recipe).tokenizer
    turns = (("system", "Kind."), ("user", "grass?"), ("assistant", "green."), ("user", "snow?"), ("assistant", "w"))
    for template, asked in ((tokenizer.chat_template, ["green.<|endoftext|>", "w<|endoftext|>"]), (CHATML, None)):
        tokenizer.chat_template = template
        encoded = encode(tokenizer, turns)
        assert encoded is not None
        said = [tokenizer.decode(encoded.ids[begin:end]) for begin, end in encoded.answers]
        assert said == (asked or ["green.<|im_end|>", "w<|im_end|>"])
        batch = collate([encoded, encoded], 0)
        assert batch.targets == 2 * encoded.targets
        learned = batch.labels[0][batch.labels[0] != IGNORE].tolist()
        assert learned == [token for begin, end in encoded.answers for token in encoded.ids[begin:end]]


def test_the_loss_is_that_of_the_answers(prepared: Prepared, chat_recipe: dict[str, Any]) -> None:
    run = prepared(chat_recipe, precision="fp32")
    model = run.build_model().eval()
    judged = run.objective.judge(model)
    nats, tokens, characters = 0.0, 0, 0
    for thing, colour in COLOURS.items():
        encoded = encode(run.tokenizer, (("user", f"{thing}?"), ("assistant", f"{colour}.")))
        assert encoded is not None
        ((begin, end),) = encoded.answers
        with torch.no_grad():
            logits = model(torch.tensor([encoded.ids])).logits[0, begin - 1 : end - 1]
        nats += float(cross_entropy(logits, torch.tensor(encoded.ids[begin:end]), reduction="sum"))
        tokens, characters = tokens + end - begin, characters + len(colour) + 2
    assert judged.valid_loss == pytest.approx(nats / tokens, rel=0.02)
    assert run.objective.bits_per_character(nats / tokens) == pytest.approx(nats / math.log(2) / characters, rel=1e-6)  # type: ignore[attr-defined]


def test_a_gguf_is_dequantized_and_tuned(
    prepared: Prepared, chat_recipe: dict[str, Any], tiny_gguf: Path, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.gguf").write_bytes(tiny_gguf.read_bytes())
    recipe = chat_recipe | {"start": "tiny", "budget": {"steps": 2, "evaluate_every": 2}, "batch": {"context": 128}}
    run = Run(TrainConfig.model_validate(recipe), tmp_path / "runs" / "talker")
    run.prepare()
    collect(run.train())
    tokenizer = AutoTokenizer.from_pretrained(run.folder / "model")
    assert tokenizer.chat_template == CHATML
    assert AutoModelForCausalLM.from_pretrained(run.folder / "model").config.model_type == "llama"


def test_what_cannot_be_learned_from_is_said(prepared: Prepared, chat_recipe: dict[str, Any], talks: Path) -> None:
    with pytest.raises(UserError, match="start_unknown"):
        prepared(chat_recipe, start="nobody")
    with pytest.raises(UserError, match="start_unknown"):
        prepared(chat_recipe, start="../../x")
    talks.write_text('{"messages": [{"role": "user", "content": "hello?"}]}\n', "utf-8")
    with pytest.raises(UserError, match="chat_row_broken"):
        prepared(chat_recipe)
    talks.write_text('{"text": "hello?"}\n', "utf-8")
    with pytest.raises(UserError, match="columns_missing"):
        prepared(chat_recipe)
