"""Token ids on disk are the token ids of the text."""

from pathlib import Path

import numpy as np
import pytest

from llm_core.errors import UserError
from llm_core.models.tokenizers import train_byte_bpe, train_unigram
from llm_core.training.config import Tokenizing
from llm_core.training.tokenize import Tokens, learn_tokenizer, write_tokens

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


def test_a_special_piece_that_a_text_spells_out_is_letters(tmp_path: Path) -> None:
    tokenizer = train_byte_bpe(TEXTS, 300)
    text = "it says <|endoftext|> here"
    write_tokens(tmp_path / "train-0", [text], tokenizer, [])
    ids = Tokens.open(tmp_path / "train-0")[0]
    assert tokenizer.eos_token_id not in ids
    assert tokenizer.decode(ids) == text


def test_lost_characters_are_counted(tmp_path: Path) -> None:
    tokenizer = train_unigram(["one river and one moon"] * 9, 30)
    assert write_tokens(tmp_path / "a", ["one river", "one 龘龘 moon 龘"], tokenizer, []) == 3
    assert write_tokens(tmp_path / "b", ["one 龘龘 moon 龘"], train_byte_bpe(TEXTS, 300), []) == 0


@pytest.mark.parametrize("kind", ["byte-bpe", "unigram", "bpe", "char", "word"])
def test_every_kind_is_learned_and_gives_text_back(kind: str, tmp_path: Path) -> None:
    texts = ["今天天气很好，我们去公园吧。", "The weather is fine today."] * 9
    wanted = Tokenizing.model_validate({"kind": kind, "vocabulary": 400})
    tokenizer = learn_tokenizer(wanted, iter(texts), [])
    assert write_tokens(tmp_path / "a", texts, tokenizer, [tokenizer.eos_token_id]) == 0
    assert tokenizer.decode(Tokens.open(tmp_path / "a")[1][:-1]) == texts[1]


def test_a_translator_is_not_given_a_tokenizer_without_tags() -> None:
    with pytest.raises(UserError, match="tokenizer_untagged"):
        learn_tokenizer(Tokenizing(kind="word", vocabulary=400), iter(TEXTS), [">>zh<<"])
