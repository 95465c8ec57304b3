"""`ask` and `embed`: one object, or one a line, in order; files are read, asked and forgotten."""

import json
import math
import os

import pytest

from llm_core.cli import streams

MUSEUM = """# Museum

The ropewalk is 312 metres long.

# Tickets

A ticket costs eight euros.

# 阅览

绍兴地方志只供馆内阅览，不外借。
"""


@pytest.fixture
def documents(tmp_path, conversions):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "conversions").symlink_to(conversions)
    (tmp_path / "馆.md").write_text(MUSEUM, "utf-8")
    return [str(tmp_path / "馆.md")]


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Have stdin hold some lines; the command reads its bare descriptor."""
    opened = []

    def typed(text: str) -> None:
        (tmp_path / "stdin").write_text(text, "utf-8")
        opened.append(os.open(tmp_path / "stdin", os.O_RDONLY))
        monkeypatch.setattr(streams, "STDIN", opened[-1])

    yield typed
    for descriptor in opened:
        os.close(descriptor)


def test_an_answer_as_json_has_its_evidence(run, documents):
    ran = run("ask", "How long is the ropewalk?", *documents, "--json")
    answer = json.loads(ran.out)
    assert ran.code == 0 and set(answer) == {
        "answer", "abstained", "score", "unsure", "exact", "agrees", "quality", "evidence"
    }  # fmt: skip
    assert answer["answer"] == "The ropewalk is 312 metres long." and not answer["abstained"]
    first = answer["evidence"][0]
    assert set(first) == {"document", "page", "start", "end", "sentence", "passage"}
    assert first["document"] == "馆.md" and first["page"] is None and len(answer["evidence"]) <= 5


def test_an_answer_for_people_has_numbers_and_places(run, documents):
    ran = run("ask", "How long is the ropewalk?", *documents)
    assert "The ropewalk is 312 metres long.[1]" in ran.out and "[1] The ropewalk" in ran.out
    assert "馆.md · Museum" in ran.out


def test_each_line_gets_its_object_in_order(run, documents, typed):
    typed("绍兴地方志可以外借吗？\n\nWho is the president of France?\nWhat does a ticket cost?\n")
    ran = run("ask", "--lines", *documents)
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert "绍兴" in found[0]["answer"] and found[3]["evidence"][0]["sentence"] == "A ticket costs eight euros."
    assert found[2]["abstained"] and found[2]["evidence"]
    assert found[1]["error"]["code"] == "text_empty" and ran.code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("ask", "Where?"), "FILE"), (("ask", "Where?", "nowhere.md"), "nowhere.md"), (("ask", "--lines"), "FILE")],
)
def test_what_is_missing_is_said(run, arguments, said):
    ran = run(*arguments)
    assert ran.code == 2 and said in ran.err and ran.out == ""


def test_vectors_come_line_by_line(run, documents, typed):
    typed("Where is Shaoxing?\n绍兴在哪里？\nA recipe for soup\n")
    ran = run("embed", "--lines")
    vectors = [json.loads(line)["embedding"] for line in ran.out.splitlines()]
    assert [len(vector) for vector in vectors] == [384] * 3
    same, other = (sum(a * b for a, b in zip(vectors[0], vectors[n], strict=True)) for n in (1, 2))
    assert math.isclose(sum(a * a for a in vectors[0]), 1, rel_tol=1e-4) and same > other
    assert run("embed", "Where", "is", "Shaoxing?").out.splitlines() == ran.out.splitlines()[:1]


def test_an_unknown_kind_of_vector_is_refused(run):
    ran = run("embed", "text", "--kind", "other")
    assert ran.code == 2 and "other" in ran.err
