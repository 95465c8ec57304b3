"""Analyses in jobs of visitors, tables, graphs, and labels that one visitor taught and no other sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.catalog import bundled
from llm_core.errors import UserError
from llm_core.events import Done, Item, collect
from llm_core.jobs import Job
from llm_core.settings import Settings
from llm_core.workbench import Workbench, tables
from tests.tasks.test_own_labels import BILLS, PARCELS

pytestmark = pytest.mark.timeout(400)
EXAMPLES = [(text, "bill") for text in BILLS] + [(text, "parcel") for text in PARCELS]


@pytest.fixture
def workbench(understanding: Path, home_with_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    monkeypatch.setattr(bundled, "FOLDER", understanding)
    with Workbench(Settings(home=home_with_encoder, offline=True, own_labels_max=2, analysis_rows_max=3)) as made:
        yield made


def ended(job: Job) -> object:
    *_, (_, last) = job.watch()
    assert isinstance(last, Done)
    return last.result


def test_a_visitor_has_a_file_analyzed_and_its_graph_drawn(workbench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("Ann lives in Rome, 7.\n", "utf-8")
    job = workbench.analyses.start_file("ada", path, "notes.md", {"what": ["sentiment", "entities"]})
    found = ended(job)
    document = next(event.value for _, event in job.watch() if isinstance(event, Item))
    assert [document.text[e.start : e.end] for e in found.entities] == ["Ann", "Rome"]  # type: ignore[attr-defined]
    graph = ended(workbench.analyses.start_graph("ada", document))
    assert [node.label for node in graph.nodes] == ["Ann", "Rome"]  # type: ignore[attr-defined]
    assert [(e.label, e.kind) for e in graph.edges] == [("lives_in", "found")]  # type: ignore[attr-defined]
    assert workbench.analyses.running("ada") is None and workbench.analyses.missing() == ["embed"]


def test_a_table_gets_its_columns_and_has_its_limit(workbench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"note": "the film, lovely 3", "sentiment": "?"}\n{"note": "电影, 失望 3"}\n', "utf-8")
    table = ended(workbench.analyses.start_rows("ada", path, None, {"what": ["sentiment"]}))
    assert isinstance(table, tables.Table)
    assert table.columns == ("note", "sentiment", "found_sentiment", "sentiment_score")
    assert [row["found_sentiment"] for row in table.rows] == ["positive", "negative"]
    path.write_text('{"note": "x"}\n' * 4, "utf-8")
    with pytest.raises(UserError, match="rows_many"):
        ended(workbench.analyses.start_rows("ada", path))
    with pytest.raises(UserError, match="source_unknown"):
        tables.read(shutil.copy(path, tmp_path / "t.pkl"), None)


def test_own_labels_are_kept_for_their_visitor_alone(workbench: Workbench) -> None:
    analyses = workbench.analyses
    learned = ended(analyses.start_learning("ada", " What  for ", EXAMPLES))
    assert learned.accuracy > 75  # type: ignore[attr-defined]
    kept = analyses.own_labels("ada")
    assert list(kept) == ["What for"] and len(kept["What for"]["texts"]) == len(EXAMPLES)
    assert kept["What for"]["accuracy"] == learned.accuracy  # type: ignore[attr-defined]
    assert [one.label for one in analyses.classify("ada", "What for", ["箱子还没到。", "I paid too much."])] == [
        "parcel", "bill"]  # fmt: skip
    assert analyses.own_labels("bob") == {}
    with pytest.raises(UserError, match="own_labels_unknown"):
        analyses.classify("bob", "What for", ["x"])
    for name in ("../../b", "c"):
        collect(analyses.learn("ada", name, EXAMPLES))
    assert len(analyses.own_labels("ada")) == 2
    for name in list(analyses.own_labels("ada")):
        analyses.forget_labels("ada", name)
    assert analyses.own_labels("ada") == {}


def test_what_is_nothing_or_too_little_is_refused_before_the_job(workbench: Workbench) -> None:
    with pytest.raises(UserError, match="text_empty"):
        workbench.analyses.start("ada", " ")
    with pytest.raises(UserError, match="own_labels_few"):
        workbench.analyses.start_learning("ada", "x", [("a", "b")])
    with pytest.raises(UserError, match="name_unusable"):
        workbench.analyses.learn("ada", " ", EXAMPLES)
