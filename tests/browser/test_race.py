"""The race and the recordings on the page: a real race from a click to its lesson; a slider that moves both parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from llm_core.settings import Settings
from llm_core.workbench import replays
from llm_core.workbench.races import FAMILIES, Races
from llm_core.workbench.runs import Runs
from tests.browser.conftest import Server, Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def races(server: Server) -> Iterator[Races]:
    """Those of the page's server; the legs of a test are deleted."""
    runs = Runs(Settings(home=server.home, offline=True))
    yield Races(runs)
    for run in runs.list(""):
        runs.delete("", run.name)


def opened(visitor: Visitor) -> Any:
    visitor.page.get_by_role("tab", name="Train", exact=True).first.click()
    visitor.page.locator("#train-switch").get_by_role("radio", name="Race and replay").check()
    visitor.page.locator("#replay .replay").wait_for()
    return visitor.page


def test_a_recording_replays_by_its_slider(visitor: Visitor) -> None:
    page = opened(visitor)
    family = page.locator("#replay-family").get_by_role("radio").first
    family.check()
    run = replays.replay(replays.families()[0])
    shown = page.locator("#replay-shown")
    expect(shown.locator("tbody .text").nth(1)).to_have_text(run["looks"][-1]["samples"][0])
    slider = shown.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    expect(shown.locator(".meter")).to_contain_text(f"Update {run['looks'][0]['step']}")
    expect(shown.locator("tbody .text").nth(1)).to_have_text(run["looks"][0]["samples"][0])
    points = shown.locator("wb-chart").evaluate("chart => chart.spec.series.map(one => one.points.at(-1)[0])")
    assert all(step <= run["looks"][0]["step"] for step in points)


@pytest.mark.timeout(300)
def test_a_race_is_begun_watched_found_again_and_ended(visitor: Visitor, races: Races) -> None:
    page = opened(visitor)
    page.locator("#race-start").click()
    table = page.locator("#race-table")
    expect(table.locator("tr[data-family]")).to_have_count(len(FAMILIES))
    expect(page.locator("#race-stop")).to_be_visible()
    expect(table.locator("tr[data-family='rnn'] small")).to_have_text("trains", timeout=120_000)
    page.reload()
    opened(visitor)
    expect(table.locator("[data-live='1']")).to_be_visible()
    page.locator("#race-stop").click()
    expect(table.locator("[data-live='0']")).to_be_visible(timeout=120_000)
    expect(page.locator("#race-start")).to_be_visible()
    race = races.newest("")
    assert race is not None
    assert race.legs[0].run.state == "done"
