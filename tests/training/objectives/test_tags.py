"""Names are found as the spans of characters that they are."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForTokenClassification, PreTrainedTokenizerFast

from llm_core.models.reading import Encoded, encode
from llm_core.models.tags import Entity, entities_of, tag, tags_of
from llm_core.training.run import Run
from llm_core.training.tag_scores import entity_f1, of_types

TAGS = tags_of(["place", "person", "place"])
SPANS = np.array([(0, 3), (3, 3), (4, 7), (7, 10), (11, 14), (14, 18)], np.int32)
TEXT = Encoded(np.arange(6, dtype=np.int32), SPANS)


def test_tags_begin_with_none_and_have_two_for_each_type() -> None:
    assert TAGS == ["O", "B-person", "I-person", "B-place", "I-place"]


def test_an_entity_becomes_tags_and_comes_back() -> None:
    entities = [Entity(0, 7, "person"), Entity(11, 18, "place"), Entity(4, 7, "place")]
    numbers = tag(TEXT, entities, TAGS)
    assert [TAGS[n] for n in numbers] == ["B-person", "I-person", "I-person", "O", "B-place", "I-place"]
    log_p = np.log(np.eye(5)[numbers] * 0.9 + 0.02).astype(np.float32)
    found = entities_of(log_p, SPANS, TAGS)
    assert [(e.start, e.end, e.type) for e in found] == [(0, 7, "person"), (11, 18, "place")]
    assert all(e.score == pytest.approx(0.92) for e in found)


@given(st.lists(st.lists(st.floats(-5, 5), min_size=5, max_size=5), min_size=6, max_size=6))
def test_whatever_the_logits_say_no_entity_goes_on_with_another_type(logits: list[list[float]]) -> None:
    scores = np.array(logits, np.float32)
    log_p = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    found = entities_of(log_p, SPANS, TAGS)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))  # noqa: RUF007
    assert all(entity.type in ("person", "place") and entity.start < entity.end for entity in found)


def test_the_blank_before_a_word_is_none_of_its_characters(runs: Path) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(runs / "tiny-encoder" / "tokenizer")
    text = "The red fox 看见 月亮"
    (encoded,) = encode(tokenizer.backend_tokenizer, [text])
    pieces = [text[start:end] for start, end in encoded.spans]
    assert "".join(pieces) == text.replace(" ", "")
    assert not any(piece != piece.strip() for piece in pieces)


def test_only_the_right_place_with_the_right_type_counts() -> None:
    right = [[Entity(0, 3, "person"), Entity(5, 9, "place")], []]
    said = [[Entity(0, 3, "person"), Entity(5, 8, "place")], [Entity(0, 1, "place")]]
    assert entity_f1(said, right) == {"precision": 33.33, "recall": 50.0, "f1": 40.0}
    assert of_types(said, right)["person"]["f1"] == 100
    assert of_types(said, right)["place"]["f1"] == 0


def test_names_are_learned(tuned: Callable[..., tuple[Run, Any]], rows: Callable[..., dict[str, Any]]) -> None:
    state, examples = random.Random(8), []
    for number in range(200):
        animal, thing = (
            state.choice(("fox", "狐狸", "horse", "马")),
            state.choice(("river", "一条河", "garden", "月亮")),
        )
        text = f"{number} {animal}, {thing}"  # short, or they would all nearly be the same
        entities = [
            {"start": text.index(name), "end": text.index(name) + len(name), "type": kind}
            for name, kind in ((animal, "animal"), (thing, "thing"))
        ]
        examples.append({"text": text, "entities": entities})
    run, outcome = tuned("tags", [rows("names", examples)], budget={"steps": 150, "evaluate_every": 150})
    assert outcome.extra["f1.names"] > 60
    model = AutoModelForTokenClassification.from_pretrained(run.folder / "model")
    assert model.config.id2label[0] == "O"
    assert len(model.config.id2label) == 5
