"""`analyze`, `read` and `evaluate NAME` from the command line, on tiny models that were trained for it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from llm_core.catalog import bundled
from llm_core.models.card import ModelCard

pytestmark = pytest.mark.timeout(400)
TEXT = "the soup, lovely 5. Ann lives in Rome, 7."
OPINIONS = (("positive", "好吃"), ("negative", "难吃"))
Run = Callable[..., Any]
Lines = Callable[..., AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def models(understanding: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "FOLDER", understanding)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """What stands on stdin while lines are read."""

    @contextmanager
    def given(*written: str) -> Iterator[None]:
        path = tmp_path / "lines.txt"
        path.write_text("".join(f"{line}\n" for line in written), "utf-8")
        with path.open("rb") as file:
            monkeypatch.setattr("llm_core.cli.streams.STDIN", file.fileno())
            yield

    return given


def test_a_text_is_taken_to_pieces(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "一 text.txt"
    path.write_text(TEXT, "utf-8")
    told = run("analyze", str(path), "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert found["sentences"][0]["label"] == "positive"
    assert [TEXT[e["start"] : e["end"]] for e in found["entities"]] == [e["text"] for e in found["entities"]]
    assert found["quality"]["topic"]["model"] == "tiny-labels"
    shown = run("analyze", str(path), "--what", "sentiment,entities", language="zh")
    assert shown.code == 0 and "褒贬" in shown.out and "Ann (person)" in shown.out and "还没有测量过" in shown.out
    assert run("analyze", str(path), "--what", "mood").code == 2


def test_each_line_gets_one_object(run: Run, lines: Lines) -> None:
    with lines("the film, lovely 3", "电影, 失望 3", ""):
        told = run("analyze", "--task", "sentiment", "--lines")
    assert told.code == 0, told.err
    records = [json.loads(line) for line in told.out.splitlines()]
    assert [set(record) for record in records] == [{"label", "score"}] * 3
    assert [record["label"] for record in records[:2]] == ["positive", "negative"]
    with lines("Ann lives in Rome, 5."):
        (named,) = map(
            json.loads, run("analyze", "--task", "entities", "--lines", "--labels", "msra").out.splitlines()
        )
    assert [(e["text"], e["type"], e["start"], e["end"]) for e in named["entities"]] == [
        ("Ann", "person", 0, 3), ("Rome", "place", 13, 17)]  # fmt: skip
    pair = {
        "text": "Ann lives in Oslo, 3.",
        "head": {"text": "Ann", "start": 0},
        "tail": {"text": "Oslo", "start": 13},
    }
    with lines(json.dumps(pair)):
        told = run("analyze", "--task", "relations", "--lines", "--labels", "semeval2010")
    assert json.loads(told.out)["label"] == "lives_in"
    with lines("x"):
        assert run("analyze", "--task", "topic", "--lines", "--labels", "clinc150").code == 2
        assert run("analyze", "--task", "mood", "--lines").code == 2


def test_a_graph_and_a_table(run: Run, tmp_path: Path) -> None:
    told = run("analyze", "-", "--graph", "graphml", stdin="Ann lives in Rome, 7.")
    assert told.code == 0, told.err
    root = ElementTree.fromstring(told.out.encode())
    assert {data.text for data in root.iter() if data.get("key") == "label"} == {"Ann", "Rome"}
    assert run("analyze", "-", "--graph", "dot", stdin="x").code == 2
    table = tmp_path / "t.csv"
    table.write_text('id,text\n1,"the film, lovely 3"\n2,=电影 失望\n', "utf-8")
    told = run("analyze", str(table), "--rows", "text", "--what", "sentiment,keywords")
    assert told.code == 0, told.err
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert rows[0]["sentiment"] == "positive" and rows[1]["text"] == "'=电影 失望" and rows[1]["id"] == "2"
    assert "no column" in run("analyze", str(table), "--rows", "words").err


def test_an_answer_word_for_word(run: Run, lines: Lines, tmp_path: Path) -> None:
    path = tmp_path / "who.md"
    path.write_text("Bob lives in Oslo, 9.\n", "utf-8")
    found = json.loads(run("read", "Where does Bob live?", str(path), "--json").out)
    best = found if not found["abstained"] else found["others"][0]
    assert best["answer"] == "Oslo" and best["source"] == "who.md"
    assert run("read", "Where does Bob live?", str(path)).code == 0
    assert run("read", "Where?").code == 2
    with lines(*[json.dumps({"context": f"Ann lives in {place}, 4.", "question": "Where does Ann live?"})
                 for place in ("Rome", "北京")]):  # fmt: skip
        told = run("read", "--lines")
    assert [json.loads(line)["candidate"]["answer"] for line in told.out.splitlines()] == ["Rome", "北京"]


def test_a_bundled_model_is_measured_and_keeps_its_scores(
    run: Run, understanding: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(understanding, tmp_path / "models")
    monkeypatch.setattr(bundled, "FOLDER", tmp_path / "models")
    rows: dict[str, list[dict[str, Any]]] = {
        "sentiment-zh-waimai": [{"text": f"面条, {word} 5", "label": label} for label, word in OPINIONS],
        "ner-en-btc": [{"text": "Ann lives in Rome, 5.", "entities": [{"start": 0, "end": 3, "type": "person"}]}],
        "qa-en-who": [{"id": "1", "title": "t", "context": "Ann lives in Rome, 5.", "qas": [
            {"question": "Where does Ann live?", "answers": [{"text": "Rome", "start": 13}], "answerable": True}]}],
    }  # fmt: skip
    for name, some in rows.items():
        written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)
        (tmp_path / f"{name}.dev.jsonl").write_text(written, "utf-8")
    for model, name, metric, value in (
        ("tiny-sentiment", "sentiment-zh-waimai", "accuracy", 100.0),
        ("tiny-names", "ner-en-btc", "precision", 50.0),
        ("tiny-reader", "qa-en-who", "f1", 100.0),
    ):
        told = run("evaluate", model, "--data", str(tmp_path))
        assert told.code == 0, told.err
        assert json.loads(told.out)["figures"][metric] == value
        folder = tmp_path / "models" / model
        assert json.loads((folder / "scores.json").read_text())["sets"][name]["figures"][metric] == value
        assert ModelCard.read(folder).damaged(folder) == [] and "scores.json" in ModelCard.read(folder).sha256
    found = json.loads(run("analyze", "-", "--what", "sentiment", "--json", stdin="面条, 好吃 5").out)
    assert found["quality"]["sentiment"]["measured"][0]["value"] == 100.0
    assert run("evaluate", "tiny-sentiment").code == 2
    assert run("evaluate", "tiny-relations", "--data", str(tmp_path)).code == 2


def test_a_model_stands_alone_once_it_is_exported(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run("models", "export", "tiny-sentiment", "--format", "folder", "--out", str(out))
    assert told.code == 0, told.err
    from transformers import AutoModelForSequenceClassification

    (folder,) = [path.parent for path in out.rglob("config.json")]
    assert AutoModelForSequenceClassification.from_pretrained(folder).config.num_labels == 2
    assert (folder / "tokenizer.json").is_file()


def test_without_its_model_a_part_is_said_to_be_missing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    told = run("analyze", "-", "--json", stdin="The mill was closed in 1912.")
    assert told.code == 0 and json.loads(told.out)["keywords"] and "sentiment" in told.err
    assert run("read", "When?", "-", stdin="It closed.").code == 2


EXAMPLES = """# food
the soup, lovely 1
the soup, dreadful 2
面条, 好吃 3
# film
the film, lovely 4
the film, broken 5
电影, 失望 6
"""


def test_labels_of_ones_own_are_learned_from_a_file_and_given_to_lines_and_rows(
    run: Run, lines: Lines, converted_encoder: Path, tmp_path: Path
) -> None:
    shutil.copytree(converted_encoder, tmp_path / "home" / "conversions", dirs_exist_ok=True)
    examples, text, table = tmp_path / "例子.txt", tmp_path / "one.txt", tmp_path / "rows.csv"
    examples.write_text(EXAMPLES, "utf-8")
    text.write_text("the soup, delightful 9", "utf-8")
    table.write_text('id,said\n1,"the film, delightful 7"\n2,"the soup, broken 8"\n', "utf-8")
    told = run("analyze", str(text), "--own", str(examples))
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert set(found["scores"]) == {"food", "film"} and found["score"] == max(found["scores"].values())
    assert "6 examples" in told.err
    with lines("the soup, lovely 3", "影片, 满意 2"):
        written = run("analyze", "--own", str(examples), "--lines")
    assert [set(json.loads(line)) for line in written.out.splitlines()] == [{"label", "score"}] * 2
    rows = list(csv.DictReader(io.StringIO(run("analyze", str(table), "--own", str(examples), "--rows", "said").out)))
    assert [row["id"] for row in rows] == ["1", "2"] and {row["label"] for row in rows} <= {"food", "film"}
    examples.write_text("no label above me", "utf-8")
    assert run("analyze", str(text), "--own", str(examples)).code == 2
