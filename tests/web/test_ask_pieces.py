"""Answers as HTML: the words that were read stand out, doubt is said, and what is not known is not told."""

from __future__ import annotations

import pytest

from llm_core.messages import LANGUAGES, Language
from llm_core.web.ask import pieces
from llm_core.workbench.answers import Piece, Record, Words

PASSAGE = "Dogs stay outside.\nThe ropewalk is\n312 metres <long>. It is old."
SENTENCE = "The ropewalk is\n312 metres <long>."
START = 100 + PASSAGE.index("The")


def piece() -> Piece:
    return Piece(
        document="a.md", page=2, start=START, end=START + len(SENTENCE), sentence=SENTENCE, passage=PASSAGE, id="d",
        passage_start=100, heading=[],
    )  # fmt: skip


def words(text: str = "312 metres <long>", document: str = "d") -> Words:
    start = START + SENTENCE.index(text)
    return Words(
        text=text, document="a.md", page=2, start=start, end=start + len(text), score=0.9, id=document
    )  # fmt: skip


def record(**more: object) -> Record:
    answer = " ".join(SENTENCE.split())
    told: Record = {
        "question": "How long is it?", "answer": answer, "abstained": False, "score": 0.9, "method": "sentence",
        "evidence": [piece()], "claims": [(0, len(answer), [1], False)], "unsure": False, "exact": words(),
        "agrees": None, "quality": None,
    }  # fmt: skip
    return told | more  # type: ignore[return-value]


def shown(told: Record, language: Language = "en") -> str:
    return pieces.answered("a", told, language, opened=True)


def test_the_words_that_were_read_stand_out_in_the_answer_and_at_their_place() -> None:
    html = shown(record())
    assert 'The ropewalk is <mark class="exact">312 metres &lt;long&gt;</mark>.' in html
    assert "<mark>The ropewalk is\n<b>312 metres &lt;long&gt;</b>.</mark>" in html
    assert "notice" not in html and "<long>" not in html


def test_a_word_that_stands_twice_is_marked_where_it_was_read() -> None:
    told = record(exact=words("e"))
    start = SENTENCE.rindex("e") + START
    told["exact"] = words("e") | {"start": start, "end": start + 1}  # type: ignore[typeddict-item]
    assert 'metr<mark class="exact">e</mark>s' in shown(told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unsure_answer_says_so(language: Language) -> None:
    assert 'class="notice doubt"' in shown(record(unsure=True), language)


def test_what_the_reader_finds_instead_is_offered_with_its_place() -> None:
    html = shown(record(method="written", unsure=True, agrees=False))
    assert "“312 metres &lt;long&gt;”" in html and f'data-start="{words()["start"]}"' in html
    assert 'class="exact"' not in html, "the answer's own words are not the document's"
    assert "found the same" in shown(record(method="written", agrees=True))


def test_the_reader_s_measured_quality_is_named() -> None:
    measured = [{"data": "some-set", "metric": "f1", "value": 70.25, "rows": 9}]
    assert "some-set" in shown(record(quality={"model": "reader-x", "measured": measured}))
    assert "reader-x" in shown(record(quality={"model": "reader-x", "measured": []}))


def test_an_answer_from_before_there_was_a_reader_is_shown_as_it_was() -> None:
    old = {key: value for key, value in record().items() if key not in ("unsure", "exact", "agrees", "quality")}
    html = shown(old)  # type: ignore[arg-type]
    assert "The ropewalk is 312 metres" in html and "<b>312" not in html and "notice" not in html
