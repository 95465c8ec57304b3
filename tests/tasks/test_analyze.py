"""A text taken to pieces by tiny models that were trained for it: every piece is a stretch of the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_core.catalog import bundled, understanding
from llm_core.errors import UserError
from llm_core.events import Done, Item, Notice, Progress, collect
from llm_core.tasks import analyze as task
from llm_core.tasks.analysis import Analysis, AnalysisOptions
from llm_core.tasks.analyze import analyze
from llm_core.tasks.read import Passage, read
from llm_core.tasks.rows import analyze_rows, columns
from llm_core.tasks.tools import Tools

pytestmark = pytest.mark.timeout(400)
TEXT = "the soup, lovely 5. Ann lives in Rome, 7. Bob hates Oslo, 3.\nthe film, dreadful 9."


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("caches")


@pytest.fixture
def tools(understanding: Path, caches: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setattr(bundled, "FOLDER", understanding)
    return Tools(caches, threads=1)


def test_every_part_is_found_where_it_stands(tools: Tools) -> None:
    events = list(analyze(TEXT, AnalysisOptions(), tools))
    found: Analysis = events[-1].result  # type: ignore[union-attr]
    assert found.language == "en" and found.missing == () and found.keywords
    assert [TEXT[o.start : o.end] for o in found.sentences] == [
        "the soup, lovely 5.", "Ann lives in Rome, 7.", "Bob hates Oslo, 3.", "the film, dreadful 9."]  # fmt: skip
    assert found.sentences[0].label == "positive" and found.sentences[3].label == "negative"
    assert all(TEXT[name.start : name.end] == name.text for name in found.entities)
    assert {("Ann", "person"), ("Rome", "place")} <= {(name.text, name.type) for name in found.entities}
    assert [(r.head.text, r.label, r.tail.text) for r in found.relations if r.head.text == "Ann"] == [
        ("Ann", "lives_in", "Rome")]  # fmt: skip
    assert all(TEXT[r.start : r.end].count(r.head.text) for r in found.relations)
    assert found.topic is not None and found.topic.label_set == "20newsgroups"
    assert found.intent is not None and found.intent.label_set == "clinc150"
    assert set(found.quality) == {"sentiment", "topic", "intent", "entities", "relations"}
    assert found.quality["topic"].to_json() == {"model": "tiny-labels", "measured": []}


def test_pieces_come_before_the_whole_and_are_the_same(tools: Tools) -> None:
    events = list(analyze(TEXT * 20, AnalysisOptions(what=("sentiment", "entities")), tools))
    assert isinstance(events[-1], Done)
    pieces = [event.value for event in events if isinstance(event, Item)]
    whole: Analysis = events[-1].result
    for part, value in (("sentences", whole.sentences), ("entities", whole.entities)):
        assert sum((tuple(p.value) for p in pieces if p.part == part), ()) == value
    assert len([p for p in pieces if p.part == "sentences"]) > 1
    assert any(isinstance(event, Progress) and event.total == len(whole.sentences) for event in events)
    assert whole.topic is None and whole.relations == ()


def test_a_short_text_is_judged_whole_and_a_long_one_by_its_sentences(tools: Tools) -> None:
    options = AnalysisOptions(what=("sentiment", "intent"))
    short: Analysis = collect(analyze("the film, broken 5", options, tools))
    assert short.sentiment and short.sentiment.label == "negative"
    events = list(analyze("the film, delightful 5. " * 40, options, tools))
    assert events[-1].result.sentiment.label == "positive"  # type: ignore[union-attr]
    assert events[-1].result.intent is None  # type: ignore[union-attr]
    assert [e.code for e in events if isinstance(e, Notice)] == ["intent_long"]


def test_a_language_is_asked_in_its_own_labels_and_others_by_name(tools: Tools) -> None:
    options = AnalysisOptions(what=("topic",))
    assert collect(analyze("面条, 好吃 5", options, tools)).topic.label_set == "thucnews"
    named = AnalysisOptions.of({"what": ["topic"], "labels": {"topic": "20newsgroups"}})
    assert collect(analyze("面条, 好吃 5", named, tools)).topic.label_set == "20newsgroups"
    with pytest.raises(UserError, match="label_set_unknown"):
        collect(analyze("x", AnalysisOptions.of({"what": ["topic"], "labels": {"topic": "sentiment"}}), tools))
    with pytest.raises(UserError, match="value"):
        AnalysisOptions.of({"what": ["mood"]})


def test_without_models_there_is_what_needs_none(tmp_path: Path) -> None:
    tools = Tools(tmp_path, 1, lambda task: None)
    events = list(analyze(TEXT, AnalysisOptions(), tools))
    assert events[-1].result.keywords and events[-1].result.sentences == ()  # type: ignore[union-attr]
    assert len([event for event in events if isinstance(event, Notice)]) == 5
    with pytest.raises(UserError, match="understanding_missing"):
        collect(analyze(TEXT, AnalysisOptions(what=("sentiment",)), tools))


def test_an_empty_text_has_nothing(tools: Tools) -> None:
    found: Analysis = collect(analyze(" \n", AnalysisOptions(), tools))
    assert found.to_json()["entities"] == [] and found.sentiment is None and found.language is None


def test_long_texts_are_looked_at_in_stretches() -> None:
    assert task._stretches("short") == ["short"]
    stretches = task._stretches("".join(chr(65 + i % 26) for i in range(50_000)))
    assert len(stretches) == task.STRETCHES and all(len(one) == task.WHOLE_CHARS for one in stretches)


def test_rows_get_a_cell_for_each_part(tools: Tools) -> None:
    options = AnalysisOptions(what=("sentiment", "topic", "entities"))
    texts = ["the film, lovely 3", "电影, 失望 30", "Ann lives in Rome, 5.", ""] * 40
    made = collect(analyze_rows(texts, options, tools))
    assert len(made) == len(texts)
    assert [row["sentiment"] for row in made[:2]] == ["positive", "negative"]
    assert made[2]["entities"] == "Ann (person); Rome (place)"
    assert set(made[0]) == set(columns(options, tools))


def test_the_answer_is_the_words_of_a_passage_at_their_place(tools: Tools) -> None:
    passages = [Passage("Ann lives in Rome, 7.", "one.txt"), Passage("Bob lives in Oslo, 9.", "two.txt", 100)]
    events = list(read("Where does Bob live?", passages, tools))
    found = events[-1].result  # type: ignore[union-attr]
    best = found.answers[0]
    assert best.text == "Oslo" and best.source == "two.txt" and (best.start, best.end) == (113, 117)
    told = found.to_json()
    assert told["answer"] == ("" if best.abstained else "Oslo") and told["quality"]["model"] == "tiny-reader"
    assert len(told["others"]) == len(found.answers) - (not best.abstained)
    nothing = collect(read("Where does Bob live?", [], tools))
    assert nothing.answer is None and nothing.to_json()["abstained"]


def test_of_too_many_passages_those_that_share_words_are_read(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_core.tasks.read.PASSAGES_MAX", 2)
    passages = [Passage(f"Nothing {n}.") for n in range(5)] + [Passage("Bob lives in Oslo, 9.")]
    found = collect(read("Where does Bob live?", passages, tools))
    assert found.answers[0].text == "Oslo" and (found.passages, found.left_out) == (2, 4)


def test_data_sets_are_known_by_the_labels_they_share() -> None:
    known = ["names", "names-and-others", "resume"]
    assert understanding.label_set("entities", known, "msra", "zh") == "names"
    assert understanding.label_set("entities", known, "conll2003", "en") == "names-and-others"
    assert understanding.label_set("entities", known, None, "en") == "names-and-others"
    assert understanding.label_set("relations", ["fewrel", "finre"], None, "zh") == "fewrel"
    assert understanding.label_set("topic", ["mine"], None, None) == "mine"
