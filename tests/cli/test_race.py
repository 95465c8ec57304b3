"""`race`: four real runs in processes of their own, one after the other, and the table at their end."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from llm_core.messages import say
from llm_core.settings import Settings
from llm_core.workbench.races import FAMILIES, Race, Races
from llm_core.workbench.runs import Runs


@pytest.mark.timeout(600)
def test_four_families_of_equal_size_end_in_one_table(run: Callable[..., Any], tmp_path: Any) -> None:
    result = run("race", "--seconds", "3", "--parameters", "60000", "--json")
    assert result.code == 0, result.err
    record = json.loads(result.out)
    assert [leg["family"] for leg in record["legs"]] == list(FAMILIES)
    assert all(leg["state"] == "done" and leg["step"] > 0 for leg in record["legs"])
    counts = [leg["parameters"] for leg in record["legs"]]
    assert max(counts) <= 1.1 * min(counts)
    best = min(record["legs"], key=lambda leg: leg["bits_per_char"])
    last = max(record["legs"], key=lambda leg: leg["bits_per_char"])
    figures = {"bits": best["bits_per_char"], "last_bits": last["bits_per_char"]}
    named = say("en", f"race.family_{last['family']}")
    assert record["lesson"] == say("en", f"race.lesson_{best['family']}", last=named, **figures)

    races = Races(Runs(Settings(home=tmp_path / "home", offline=True)))
    found = races.newest("")
    assert found is not None and found.name == record["race"] and not found.under_way
    assert found.finished[0].run.family == best["family"]
    assert isinstance(races.get("", found.name), Race)


def test_legs_that_cannot_be_planned_are_told(run: Callable[..., Any]) -> None:
    result = run("race", "--sample", "no-such-corpus", "--seconds", "2")
    assert result.code != 0
    assert "no-such-corpus" in result.err
