"""Token ids on disk are the token ids of the text."""

from pathlib import Path

import numpy as np

from llm_core.models.tokenizers import train_byte_bpe
from llm_core.training.tokenize import Tokens, write_tokens

TEXTS = ["one river", "", "月亮 and sun", "x" * 50]


def test_texts_come_back_from_the_memory_map(tmp_path: Path) -> None:
    tokenizer = train_byte_bpe(TEXTS, 300)
    end = tokenizer.eos_token_id
    write_tokens(tmp_path / "train-0", iter(TEXTS), tokenizer, [end])
    tokens = Tokens.open(tmp_path / "train-0")
    assert isinstance(tokens.ids, np.memmap)
    assert len(tokens) == len(TEXTS)
    for i, text in enumerate(TEXTS):
        assert tokens[i][-1] == end
        assert tokenizer.decode(tokens[i][:-1]) == text
