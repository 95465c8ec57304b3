"""The Analyze tab's HTML and what is typed into it: escaped, short enough, the same way back."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from llm_core.catalog.understanding import Figure, Quality
from llm_core.errors import UserError
from llm_core.events import Done, Item, Progress
from llm_core.tasks import graph as graphs
from llm_core.tasks import own_examples
from llm_core.tasks.analysis import Analysis, Found, Labels, Name, Opinion, Relation
from llm_core.text.sentences import split
from llm_core.web.analyze import grid, marking, network, pieces
from llm_core.web.analyze.progress import Gathering
from llm_core.workbench.analysis_desk import Asked, Told
from llm_core.workbench.tables import Table

TEXT = "A visit\n\nAnn <b>met</b> Bob in Rome. The soup was bad & cold."
ANN, BOB, ROME = (Name(TEXT.index(n), TEXT.index(n) + len(n), n, k, 0.9)
                  for n, k in (("Ann", "person"), ("Bob", "person"), ("Rome", "place")))  # fmt: skip


def found() -> Analysis:
    opinions = [Opinion(*span, "negative" if "bad" in span.of(TEXT) else "positive", 0.97) for span in split(TEXT)]
    sentence = next(span for span in split(TEXT) if "Rome" in span.of(TEXT))
    related = (Relation(ANN, BOB, "<met>", 0.8, *sentence),)
    quality = {"entities": Quality("names", (Figure("msra", "f1", 88.44, 3442),)), "sentiment": Quality("moods")}
    return Analysis(
        "en", ("soup",), None, tuple(opinions), None, None, (ANN, BOB, ROME), related, quality, ("topic",)
    )


def test_every_letter_of_the_text_is_there_and_nothing_of_it_is_markup() -> None:
    html = marking.shown(TEXT, found(), "en")
    assert "<b>met</b>" not in html and "&lt;b&gt;" in html
    shown = unescape(re.sub("<[^>]+>", "", html))
    for paragraph in TEXT.split("\n\n"):
        assert paragraph in shown
    assert html.count('class="ent is-person"') == 2 and html.count('class="ent is-place"') == 1
    assert html.count('class="sent down"') == 1 and 'data-tip="negative 0.97"' in html
    assert html.count('tabindex="0"') == 1  # one stop; arrows go on from there


def test_each_result_has_the_figures_of_its_model_and_what_is_missing_is_said_once() -> None:
    html = pieces.side(TEXT, found(), [(Told("Mine", {"x": 0.7, "y": 0.3}), {"accuracy": 90.0, "majority": 50.0,
                                                                          "examples": 24})], "en")  # fmt: skip
    assert "names, measured: F1 88.4% on msra" in html and "moods has not been measured yet." in html
    assert "90% right in cross-validation with 24 examples" in html
    assert html.count("Not here yet: models for topic.") == 1


def test_a_graph_is_drawn_with_the_sentence_of_each_edge() -> None:
    graph = graphs.graph(TEXT, found().entities, found().relations)
    drawn = network.drawing(graph, "en")
    edge = next(one for one in drawn["edges"] if one["kind"] == "found")
    assert edge["label"] == "<met>" and edge["said"][0]["text"] == "Ann <b>met</b> Bob in Rome."
    html = network.html(graph, "en")
    spec = re.search(r'spec="([^"]*)"', html)
    assert spec and json.loads(unescape(spec[1])) == drawn and "<met>" not in html


def test_only_so_much_is_drawn() -> None:
    text = " ".join(f"P{n} saw Q{n}." for n in range(200))
    names = [Name(m.start(), m.end(), m[0], "person", 1.0) for m in re.finditer(r"[PQ]\d+", text)]
    graph = graphs.graph(text, names, [])
    drawn = network.drawing(graph, "en")
    assert len(drawn["nodes"]) == network.NODES_MAX
    here = {node["id"] for node in drawn["nodes"]}
    assert all(edge["source"] in here and edge["target"] in here for edge in drawn["edges"])
    assert "400" in network.html(graph, "en")


def test_what_was_found_before_a_stop_stays() -> None:
    live = Gathering(TEXT, dict, "zh")
    for event in (Progress("analyzing", 0, 3, "sentences"), Item(Found("language", "en")),
                  Item(Found("keywords", ("soup",))), Item(Found("entities", (ANN, BOB)))):  # fmt: skip
        assert live.take(event)
    assert live.found.entities == (ANN, BOB) and "soup" in live.end()[1]
    graph = live.graph()
    assert graph is not None and [node.label for node in graph.nodes] == ["Ann", "Bob"]
    assert live.take(Done(found())) and live.found == found()


def test_examples_are_read_by_label_or_by_row_and_written_the_same_way() -> None:
    typed = "# bill\nI paid twice\n\n#parcel \n Where is it?\nIt broke\tbill"
    examples = [("I paid twice", "bill"), ("Where is it?", "parcel"), ("It broke", "bill")]
    assert own_examples.parsed(typed) == examples
    assert sorted(own_examples.parsed(own_examples.typed(examples))) == sorted(examples)
    with pytest.raises(UserError, match="examples_unlabelled"):
        own_examples.parsed("no label above me")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_examples_that_come_along_can_be_used(language: str) -> None:
    examples = own_examples.parsed(pieces.example(f"labels.{language}", "txt"))
    assert len({label for _, label in examples}) == 3 and len(examples) == 24
    assert len(pieces.examples(language)) == 3  # type: ignore[arg-type]
    assert pieces.example("../summarize/bees.en", "txt") == ""


def test_a_table_shows_its_first_rows_with_what_was_found() -> None:
    rows = tuple({"id": n, "text": f"<i>row</i> {n}"} for n in range(100))
    table = Table(("id", "text"), rows)
    assert grid.column_of_texts(table) == "text"
    live = grid.Filling(table, Asked("text", ("sentiment",)), "en")
    live.take(Item([{"sentiment": "positive", "sentiment_score": 0.98}] * 64))
    html = live.end(["moods, measured: accuracy 90.0% on x"])
    assert "64 of 100 rows are done" in html and "The first 40 of 100 rows" in html
    assert "<i>row" not in html and html.count("<tr>") == 41 and "0.98" in html


def test_what_the_models_are_unsure_of_is_not_said_as_if_they_knew() -> None:
    opinions = (Opinion(0, 5, "positive", 0.7),)
    topic = Labels("motorcycles", 0.24, {"motorcycles": 0.24, "for sale": 0.18, "hockey": 0.12}, "20newsgroups")
    unsure = Analysis(
        "en", (), Labels("positive", 0.7, {"positive": 0.7, "negative": 0.3}, "sentiment"), opinions, topic
    )
    told = pieces.side("Eleven rooms.", unsure, [], "zh")
    assert "看不出褒贬（略偏褒，0.70）" in told and "摩托车" in told and "3类里没有明显符合的" in told
    assert 'class="sent flat"' in marking.shown("Eleven rooms.", unsure, "en")
