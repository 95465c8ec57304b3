"""A graph has one node for all mentions of the same, edges with their sentences, and leaves in three formats."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest

from llm_core.tasks.analysis import Name, Relation
from llm_core.tasks.graph import Graph, graph, merged
from llm_core.tasks.graph_export import as_csv, as_graphml, as_json
from llm_core.tasks.open_relations import parsed, prompt, tied
from llm_core.text.sentences import split

TEXT = (
    "Alan Turing worked for the National Physical Laboratory (NPL). Turing lived in London with Mr. Smith. "
    "The NPL is in London & \"Teddington\" <west>.\nJohn Smith met Mary Smith. 他住在北京市，北京很大。"
)  # fmt: skip
THIRD = TEXT.index("The NPL")
NAMES = (("Alan Turing", "person"), ("National Physical Laboratory", "organisation"), ("NPL", "organisation"),
         ("London", "place"), ("Mary Smith", "person"), ("John Smith", "person"), ("北京市", "place"))  # fmt: skip


def name(text: str, kind: str, after: int = 0) -> Name:
    start = TEXT.index(text, after)
    return Name(start, start + len(text), text, kind, 0.9)


def names() -> list[Name]:
    again = [
        name("Turing", "person", 30), name("NPL", "organisation", THIRD), name("London", "place", THIRD),
        name("北京", "place", TEXT.index("北京市") + 2), name("Smith", "person"),
    ]  # fmt: skip
    return sorted([name(*one) for one in NAMES] + again, key=lambda one: one.start)


def relation(head: Name, label: str, tail: Name) -> Relation:
    sentence = next(span for span in split(TEXT) if span.start <= head.start < span.end)
    return Relation(head, tail, label, 0.8, *sentence)


@pytest.fixture
def made() -> Graph:
    found = {one.text: one for one in reversed(names())}
    return graph(TEXT, names(), [relation(found["Alan Turing"], "works for", found["National Physical Laboratory"])])


def test_mentions_of_the_same_are_one_node() -> None:
    nodes = {node.label: node for node in merged(TEXT, names())}
    assert {m.text for m in nodes["Alan Turing"].mentions} == {"Alan Turing", "Turing"}
    assert [m.text for m in nodes["National Physical Laboratory"].mentions] == [
        "National Physical Laboratory", "NPL", "NPL"]  # fmt: skip
    assert len(nodes["London"].mentions) == 2 and len(nodes["北京市"].mentions) == 2
    assert "Smith" in nodes and len(nodes["Smith"].mentions) == 1  # John or Mary: nobody knows


def test_edges_know_their_sentences_and_say_where_nothing_more_is_known(made: Graph) -> None:
    labels = {node.id: node.label for node in made.nodes}
    told = {(labels[e.source], labels[e.target]): e for e in made.edges}
    works = told["Alan Turing", "National Physical Laboratory"]
    assert works.label == "works for" and works.kind == "found"
    assert works.sentences[0].of(TEXT).startswith("Alan Turing worked")
    together = [e for e in made.edges if e.kind == "together"]
    assert together and all(e.sentences for e in together)
    assert len(told) == len({frozenset(pair) for pair in told})
    assert graph("", [], []).to_json() == {"nodes": [], "edges": []}


def test_it_leaves_as_json_csv_and_graphml(made: Graph) -> None:
    assert json.loads(as_json(made)) == made.to_json()
    rows = list(csv.DictReader(io.StringIO(as_csv(made))))
    assert {row["relation"] for row in rows} >= {"works for", "together"}
    assert any(row["source"] == "John Smith" or row["target"] == "John Smith" for row in rows)
    root = ElementTree.fromstring(as_graphml(made).encode())
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert len(root.findall(f".//{space}node")) == len(made.nodes)
    sentences = [d.text or "" for d in root.iter(f"{space}data") if d.get("key") == "sentence"]
    assert any('& "Teddington" <west>' in sentence for sentence in sentences)
    keys = {key.get("id") for key in root.findall(f"{space}key")}
    assert {d.get("key") for d in root.iter(f"{space}data")} <= keys


def test_nothing_breaks_the_formats() -> None:
    text = "=SUM(A1) \x00knows\x0b \ufffe]]>Bob."
    found = [
        Name(0, 8, "=SUM(A1)", "person", 1.0),
        Name(text.index("Bob"), text.index("Bob") + 3, "Bob", "person", 1.0),
    ]
    made = graph(text, found, [Relation(found[0], found[1], "kno\x00ws", 1.0, 0, len(text))])
    ElementTree.fromstring(as_graphml(made).encode())
    assert next(csv.DictReader(io.StringIO(as_csv(made))))["source"] == "'=SUM(A1)"


def test_what_a_language_model_writes_is_tied_to_its_sentence_or_dropped() -> None:
    some, known = split(TEXT)[:2], names()
    assert prompt(TEXT, some).count("\n2. Turing lived") == 1
    right = {"sentence": 2, "head": "Turing", "relation": " lived  in ", "tail": "London"}
    found = tied(right, TEXT, some, known)
    assert found and (found.head.text, found.label, found.tail.text) == ("Turing", "lived in", "London")
    assert found.head in known and TEXT[found.start : found.end].startswith("Turing lived")
    new = tied(right | {"tail": "Mr. Smith"}, TEXT, some, known)
    assert new and new.tail.type == "other" and TEXT[new.tail.start : new.tail.end] == "Mr. Smith"
    for wrong in (
        {"sentence": 1},
        {"sentence": 9},
        {"head": "Ada"},
        {"tail": "Turing"},
        {"relation": ""},
        {"head": 3},
    ):
        assert tied(right | wrong, TEXT, some, known) is None


def test_of_a_broken_reply_the_whole_objects_are_read() -> None:
    reply = '{"relations": [{"sentence": 1, "head": "a", "relation": "r", "tail": "b"}, {"sentence": 2, "hea'
    assert [told["head"] for told in parsed(reply)] == ["a"]
    assert list(parsed("no JSON {at all}")) == []
