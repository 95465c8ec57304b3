"""What visitors last had analyzed: found again, with their own labels, as far as it came, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.catalog import bundled
from llm_core.errors import UserError
from llm_core.events import Done, Event, Item, Tick
from llm_core.jobs import Job
from llm_core.settings import Settings
from llm_core.workbench import Workbench
from llm_core.workbench.analysis_desk import AnalysisDesk, Asked, Told, said
from tests.tasks.test_own_labels import BILLS, PARCELS

pytestmark = pytest.mark.timeout(400)
EXAMPLES = [(text, "bill") for text in BILLS] + [(text, "parcel") for text in PARCELS]


@pytest.fixture
def workbench(understanding: Path, home_with_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    monkeypatch.setattr(bundled, "FOLDER", understanding)
    with Workbench(Settings(home=home_with_encoder, offline=True, jobs_kept_s=600)) as made:
        yield made


@pytest.fixture
def desk(workbench: Workbench) -> AnalysisDesk:
    return workbench.analysis_desk


def ended(job: Job) -> list[Event]:
    return [event for _, event in job.watch() if not isinstance(event, Tick)]


def test_a_text_is_told_its_own_labels_too_and_found_again(desk: AnalysisDesk) -> None:
    ended(desk.start_learning("ada", "Desk", EXAMPLES))
    events = ended(desk.start_text("ada", "Ann lives in Rome, 7. " * 80))  # longer than is judged in one piece
    told = [event.value for event in events if isinstance(event, Item) and isinstance(event.value, Told)]
    assert [one.name for one in told] == ["Desk"] and abs(sum(told[0].scores.values()) - 1) < 1e-6
    assert isinstance(events[-1], Done)
    work = desk.last("ada", "text")
    assert work is not None and work.source == "Ann lives in Rome, 7. " * 80
    assert list(said(work.job)) == events
    assert desk.last("bob", "text") is None and desk.running("ada") is None
    desk.forget("ada")
    assert desk.last("ada", "text") is None


def test_a_file_is_read_and_its_text_kept(desk: AnalysisDesk, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("Ann lives in Rome, 7.", "utf-8")
    ended(desk.start_file("ada", path, "note.txt"))
    work = desk.last("ada", "text")
    assert work is not None and not isinstance(work.source, str | None) and work.source.name == "note.txt"


def test_rows_get_parts_and_own_labels_side_by_side(desk: AnalysisDesk, tmp_path: Path) -> None:
    ended(desk.start_learning("ada", "Desk", EXAMPLES))
    path = tmp_path / "t.csv"
    path.write_text('n,note\n1,"the film, lovely 3"\n2,我的包裹还没到\n', "utf-8")
    table = desk.open_table("ada", path, "t.csv")
    assert table.columns == ("n", "note")
    ended(desk.start_rows("ada", Asked("note", ("sentiment",), ("Desk",))))
    found = desk.result_table("ada")
    assert found is not None
    assert found.columns == ("n", "note", "sentiment", "sentiment_score", "Desk", "Desk_score")
    assert [row["Desk"] for row in found.rows][1] == "parcel" and found.rows[0]["sentiment"] == "positive"
    assert desk.result_table("bob") is None


def test_rows_that_are_done_stay_when_it_is_stopped(desk: AnalysisDesk, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("note\n" + "the film, lovely 3\n" * 4000, "utf-8")
    desk.open_table("ada", path, "t.csv")
    job = desk.start_rows("ada", Asked("note", ("sentiment",)))
    for _, event in job.watch():
        if isinstance(event, Item):
            desk.stop("ada")
    found = desk.result_table("ada")
    assert found is not None and 0 < len(found.rows) < 4000 and len(found.rows) % 64 == 0


def test_what_cannot_begin_is_said(desk: AnalysisDesk, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="table_gone"):
        desk.start_rows("ada", Asked("x", ("keywords",)))
    path = tmp_path / "t.csv"
    path.write_text("note\nx\n", "utf-8")
    desk.open_table("ada", path, "t.csv")
    with pytest.raises(UserError, match="column_unknown"):
        desk.start_rows("ada", Asked("x", ("keywords",)))
    with pytest.raises(UserError, match="nothing_asked"):
        desk.start_rows("ada", Asked("note"))
    with pytest.raises(UserError, match="text_empty"):
        desk.start_graph("ada")


def test_another_text_lets_the_written_graph_of_the_one_before_go(desk: AnalysisDesk) -> None:
    ended(desk.start_text("ada", "Ann lives in Rome, 7."))
    *_, last = ended(desk.start_graph("ada"))  # the tiny model writes nothing that could be tied to a sentence
    assert isinstance(last, Done) and [node.label for node in last.result.nodes] == ["Ann", "Rome"]
    assert {edge.kind for edge in last.result.edges} == {"together"}
    ended(desk.start_text("ada", "Bob lives in Oslo, 3."))
    assert desk.last("ada", "graph") is None
