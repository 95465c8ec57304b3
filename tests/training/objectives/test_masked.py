"""An encoder learns from running text, and is a folder that transformers opens."""

import json
from pathlib import Path

from transformers import AutoModelForMaskedLM, AutoTokenizer


def test_filling_in_gets_better_and_the_folder_opens(runs: Path) -> None:
    folder = runs / "tiny-encoder"
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    looks = [line for line in lines if "valid_loss" in line]
    assert looks[-1]["valid_loss"] < looks[0]["valid_loss"]
    assert 0 <= looks[-1]["extra"]["accuracy"] <= 100
    assert looks[-1]["samples"][0].endswith("key on day 7.")
    model = AutoModelForMaskedLM.from_pretrained(folder / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    assert model.config.architectures == ["BertForMaskedLM"]
    ids = tokenizer("The red fox", "sees a key")["input_ids"]
    pieces = tokenizer.convert_ids_to_tokens(ids)
    assert (pieces[0], pieces[-1], pieces.count("</s>")) == ("<s>", "</s>", 3)
