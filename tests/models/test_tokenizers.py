"""Tokenizers keep what a language model or a translator needs kept."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_core.models.tokenizers import END_OF_TEXT, train_byte_bpe, train_unigram

SENTENCES = [
    "今天天气很好，我们去公园吧。",
    "The weather is fine today, let us go to the park.",
    "图书馆在学校的旁边，里面有三千本书。",
    "She opened the door and saw a garden full of roses.",
    "Python 3.12 提供了更清楚的错误信息。",
] * 8
TAGS = [">>zh<<", ">>en<<"]


@pytest.fixture(scope="module")
def bpe() -> PreTrainedTokenizerFast:
    return train_byte_bpe(SENTENCES, 320)


@pytest.fixture(scope="module")
def unigram() -> PreTrainedTokenizerFast:
    return train_unigram(SENTENCES, 140, TAGS)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_byte_bpe_loses_nothing_but_the_form_of_composed_letters(bpe: PreTrainedTokenizerFast, text: str) -> None:
    ids = bpe(text, add_special_tokens=False)["input_ids"]
    assert bpe.decode(ids) == unicodedata.normalize("NFC", text)


def test_byte_bpe_has_the_size_asked_for_and_knows_its_end(bpe: PreTrainedTokenizerFast) -> None:
    assert len(bpe) == 320
    assert bpe.eos_token == END_OF_TEXT


@pytest.mark.parametrize("text", SENTENCES[:5])
def test_unigram_gives_back_known_text_with_its_full_width_punctuation(
    unigram: PreTrainedTokenizerFast, text: str
) -> None:
    assert unigram.decode(unigram(text)["input_ids"], skip_special_tokens=True) == text


def test_unigram_is_laid_out_as_marian_and_ctranslate2_want_it(unigram: PreTrainedTokenizerFast) -> None:
    assert 60 < len(unigram) <= 140
    assert unigram.pad_token_id == len(unigram) - 1
    ids = unigram(">>zh<< fine")["input_ids"]
    assert unigram.convert_ids_to_tokens(ids)[0] == ">>zh<<"
    assert ids[-1] == unigram.eos_token_id


def test_a_saved_tokenizer_is_the_same_one(unigram: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    unigram.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert again(SENTENCES[3])["input_ids"] == unigram(SENTENCES[3])["input_ids"]
    assert (again.eos_token, again.pad_token, again.unk_token) == ("</s>", "<pad>", "<unk>")
