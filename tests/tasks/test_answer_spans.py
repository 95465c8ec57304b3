"""Answers with a reader: exact words at their place, and a written answer that is compared with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llm_core.documents.document import Block, Document
from llm_core.engines.encoder import E5
from llm_core.events import collect
from llm_core.store.passages import Passage
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.tasks import answer, answer_spans, confidence, passages
from llm_core.tasks.answer_spans import Exact, agrees, first
from llm_core.tasks.retrieval import Evidence, Found
from llm_core.tasks.tools import Tools
from llm_core.text.spans import Span
from tests.tasks.test_answer import Spoken
from tests.tiny_understanding import with_threshold

pytestmark = pytest.mark.timeout(400)
ROOT = Path(__file__).parents[2]
TEXTS = {
    "ann": "Ann lives in Rome, 7.",
    "bob": "Who lives where\nBob lives in Oslo, 12.",
    "soup": "The soup is lovely on Mondays.",
}
QUESTION = "Where does Ann live?"


@pytest.fixture(scope="module")
def encoder(conversions: Path) -> E5:
    return E5(ROOT / "assets" / "models" / "e5-zh-en", conversions, threads=1)


@pytest.fixture(scope="module")
def tools_at(
    understanding: Path, conversions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[float], Tools]:
    """The tiny reader, giving its words from a margin on."""

    def tools_at(threshold: float) -> Tools:
        models = with_threshold(understanding, tmp_path_factory.mktemp("models"), threshold)
        return Tools(conversions, 1, {"read": models / "tiny-reader"}.get)

    return tools_at


@pytest.fixture(scope="module")
def tools(tools_at: Callable[[float], Tools]) -> Tools:
    return tools_at(-8.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, encoder: E5) -> TantivyPassages:
    store = TantivyPassages(tmp_path_factory.mktemp("passages"))
    for name, text in TEXTS.items():
        end = text.find("\n")
        under = (Block(0, end, "heading", level=1), Block(end + 1, len(text), heading=(text[:end],)))
        cut = passages.cut(Document(name, "md", text, under if end > 0 else (Block(0, len(text)),)))
        store.add(name, cut, encoder.encode([passage.text for passage in cut], "passage"))
    return store


@pytest.fixture
def ask(store: TantivyPassages, encoder: E5, tools: Tools) -> Callable[..., answer.Answer]:
    def ask(question: str, written: str | None = None, given: Tools | None = tools) -> answer.Answer:
        writer = answer.Writer(Spoken(written), 1_500_000_000) if written is not None else None
        found = collect(answer.answer(question, store, TEXTS.__getitem__, encoder, writer, given))
        assert isinstance(found, answer.Answer)
        return found

    return ask


def test_the_answer_is_the_sentence_with_the_words_that_were_read(ask: Callable[..., answer.Answer]) -> None:
    found = ask(QUESTION)
    assert found.method == "sentence" and found.text == "Ann lives in Rome, 7."
    assert found.exact is not None and found.exact.text == "Rome"
    assert found.exact.span.of(TEXTS["ann"]) == "Rome" and found.evidence[0].span == found.exact.sentence
    assert found.quality is not None and found.quality.model == "tiny-reader"
    assert found.claims[0].sources == (1,)


def test_without_a_reader_everything_is_as_it_was(ask: Callable[..., answer.Answer]) -> None:
    found = ask(QUESTION, given=None)
    assert found.method == "sentence" and found.exact is None and found.quality is None and found.agrees is None
    nowhere = Tools(Path("nowhere"), 1, lambda task: None)
    assert ask(QUESTION, given=nowhere) == found


def test_a_reader_that_finds_nothing_makes_the_answer_less_sure(
    ask: Callable[..., answer.Answer], tools_at: Callable[[float], Tools]
) -> None:
    found = ask(QUESTION, given=tools_at(90.0))
    assert found.exact is None and found.quality is not None and found.score < ask(QUESTION).score


def test_a_written_answer_is_compared_with_what_was_read(ask: Callable[..., answer.Answer]) -> None:
    same, other = ask(QUESTION, "Ann lives in Rome."), ask(QUESTION, "Ann lives in Oslo.")
    assert same.method == "written" and same.agrees and same.exact is not None
    assert other.agrees is False or other.method != "written"
    assert other.method != "written" or (other.unsure and other.score < same.score)


def test_passages_in_the_other_language_are_not_read(ask: Callable[..., answer.Answer]) -> None:
    found = ask("Ann住在哪里？")
    assert found.quality is None and found.exact is None


def exactly(text: str, words: str, document: str = "d") -> Exact:
    start = text.index(words)
    span = Span(start, start + len(words))
    found = Found(document, Passage(text, 0, len(text)), 0.5, 0.5)
    return Exact(found, span, words, Span(0, len(text)), 0.9, abstained=False)


@pytest.mark.parametrize(
    ("written", "question", "words", "same"),
    [
        ("It is 312 metres long.", "How long is it?", "312 metres", True),
        ("It is 213 metres long.", "How long is it?", "312 metres", False),
        ("The oldest boat is Mathilde.", "Which boat is the oldest?", "the pilot cutter Mathilde of 1891", True),
        ("The oldest boat is Anna.", "Which boat is the oldest?", "the pilot cutter Mathilde of 1891", False),
        ("Eight euros.", "What does a ticket cost?", "8 euros", True),
        ("茶厂在云岭乡。", "茶厂在哪里？", "云岭乡", True),
        ("茶厂在海边。", "茶厂在哪里？", "云岭乡", False),
        ("孩子每次可借5册。", "孩子每次可以借几册书？", "五册", True),
    ],
)
def test_agreeing_is_by_new_numbers_or_by_words(written: str, question: str, words: str, same: bool) -> None:
    assert agrees(written, question, exactly(words, words)) is same


def test_the_sentence_that_was_read_comes_first_and_only_once() -> None:
    text = "Ann lives in Rome. Bob lives in Oslo. Nobody else came."
    found = Found("d", Passage(text, 0, len(text)), 0.4, 0.3)
    evidence = [Evidence(found, Span(a, b), text[a:b], 0.2, 0.1) for a, b in ((0, 18), (19, 37))]
    best = Exact(found, Span(32, 36), "Oslo", Span(19, 37), 0.9, abstained=False)
    assert [one.sentence for one in first(best, evidence, text)] == ["Bob lives in Oslo.", "Ann lives in Rome."]
    new = Exact(found, Span(38, 44), "Nobody", Span(38, 55), 0.9, abstained=False)
    assert [one.sentence for one in first(new, evidence, text)] == ["Nobody else came.", "Ann lives in Rome."]


def test_words_of_a_heading_are_no_answer(tools: Tools) -> None:
    text = "Ann lives in Rome, 7.\nNothing here."
    heading = Found("d", Passage(text, 22, len(text), ("Ann lives in Rome, 7.",)), 0.4, 0.3)
    found = answer_spans.exact(QUESTION, [heading], lambda _: text, tools.reader())
    assert all(one.span.start >= 22 for one in found)


def evidence(words: float = 0.5, cosine: float = 0.5) -> list[Evidence]:
    text = "The ropewalk is 312 metres long."
    return [Evidence(Found("d", Passage(text, 0, 32), words, cosine), Span(0, 32), text, words, cosine)]


def test_what_was_read_raises_and_lowers_how_sure_an_answer_is() -> None:
    question = "How long is the ropewalk?"
    scores = [confidence.found(question, evidence(), read) for read in (-9.0, -1.0, 1.0, 9.0)]
    assert np.all(np.diff(scores) > 0)
    plain = confidence.found(question, evidence())
    assert scores[0] < plain < scores[-1]
    said = [confidence.written(question, evidence(), "It is 312 metres.", 0.01, held) for held in (*scores, plain)]
    assert said[0] < said[-1] < said[-2]


def test_an_answer_that_the_reader_contradicts_gains_nothing_by_its_being_sure() -> None:
    assert confidence.support(4.0, agrees=True) == confidence.support(4.0, agrees=None) == 4.0
    assert confidence.support(4.0, agrees=False) == -4.0 == confidence.support(-4.0, agrees=False)
