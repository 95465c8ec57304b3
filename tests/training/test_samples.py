"""The corpora that ship: whole, varied, the same every time, and named in both languages."""

import re

import pytest

from llm_core.messages import LANGUAGES, say
from llm_core.training.collect import read_records
from llm_core.training.config import Source
from llm_core.training.overlap import HeldOut
from llm_core.training.reading import ANSWERABLE, passage_of
from llm_core.training.samples import SAMPLES, Sample
from llm_core.training.samples.grammar import polish
from llm_core.training.split import draw

EACH = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


@EACH
def test_a_sample_has_the_size_that_it_says_and_is_the_same_every_time(sample: Sample) -> None:
    rows = list(sample.rows())
    assert rows == list(sample.rows())
    assert all(len(row) == len(sample.fields) + len(sample.labels) for row in rows)
    characters = sum(len(text) for row in rows for text in sample.texts(row))
    assert sample.characters <= characters < 1.05 * sample.characters


@EACH
def test_its_texts_are_finished_and_seldom_the_same(sample: Sample) -> None:
    rows = list(sample.rows())
    assert not any(re.search(r"[{}]|  | $", text, re.MULTILINE) for row in rows for text in sample.texts(row))
    assert len(set(map(repr, rows))) > 0.9 * len(rows)


@EACH
def test_it_has_a_title_and_a_description_in_both_languages(sample: Sample) -> None:
    for language in LANGUAGES:
        assert say(language, f"{sample.message}_title")
        assert say(language, f"{sample.message}_about")


def test_sentences_begin_with_capitals_and_go_on_without() -> None:
    spoken = polish("“where is it?” asked Leo. “take a apple,” he said, “and go.” then he left.\nhe was a old man.")
    assert spoken == "“Where is it?” asked Leo. “Take an apple,” he said, “and go.” Then he left.\nHe was an old man."


@pytest.mark.parametrize(
    "name", [name for name, sample in SAMPLES.items() if sample.labels and "label" in sample.labels]
)
def test_examples_with_labels_are_not_one_sentence_over_and_over(name: str) -> None:
    """What is kept apart must tell something: few examples may be nearly the same as one of those."""
    texts = [row[0] for row in SAMPLES[name].rows()]
    apart = [text for text in texts if draw(text, 0) < 0.1]
    held_out = HeldOut(apart)
    learned = [text for text in texts if draw(text, 0) >= 0.1]
    assert sum(map(held_out.holds, learned)) < 0.2 * len(learned)


def test_marks_of_names_and_relations_stand_where_they_say() -> None:
    for text, entities in SAMPLES["names-zh-en"].rows():
        assert all(text[e["start"] : e["end"]].strip() for e in entities)
        assert "[" not in text and "]" not in text
    for text, head, tail, _ in SAMPLES["relations-zh-en"].rows():
        for end in (head, tail):
            assert text[end["start"] :].startswith(end["text"])


def test_questions_have_their_answer_in_the_passage_or_none() -> None:
    kinds = set()
    for record in read_records(Source(sample="reading-zh-en")):
        passage = passage_of(record, "reading")
        assert len(passage.questions) == len(record["qas"])
        kinds |= {question.kind for question in passage.questions}
    assert len(kinds) == 2 and ANSWERABLE in kinds
