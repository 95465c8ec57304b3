"""Classifier, tagger and reader say in int8 what torch says of the same models, which lean on a base beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from llm_core.engines.classifier import Classifier, classifies
from llm_core.engines.reader import Reader, reads
from llm_core.engines.tagger import Tagger, tags
from llm_core.errors import UserError
from llm_core.models.relations import marked
from llm_core.models.shared import is_shared, put_together

pytestmark = pytest.mark.timeout(400)
OPINIONS = ["面条, 好吃 5", "the film, dreadful 7", "电影, 失望 30", "the soup, delightful 1", ""]


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("caches")


def torch_logits(folder: Path, out: Path, texts: list[Any]) -> np.ndarray[Any, Any]:
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

    whole = put_together(folder, out) if is_shared(folder) else folder
    model: Any = AutoModelForSequenceClassification.from_pretrained(whole, dtype=torch.float32).eval()
    tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(whole)
    asked = [tokenizer(*(t if isinstance(t, tuple) else (t,)), return_tensors="pt") for t in texts]
    with torch.no_grad():
        rows = [model(**one).logits for one in asked]
    return np.concatenate([row.numpy() for row in rows])


def test_labels_are_those_of_torch_whichever_set_is_asked(understanding: Path, caches: Path, tmp_path: Path) -> None:
    folder = understanding / "tiny-labels"
    assert is_shared(folder) and classifies(folder)
    classifier = Classifier(folder, caches, threads=1)
    right = torch_logits(folder, tmp_path / "whole", OPINIONS)
    assert set(classifier.label_sets) == {"thucnews", "20newsgroups", "clinc150"}
    for name, (first, end) in classifier.label_sets.items():
        found = classifier.classify(OPINIONS, name)
        chances = torch.tensor(right[:, first:end]).softmax(-1).numpy()
        names = classifier.labels(name)
        for one, row in zip(found, chances, strict=True):
            assert [one.scores[label] for label in names] == pytest.approx(row.tolist(), abs=0.06)
            assert one.score == max(one.scores.values()) and sum(one.scores.values()) == pytest.approx(1, abs=1e-3)
    opinions = Classifier(understanding / "tiny-sentiment", caches, threads=1)
    assert list(opinions.label_sets) == ["sentiment"]
    assert [one.label for one in opinions.classify(OPINIONS)[:4]] == ["positive", "negative", "negative", "positive"]
    assert classifier.classify([], "clinc150") == []
    with pytest.raises(UserError, match="label_set_unknown"):
        classifier.classify(OPINIONS, "genre")


def test_pairs_are_read_as_pairs(understanding: Path, caches: Path, tmp_path: Path) -> None:
    folder = understanding / "tiny-relations"
    pairs = [
        marked(text, {"text": head, "start": text.index(head)}, {"text": tail, "start": text.index(tail)})
        for text, head, tail in (("Ann lives in Oslo, 3.", "Ann", "Oslo"), ("小红 讨厌 北京, 7.", "小红", "北京"))
    ]
    classifier = Classifier(folder, caches, threads=1)
    assert [one.label for one in classifier.classify(pairs, "sanwen")] == ["lives_in", "no_relation"]
    first, end = classifier.label_sets["sanwen"]
    right = torch_logits(folder, tmp_path / "whole", pairs)[:, first:end].argmax(1)
    assert [classifier.labels("sanwen")[i] for i in right] == ["lives_in", "no_relation"]


def test_names_are_spans_of_characters_also_in_a_text_longer_than_the_model_reads(
    understanding: Path, caches: Path
) -> None:
    folder = understanding / "tiny-names"
    assert tags(folder)
    tagger = Tagger(folder, caches, threads=1)
    texts = ["Ann lives in Rome, 5.", "王明 住在 北京, 7.", "", "Bob hates Oslo, 3. " * 60]
    english, chinese, nothing, long = tagger.find(texts)
    for text, entities, names in ((texts[0], english, ("Ann", "Rome")), (texts[1], chinese, ("王明", "北京"))):
        assert [(text[e.start : e.end], e.type) for e in entities] == [(names[0], "person"), (names[1], "place")]
        assert all(0.5 < entity.score <= 1 for entity in entities)
    assert nothing == [] and len(long) > 100
    assert [e.start for e in long] == sorted(e.start for e in long)
    with pytest.raises(UserError, match="label_set_unknown"):
        tagger.find(texts, "resume")


def test_answers_stand_where_they_say_and_nothing_is_found_in_nothing(understanding: Path, caches: Path) -> None:
    folder = understanding / "tiny-reader"
    assert reads(folder)
    reader = Reader(folder, caches, threads=1)
    passage = "Bob lives in Oslo, 9."
    answer, other, nothing = reader.read(
        [("Where does Bob live?", passage), ("Where does Bob live?", "面条, 好吃 5"), ("Where?", "")]
    )
    assert answer.text == passage[answer.start : answer.end] == "Oslo"
    assert answer.score > other.score
    assert answer.abstained is (answer.score < 0.5)
    assert nothing.abstained and nothing.text == ""


def test_a_model_of_another_kind_says_so(understanding: Path, caches: Path) -> None:
    for kind, code in ((Classifier, "model_unlabelling"), (Tagger, "model_untagging"), (Reader, "model_unreading")):
        with pytest.raises(UserError, match=code):
            kind(understanding / "tiny-encoder", caches, threads=1)
