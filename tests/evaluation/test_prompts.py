"""The test sets of the prompts: their checks let what is right pass, and nothing that is surely wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from llm_core.engines.base import Capability, Finished, Message, Sampling, Step, Writing
from llm_core.engines.encoder import E5
from llm_core.evaluation import answer_prompts, prompts, summary_prompts, translation_prompts
from llm_core.events import Done, Item
from llm_core.tasks.glossary import Glossary
from llm_core.tasks.translate import Engines
from llm_core.tasks.translation_checks import doubts
from llm_core.text.language import language

ROOT = Path(__file__).parents[2]
SENTENCES = translation_prompts.CASES.cases()
QUESTIONS = answer_prompts.CASES.cases()


class Says:
    """A language model that gives one answer to everything."""

    capabilities: frozenset[Capability] = frozenset()
    context_tokens = 4096

    def __init__(self, text: str) -> None:
        self.text = text

    def count_tokens(self, prompt: Sequence[Message]) -> int:
        return 100

    def generate(
        self, prompts: Sequence[Sequence[Message]], sampling: Sampling, *, visitor: str = ""
    ) -> Iterator[Step]:
        for number in range(len(prompts)):
            yield Writing(number, self.text)
            yield Finished(number, "stop", 10, 10, 10.0)

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def encoder(conversions):
    return E5(ROOT / "assets" / "models" / "e5-zh-en", conversions, threads=2)


def outcomes(task: str, said: str, encoder: E5, limit: int | None = None) -> list[prompts.Tried]:
    events = prompts.evaluate([task], Engines(Says(said), 1_500_000_000, encoder), model="says", limit=limit)
    return [event.value for event in events if isinstance(event, Item)]


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.text)
def test_a_translation_by_hand_passes(sentence):
    glossary = Glossary(sentence.terms, sentence.to)
    terms, missed = glossary.of(sentence.text), glossary.missed(sentence.text, sentence.good)
    found = doubts(sentence.text, sentence.good, sentence.to, terms, missed)
    assert set(terms) == set(sentence.terms)
    assert not translation_prompts.faults(sentence, sentence.good, found)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.text)
def test_the_source_is_no_translation(sentence):
    assert language(sentence.text) != sentence.to == language(sentence.good)
    assert translation_prompts.faults(sentence, sentence.text)


def test_what_an_answer_must_cite_and_say_stands_in_the_document():
    for question in QUESTIONS:
        assert bool(question.holds) == bool(question.cites)
        assert question.cites in question.document
    assert {question.languages for question in QUESTIONS} == {"en-en", "en-zh", "zh-en", "zh-zh"}
    assert sum(not question.holds for question in QUESTIONS) >= 8


def test_each_text_has_its_words_in_each_language():
    cases = summary_prompts.CASES.cases()
    assert all(case.holds for case in cases)
    assert {case.languages for case in cases} == {"en-en", "en-zh", "zh-en", "zh-zh"}


def test_an_answer_is_right_where_it_answers_and_cites(encoder):
    tried = outcomes("answer", "It costs 45 pounds a year.", encoder)
    right = next(one for one in tried if one.case.ask == "What does a plot cost per year?")
    assert right.outcome.passed and right.outcome.written.startswith("[written]")
    wrong = next(one for one in tried if one.case.ask == "How high may a shed be?")
    assert not wrong.outcome.passed
    assert {fault.kind for one in tried for fault in one.outcome.faults} <= {
        "missing", "language", "citation", "refused", "made_up"
    }  # fmt: skip


def test_a_model_that_says_one_thing_passes_no_translation(encoder):
    tried = outcomes("translate", "The bridge is old.", encoder, limit=3)
    assert len(tried) == 6 and not any(one.outcome.passed for one in tried)


def test_a_summary_for_which_key_sentences_stand_in_fails(encoder):
    tried = outcomes("summarize", "42", encoder, limit=1)
    assert len(tried) == 4 and not any(one.outcome.passed for one in tried)
    assert all(len(one.outcome.rejected) >= 2 for one in tried)


def test_the_table_counts_by_task_languages_and_size(encoder):
    engines = Engines(Says("没有鱼。"), 500_000_000, encoder)
    *_, done = prompts.evaluate(["translate"], engines, model="says", limit=2)
    assert isinstance(done, Done)
    head, *rows = done.result.cells()
    assert [row[:4] for row in rows] == [
        ("translate", "en-zh", "small says", "2"),
        ("translate", "zh-en", "small says", "2"),
    ]
    assert len(head) == len(rows[0])


def test_a_limit_takes_cases_from_the_whole_set():
    kinds = [case.kind for case in prompts.spread(SENTENCES, 4)]
    assert len(kinds) == 8 and len(set(kinds)) > 3
    assert prompts.spread(SENTENCES, None) == list(SENTENCES)
