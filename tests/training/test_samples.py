"""The corpora that ship: whole, varied, the same every time, and named in both languages."""

import re

import pytest

from llm_core.messages import LANGUAGES, say
from llm_core.training.samples import SAMPLES, Sample
from llm_core.training.samples.grammar import polish

EACH = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


@EACH
def test_a_sample_has_the_size_that_it_says_and_is_the_same_every_time(sample: Sample) -> None:
    rows = list(sample.rows())
    assert rows == list(sample.rows())
    assert all(len(row) == len(sample.fields) + len(sample.labels) for row in rows)
    characters = sum(len(text) for row in rows for text in row[: len(sample.fields)])
    assert sample.characters <= characters < 1.05 * sample.characters


@EACH
def test_its_texts_are_finished_and_seldom_the_same(sample: Sample) -> None:
    rows = list(sample.rows())
    assert not any(re.search(r"[{}]|  | $", text, re.MULTILINE) for row in rows for text in row)
    assert len(set(rows)) > 0.9 * len(rows)


@EACH
def test_it_has_a_title_and_a_description_in_both_languages(sample: Sample) -> None:
    for language in LANGUAGES:
        assert say(language, f"{sample.message}_title")
        assert say(language, f"{sample.message}_about")


def test_sentences_begin_with_capitals_and_go_on_without() -> None:
    spoken = polish("“where is it?” asked Leo. “take a apple,” he said, “and go.” then he left.\nhe was a old man.")
    assert spoken == "“Where is it?” asked Leo. “Take an apple,” he said, “and go.” Then he left.\nHe was an old man."
