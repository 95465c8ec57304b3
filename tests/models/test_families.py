"""What the builders make is what transformers saves, loads and runs by itself."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedTokenizerFast

from llm_core.models import decoder, seq2seq
from llm_core.models.tokenizers import train_byte_bpe, train_unigram

TEXT = ["The fox sees the moon.", "狐狸看见月亮。", "A bird finds an old book.", "鸟找到一本旧书。"] * 6


@pytest.fixture(scope="module")
def bpe() -> PreTrainedTokenizerFast:
    return train_byte_bpe(TEXT, 300)


@pytest.fixture(scope="module")
def unigram() -> PreTrainedTokenizerFast:
    return train_unigram(TEXT, 70, seq2seq.tags(["zh", "en"]))


def test_a_decoder_comes_back_from_its_folder_with_the_same_logits(
    bpe: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = decoder.build(decoder.Shape(32, 2, 2, 1, 64), bpe, context=32).eval()
    ids = torch.randint(0, 300, (2, 20))
    model.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    assert again.lm_head.weight.data_ptr() == again.model.embed_tokens.weight.data_ptr()
    torch.testing.assert_close(again(ids).logits, model(ids).logits)


def test_a_decoder_with_a_cache_says_the_same_as_without(bpe: PreTrainedTokenizerFast) -> None:
    torch.manual_seed(0)
    model = decoder.build(decoder.Shape(32, 2, 2, 1, 64), bpe, context=32).eval()
    ids = torch.randint(0, 300, (1, 12))
    whole = model(ids).logits
    first = model(ids[:, :7], use_cache=True)
    rest = model(ids[:, 7:], past_key_values=first.past_key_values).logits
    torch.testing.assert_close(rest, whole[:, 7:])


def test_a_translator_comes_back_from_its_folder_with_the_same_translation(
    unigram: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = seq2seq.build(seq2seq.Shape(32, 2, 1, 2, 64), unigram, context=24).eval()
    model.save_pretrained(tmp_path)
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, dtype=torch.float32)
    ids = unigram([">>zh<< The fox sees the moon."], return_tensors="pt")
    translation = model.generate(**ids, max_length=12)
    assert torch.equal(translation, again.generate(**ids, max_length=12))
    assert unigram.pad_token_id not in translation[:, 1:]


@pytest.mark.parametrize(("family", "millions"), [(decoder, (1, 10, 30, 100)), (seq2seq, (2, 10, 25, 65))])
def test_the_dial_gives_the_sizes_it_promises(family: object, millions: tuple[float, ...]) -> None:
    """Counted for 16,384 pieces on the meta device, where weights take no room."""
    tokenizer = train_byte_bpe(TEXT, 300) if family is decoder else train_unigram(TEXT, 70)
    for shape, promised in zip(family.SIZES.values(), millions, strict=True):  # type: ignore[attr-defined]
        with torch.device("meta"):
            model = family.build(shape, tokenizer, 256)  # type: ignore[attr-defined]
        hidden = shape.hidden
        whole = sum(p.numel() for p in model.parameters()) + (16_384 - len(tokenizer)) * hidden
        assert 0.6 * promised <= whole / 1e6 <= 3.2 * promised
