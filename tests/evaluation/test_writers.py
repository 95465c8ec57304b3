"""A model that writes in figures, each against a computation of its own; a run keeps them."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from llm_core.catalog.bundled import FOLDER
from llm_core.engines.transformers import Transformers
from llm_core.errors import UserError
from llm_core.evaluation.writers import distinct, evaluate, repetition
from llm_core.events import collect
from llm_core.settings import Settings
from llm_core.training.state import State
from llm_core.workbench import Workbench

DECODER = FOLDER / "decoder-zh-en"
TEXTS = ["The ferry leaves the harbour at nine in the morning.", "渡船早上九点离开港口，天气很好。"]


def test_loss_and_accuracy_are_those_of_the_logits(settings: Settings) -> None:
    found = collect(evaluate(Transformers("decoder", DECODER, settings), TEXTS))
    tokenizer = AutoTokenizer.from_pretrained(DECODER)
    model = AutoModelForCausalLM.from_pretrained(DECODER, dtype=torch.float32).eval()
    nats, right, tokens = 0.0, 0, 0
    for text in TEXTS:
        ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]])
        with torch.no_grad():
            chances = model(ids).logits[0, :-1].log_softmax(-1)
        nats -= float(chances.gather(1, ids[0, 1:, None]).sum())
        right += int((chances.argmax(-1) == ids[0, 1:]).sum())
        tokens += ids.shape[1] - 1
    assert found.tokens == tokens
    assert found.loss == pytest.approx(nats / tokens, rel=1e-4)
    assert found.perplexity == pytest.approx(math.exp(nats / tokens), rel=1e-3)
    assert found.bits_per_character == pytest.approx(nats / math.log(2) / sum(map(len, TEXTS)), rel=1e-4)
    assert found.next_token_accuracy == pytest.approx(right / tokens)
    assert 0 < found.distinct[0] < found.distinct[2] <= 1
    assert found.writing_speed > 0 < found.reading_speed


def test_variety_and_repetition_by_hand() -> None:
    texts = [list("ababab"), list("ac")]
    assert distinct(texts, 1) == 3 / 8
    assert distinct(texts, 2) == 3 / 6
    assert repetition(texts) == pytest.approx(1 / 3)  # a b a b, b a b a, a b a b
    assert (distinct([], 1), repetition([["a"]])) == (0.0, 0.0)


def test_a_run_is_measured_on_what_it_kept_apart_and_keeps_what_was_found(settings: Settings) -> None:
    folder = settings.paths.run("mine")
    (folder / "data").mkdir(parents=True)
    shutil.copytree(DECODER, folder / "model")
    (folder / "data" / "valid.jsonl").write_text(json.dumps(TEXTS[:1]), "utf-8")
    (folder / "scores.json").write_text('{"before": 1}', "utf-8")
    State("done").write(folder)
    with Workbench(settings) as workbench:
        found = collect(workbench.measuring.writer("", "mine"))
        assert found.characters == len(TEXTS[0])
        kept = json.loads((folder / "scores.json").read_text("utf-8"))
        assert kept["before"] == 1
        assert kept["evaluation"]["loss"] == found.loss
        with pytest.raises(UserError, match="evaluate_no_text"):
            collect(workbench.measuring.writer("", "decoder-zh-en"))
        path = settings.home / "held out.txt"
        path.write_text(TEXTS[1], "utf-8")
        assert collect(workbench.measuring.writer("", "decoder-zh-en", path)).characters == len(TEXTS[1])


def test_a_gguf_is_measured_too(home: Path, settings: Settings) -> None:
    path = home / "held.txt"
    path.write_text("the and 你好", "utf-8")
    with Workbench(settings) as workbench:
        found = collect(workbench.measuring.writer("", "tiny", path))
    assert found.next_token_accuracy is None
    assert found.loss > 0
