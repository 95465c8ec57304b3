"""`summarize`: a file, stdin, or each line of it by itself."""

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples" / "summarize"
TIDE = EXAMPLES / "tide.en.txt"


def test_key_sentences_of_a_file_need_no_model(run):
    ran = run("summarize", str(TIDE), "--sentences", "4", "--json")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert set(found) == {"summary", "sentences", "keywords", "covered", "sections"}
    text = TIDE.read_text("utf-8")
    assert [text[s["start"] : s["end"]] for s in found["sentences"]] == [s["text"] for s in found["sentences"]]
    assert len(found["sentences"]) == found["covered"] == found["sections"] == 4


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_text_comes_from_stdin(run, arguments):
    ran = run(
        "summarize", *arguments, "-n", "1", stdin="今天下了一整天的雨，街上没有人。\n我们留在家里。", language="zh"
    )
    assert ran.code == 0
    assert "覆盖" in ran.out and "雨" in ran.out


def test_a_document_is_read_with_its_headings(run, tmp_path):
    (tmp_path / "a.md").write_text(
        "# One\n\nThe first part tells of rain.\n\n# Two\n\nThe second tells of snow.\n", "utf-8"
    )
    found = json.loads(run("summarize", str(tmp_path / "a.md"), "--json", "-n", "2").out)
    assert (found["covered"], found["sections"]) == (2, 2)


def test_each_line_has_one_line_in_order(run, tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("今天下雨。我们没有出门。\nOne is short. Two is a good deal longer than that.\n", "utf-8")
    ran = run("summarize", str(path), "--lines", "--sentences", "1")
    assert ran.code == 0 and len(ran.out.splitlines()) == 2
    records = [
        json.loads(line) for line in run("summarize", str(path), "--lines", "--json", "-n", "1").out.splitlines()
    ]
    assert [record["summary"] for record in records] == ran.out.splitlines()


def test_an_empty_line_keeps_its_place(run, tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("It rained all day.\n\nThen it snowed.\n", "utf-8")
    ran = run("summarize", str(path), "--lines")
    assert ran.code == 2
    assert ran.out.splitlines() == ["It rained all day.", "", "Then it snowed."]
    assert ran.err.startswith("Line 2:")


def test_an_empty_line_has_an_object_of_the_same_shape(run, tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("It rained all day.\n\n", "utf-8")
    whole, empty = (json.loads(line) for line in run("summarize", str(path), "--lines", "--json").out.splitlines())
    assert set(empty) - {"error"} == set(whole) and empty["error"]["code"] == "text_empty"
    assert (empty["summary"], empty["sentences"], empty["covered"], empty["sections"]) == ("", [], 0, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ratio", "3"], "ratio takes a number from 0 to 1"),
        (["--sentences", "none"], "sentences takes a whole number"),
        (["--method", "magic"], "method cannot be"),
        (["--to", "fr"], "to cannot be"),
        (["nowhere.txt"], "no file nowhere.txt"),
    ],
)
def test_what_does_not_fit_is_named_in_one_line(run, arguments, said):
    ran = run("summarize", *arguments, stdin="It rained.")
    assert ran.code == 2 and ran.out == ""
    assert said in ran.err and ran.err.count("\n") == 1


def test_an_empty_text_is_said(run):
    assert run("summarize", stdin=" \n").code == 2


def test_rewriting_falls_back_to_key_sentences_where_the_model_babbles(run, home):
    ran = run("summarize", str(TIDE), "--form", "sentence", "--json")
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["parts"][0]["state"] == "stood_in"
    assert found["summary"] in TIDE.read_text("utf-8")
