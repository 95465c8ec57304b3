"""What makes a race fair, and what it may take of a server for others."""

from pathlib import Path

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.training.state import State
from llm_core.workbench.races import FAMILIES, Races
from llm_core.workbench.run_limits import check_limits
from llm_core.workbench.runs import Runs


@pytest.fixture
def races(tmp_path: Path) -> Races:
    return Races(Runs(Settings(home=tmp_path / "home", offline=True)))


def test_all_legs_read_the_same_pieces_of_the_same_text_equally_long(races: Races) -> None:
    legs = races.plan("", seconds=20, parameters=100_000)
    assert [leg.family for leg in legs] == list(FAMILIES)
    for leg in legs:
        alike = leg.model_copy(update={"name": "", "family": "", "optimize": None})
        first = legs[0].model_copy(update={"name": "", "family": "", "optimize": None})
        assert alike == first
    assert legs[0].parameters == 100_000
    assert legs[0].prompts and all(legs[0].prompts)


def test_a_race_counts_as_one_run_that_waits_and_its_time_together(races: Races, tmp_path: Path) -> None:
    server = Settings(home=tmp_path / "home", host="0.0.0.0", runs_under_way_max=1, training_s=100)
    check_limits(races.plan("", seconds=20), [], server)
    with pytest.raises(UserError, match="run_long"):
        check_limits(races.plan("", seconds=30), [], server)
    with pytest.raises(UserError, match="runs_full"):
        check_limits(races.plan("", seconds=20), [], server.model_copy(update={"runs_max": 3}))


def test_a_race_is_found_again_by_its_owner_alone(races: Races, tmp_path: Path) -> None:
    assert races.newest("") is None
    for leg in races.plan("", seconds=20):
        folder = tmp_path / "home" / "runs" / leg.name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(leg.model_dump_json(), "utf-8")
        (folder / "metrics.jsonl").write_text(
            '{"step": 1, "loss": 2.0}\n'
            '{"step": 5, "seconds": 1.5, "valid_loss": 2.0, "bits_per_char": 1.25, "samples": ["The cat"]}\n',
            "utf-8",
        )
        bits = 0.5 if leg.family == "lstm" else 0.9
        State("done", owner="mine", bits_per_char=bits, seconds=20.0, parameters=7).write(folder)
    assert Races(Runs(Settings(home=tmp_path / "home", host="0.0.0.0"))).newest("other") is None
    race = races.newest("mine")
    assert race is not None
    assert [leg.samples for leg in race.legs] == [("The cat",)] * 4
    assert [look.seconds for look in race.legs[0].looks] == [1.5]
    assert race.finished[0].run.family == "lstm"
    assert "0.500" in race.lesson("en") and "0.500" in race.lesson("zh")
