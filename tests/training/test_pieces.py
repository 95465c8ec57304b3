"""A text in its pieces is the text, and the figures are those of the pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.training.config import Tokenizing
from llm_core.training.pieces import cut, tokenizer_report
from llm_core.training.tokenize import learn_tokenizer

TEXTS = ["今天天气很好，我们去公园吧。", "The weather is fine today, let us go to the park."] * 20
KINDS = ["byte-bpe", "unigram", "bpe", "char", "word"]
LEARNED = {
    kind: learn_tokenizer(Tokenizing.model_validate({"kind": kind, "vocabulary": 1100}), iter(TEXTS), [])
    for kind in KINDS
}


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_lie_where_they_say_and_cover_the_text(kind: str) -> None:
    text = "我们去 the park, 龘 fine。"
    pieces = cut(LEARNED[kind], text)
    whole = [piece for piece in pieces if not piece.partial]
    assert all(piece.span.of(text) == piece.text for piece in whole)
    assert {place for piece in pieces for place in range(*piece.span)} == set(range(len(text)))
    rare = [piece for piece in pieces if piece.span == (text.index("龘"), text.index("龘") + 1)]
    assert [piece.text for piece in rare] == ["<0xE9>", "<0xBE>", "<0x98>"]
    assert all(piece.partial for piece in rare)


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("今天气好 the.park\n龘😀"), max_size=30), st.sampled_from(["char", "word"]))
def test_the_pieces_of_any_text_put_together_are_the_text(text: str, kind: str) -> None:
    pieces = cut(LEARNED[kind], text)
    parts = {piece.span: piece.span.of(text) if piece.partial else piece.text for piece in pieces}
    assert "".join(parts[span] for span in sorted(parts)) == text


@pytest.mark.parametrize("kind", KINDS)
def test_the_report_counts_what_is_there(kind: str) -> None:
    report = tokenizer_report(LEARNED[kind], ["今天天气很好", "龘 park"])
    assert (report.characters, report.vocabulary) == (12, len(LEARNED[kind]))
    assert report.coverage == 1 - 1 / 12
    assert report.tokens == sum(count for _, count in report.most_frequent)
    assert report.tokens_per_character == report.tokens / 12
    assert report.used == len(report.most_frequent)


def test_words_take_fewer_tokens_than_characters() -> None:
    words, characters = (tokenizer_report(LEARNED[kind], TEXTS).tokens_per_character for kind in ("word", "char"))
    assert words < 0.5 < characters == 1.0
