"""Tokenizers keep what a language model or a translator needs kept."""

import io
import re
import unicodedata
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from llm_core.errors import UserError
from llm_core.models.spelling import train_characters, train_words
from llm_core.models.tokenizers import END_OF_TEXT, train_bpe, train_byte_bpe, train_unigram

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


def test_the_two_kinds_of_sentencepiece_cut_as_sentencepiece_does() -> None:
    for kind, train in (("unigram", train_unigram), ("bpe", train_bpe)):
        tokenizer, model = train(SENTENCES, 1100), io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES), model_writer=model, model_type=kind, vocab_size=1099,
            hard_vocab_limit=False, character_coverage=0.9998, normalization_rule_name="identity", byte_fallback=True,
            unk_id=0, eos_id=1, bos_id=-1, pad_id=-1, num_threads=1, minloglevel=2,
        )  # fmt: skip
        own = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        for text in SENTENCES[:5]:
            assert tokenizer.tokenize(text) == own.encode(text, out_type=str)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_characters_and_words_lose_nothing_but_the_form_of_composed_letters(
    spellings: tuple[PreTrainedTokenizerFast, ...], text: str
) -> None:
    for tokenizer in spellings:
        ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tokenizer.decode(ids) == unicodedata.normalize("NFC", text)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=40))
def test_sentencepiece_with_bytes_loses_only_blanks(text: str, large: tuple[PreTrainedTokenizerFast, ...]) -> None:
    expected = re.sub(" {2,}", " ", unicodedata.normalize("NFC", text)).removeprefix(" ")
    for tokenizer in large:
        ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tokenizer.unk_token_id not in ids
        assert tokenizer.decode(ids).removeprefix(" ") == expected


@pytest.fixture(scope="module")
def spellings() -> tuple[PreTrainedTokenizerFast, ...]:
    return train_characters(SENTENCES, 400), train_words(SENTENCES, 400)


@pytest.fixture(scope="module")
def large() -> tuple[PreTrainedTokenizerFast, ...]:
    return train_unigram(SENTENCES, 1200), train_bpe(SENTENCES, 1200)


def test_a_word_is_a_piece_and_a_character_is_a_piece(spellings: tuple[PreTrainedTokenizerFast, ...]) -> None:
    characters, words = spellings
    assert characters.tokenize("天气 fine") == ["天", "气", " ", "f", "i", "n", "e"]
    assert words.tokenize("今天天气很好，the garden") == ["今天天气", "很", "好", "，", "t", "h", "e", " garden"]
    assert characters.tokenize("龘") == ["<0xE9>", "<0xBE>", "<0x98>"]


def test_the_same_text_gives_the_same_vocabulary_in_any_order() -> None:
    for train in (train_characters, train_words):
        one, other = train(SENTENCES, 330), train(SENTENCES[::-1], 330)
        assert one.get_vocab() == other.get_vocab()
        assert 300 < len(one) <= 330


def test_each_kind_is_saved_as_a_folder_that_transformers_loads(
    spellings: tuple[PreTrainedTokenizerFast, ...], large: tuple[PreTrainedTokenizerFast, ...], tmp_path: Path
) -> None:
    for i, tokenizer in enumerate([*spellings, *large]):
        tokenizer.save_pretrained(tmp_path / str(i))
        again = AutoTokenizer.from_pretrained(tmp_path / str(i))
        text = f"{SENTENCES[0]} 龘 {SENTENCES[1]}"
        assert again(text)["input_ids"] == tokenizer(text)["input_ids"]
        assert again.decode(again(text)["input_ids"]) == text
        assert again.eos_token_id is not None


def test_a_vocabulary_smaller_than_the_alphabet_is_refused() -> None:
    with pytest.raises(UserError, match="vocabulary_small"):
        train_unigram(SENTENCES, 30)
