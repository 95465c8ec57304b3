"""The Train tab: a run from text to a model, watched as it learns, found again, stopped and continued."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_core.settings import Settings
from llm_core.workbench.runs import Runs
from tests.browser.conftest import Server, Visitor

expect: Any = pytest.importorskip("playwright.sync_api").expect

LEARNS_MS = 180_000  # a process begins, loads torch and makes a few tiny updates, on a busy machine
SMALLEST = {"layers": "1", "hidden": "16", "context": "16", "micro_tokens": "64"}


@pytest.fixture
def runs(server: Server) -> Iterator[Runs]:
    """The runs of the page's server; whatever a test leaves running is ended."""
    runs = Runs(Settings(home=server.home, offline=True))
    yield runs
    for run in runs.list(""):
        runs.delete("", run.name)


def opened(visitor: Visitor, page: Any = None) -> Any:
    page = page or visitor.page
    name = "训练" if page.evaluate("document.documentElement.lang").startswith("zh") else "Train"
    page.get_by_role("tab", name=name, exact=True).first.click()
    page.locator("#train-steps .steps").wait_for()
    return page


def step(page: Any, number: int) -> None:
    page.locator(f"#train-steps [data-step='{number}']").click()


def begin(page: Any, *, name: str, updates: int, family: str = "RNN", **knobs: str) -> None:
    """Fill in a run that is as small as can be, and start it."""
    step(page, 4)
    page.locator("#train-family").get_by_role("radio", name=family, exact=True).check()
    page.locator("#train-knobs button").first.click()
    for knob, value in {**SMALLEST, "updates": str(updates), "evaluate_every": "10", **knobs}.items():
        field = page.locator(f"#train-knob-{knob}").locator("input, textarea")
        field.fill(value)
        field.press("Tab")
    step(page, 5)
    page.locator("#train-name").locator("input, textarea").fill(name)
    page.locator("#train-start").click()
    expect(page.locator("#train-run h2")).to_have_text(name)


def state(page: Any) -> Any:
    return page.locator("#train-run .run .meter b").first


@pytest.mark.timeout(600)
def test_a_bundled_text_becomes_a_model_that_is_watched_as_it_learns(visitor: Visitor, runs: Runs) -> None:
    page = opened(visitor)
    expect(page.locator("#train-samples [aria-checked=true]")).to_have_count(1)
    expect(page.locator("#train-steps small").first).to_contain_text("600,000")
    begin(page, name="first", updates=40)
    expect(state(page)).to_have_text("Finished", timeout=LEARNS_MS)
    expect(page.locator("#train-steps small").last).to_have_text("step 40 of 40")
    expect(page.locator("#train-run .figures")).to_contain_text("bits per character")
    large = page.locator("#train-chart wb-chart").first
    expect(large.locator(".at-end")).to_have_count(2)
    expect(large.locator(".at-main")).to_contain_text("validation")
    large.locator(".plot").hover()
    expect(large.locator(".at-tip")).to_contain_text("step")
    expect(page.locator("#train-looks table").first.locator("tbody tr")).to_have_count(4)
    page.reload()
    opened(visitor)
    expect(page.locator("#train-run h2")).to_have_text("first")
    expect(page.locator("#train-rail [aria-current]")).to_contain_text("first")
    page.locator("#train-card summary").click()
    expect(page.locator("#train-card code").first).to_contain_text("train --name first --family rnn")
    with page.expect_download() as sent:
        page.locator("#train-run [data-do=csv]").click()
    table = sent.value.path().read_text("utf-8").splitlines()
    assert table[0].startswith("step,seconds,tokens,loss,valid_loss")
    assert len(table) == 1 + 40
    with page.expect_download() as sent:
        page.locator("#train-run [data-do=zip]").click()
    with zipfile.ZipFile(sent.value.path()) as model:
        assert {"first/model.safetensors", "first/card.json"} <= set(model.namelist())
    page.locator("#train-result [data-do=evaluate]").click()
    expect(page.locator("#train-result")).to_contain_text("Next token guessed right", timeout=LEARNS_MS)
    expect(page.locator("#train-result [data-do=gguf]")).to_have_count(0)  # llama.cpp knows no RNN
    expect(page.locator("#train-result")).to_contain_text("cannot become a GGUF file")
    expect(page.locator("#train-try-go")).to_be_hidden()
    page.locator("#train-run [data-do=talk]").click()
    expect(page.get_by_role("tab", name="Chat", exact=True).first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#model input")).to_have_value("first")


@pytest.mark.timeout(300)
def test_text_is_seen_before_and_after_cleaning_and_in_its_pieces(visitor: Visitor) -> None:
    page = opened(visitor)
    page.locator("#train-samples [aria-checked=true]").click()
    expect(page.locator("#train-plan .notice")).to_be_visible()  # there is nothing to learn from
    expect(page.locator("#train-start")).to_be_disabled()
    page.locator("#train-paste textarea").fill(
        "Call <b>13812345678</b> today.\n\nThe fox <i>sleeps</i> by day.\n" * 40
    )
    page.locator("#train-paste textarea").press("Tab")
    expect(page.locator("#train-start")).to_be_enabled()
    step(page, 2)
    for n in (0, 3):
        page.locator("#train-cleaning input").nth(n).check()
    expect(page.locator("#train-steps small").nth(1)).to_contain_text("4")
    page.locator("#train-look-clean").click()
    change = page.locator("#train-changes tbody tr").first
    expect(change).to_contain_text("[PHONE]", timeout=LEARNS_MS)
    expect(change.locator("del").first).to_have_text("<b>13812345678</b>")
    assert page.locator("#train-changes td b, #train-changes td i").count() == 0
    step(page, 3)
    page.locator("#train-sentence").locator("input, textarea").fill("The fox 狐")
    page.locator("#train-look-tokens").click()
    pieces = page.locator("#train-cut .toks .tok")
    expect(pieces.first).to_have_text("The", timeout=LEARNS_MS)
    expect(page.locator("#train-cut .toks .partial")).to_have_count(3)
    step(page, 1)
    expect(page.locator("#train-findings li").first).to_be_visible()


def test_what_is_offered_follows_the_family_and_what_is_to_be_learned(visitor: Visitor) -> None:
    page = opened(visitor)
    step(page, 4)
    begin_with, size = page.locator("#train-begin"), page.locator("#train-size")
    expect(begin_with.locator("input")).to_have_value("Fresh weights")
    page.locator("#train-objective").get_by_role("radio", name="From its own better answers").check()
    expect(begin_with.locator("input")).to_have_value("decoder-zh-en")
    expect(size).to_be_hidden()
    expect(page.locator("#train-adapter")).to_be_visible()
    expect(page.locator("#train-needs")).to_contain_text("jsonl")
    expect(page.locator("#train-plan")).to_contain_text("Short talks")  # in the place of the text that was there
    page.locator("#train-adapter input").check()
    page.locator("#train-rank").get_by_role("radio", name="16", exact=True).check()
    expect(page.locator("#train-plan")).to_contain_text("rank 16, alpha 32")
    page.locator("#train-apart").get_by_role("radio", name="Keep the adapter apart").check()
    expect(page.locator("#train-plan")).to_contain_text("Keep the adapter apart")
    page.locator("#train-thumbs input").check()
    expect(page.locator("#train-plan .notice")).to_contain_text("No reply in Chat has a thumb yet")
    page.locator("#train-family").get_by_role("radio", name="Encoder", exact=True).check()
    expect(size).to_be_visible()
    expect(page.locator("#train-adapter")).to_be_hidden()
    page.locator("#train-objective").get_by_role("radio", name="Labels of texts").check()
    expect(begin_with.locator("input")).to_have_value("The encoder that comes along: few examples are enough")
    expect(page.locator("#train-folds")).to_be_visible()
    page.locator("#train-family").get_by_role("radio", name="VAE", exact=True).check()
    expect(page.locator("#train-objective")).to_be_hidden()


@pytest.mark.timeout(300)
def test_a_table_of_ones_own_is_looked_at_and_what_was_filled_in_outlives_the_page(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = opened(visitor)
    page.locator("#train-samples [data-id=names-zh-en]").click()
    expect(page.locator("#train-plan")).to_contain_text("News with marked names")
    step(page, 4)
    expect(page.locator("#train-objective").get_by_role("radio", name="Names in texts")).to_be_checked()
    page.locator("#train-needs summary").click()
    with page.expect_download() as sent:
        page.locator("#train-needs [data-do=example]").click()
    example = sent.value.path().read_text("utf-8").splitlines()
    assert json.loads(example[0]).keys() == {"text", "entities"}
    page.reload()
    opened(visitor)
    expect(page.locator("#train-plan")).to_contain_text("News with marked names")
    expect(page.locator("#train-steps [aria-current]")).to_contain_text("Model")
    step(page, 1)
    path = tmp_path / "moods.csv"
    rows = [f"note {n} about a thing that is {('fine', 'bad', 'odd')[n % 3]},{n % 3}" for n in range(60)]
    path.write_text("\n".join(["note,mood", *rows]), encoding="utf-8")
    with page.expect_file_chooser() as chosen:
        page.locator("#train-upload").click()
    chosen.value.set_files(path)
    expect(page.locator("#train-files")).to_contain_text("moods.csv")
    step(page, 4)
    page.locator("#train-objective").get_by_role("radio", name="Labels of texts").check()
    expect(page.locator("#train-plan .notice")).to_contain_text("moods.csv")
    step(page, 1)
    for number, name in ((0, "note"), (2, "mood")):
        page.locator(f"#train-column-{number} input").click()
        page.get_by_role("option", name=name).click()
        expect(page.get_by_role("listbox")).to_have_count(0)  # it fades; the next one lists the same columns
    expect(page.locator("#train-plan .notice")).to_have_count(0)
    page.locator("#train-look-data").click()
    expect(page.locator("#train-findings .label-bars li")).to_have_count(3, timeout=LEARNS_MS)
    expect(page.locator("#train-findings table")).to_contain_text("about a thing")


@pytest.mark.timeout(600)
def test_a_run_is_paused_continued_found_by_another_page_stopped_compared_and_deleted(
    visit: Callable[..., Visitor], runs: Runs
) -> None:
    page = opened(visit())
    begin(page, name="long", updates=100_000, patience="100000")  # nothing but a person ends it
    expect(state(page)).to_have_text("Learning", timeout=LEARNS_MS)
    step(page, 4)
    begin_again = page.locator("#train-start")
    expect(begin_again).to_be_visible()  # the next run can be planned while this one learns
    phone = visit(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    beside = opened(phone)
    expect(beside.locator("#train-run h2")).to_have_text("long")
    expect(state(beside)).to_have_text("学习中")
    assert beside.evaluate("document.documentElement.scrollWidth") <= 390
    beside.locator("#train-run [data-do=pause]").click()
    expect(state(beside)).to_have_text("已暂停", timeout=LEARNS_MS)
    step(page, 5)
    expect(state(page)).to_have_text("Paused")
    page.locator("#train-run [data-do=resume]").click()
    expect(state(page)).to_have_text("Learning", timeout=LEARNS_MS)
    page.locator("#train-run [data-do=stop]").click()
    expect(state(page)).to_have_text("Finished", timeout=LEARNS_MS)
    delete = page.locator("#train-run [data-do=delete]")
    delete.click()
    delete.click()
    expect(page.locator("#train-rail [data-id=long]")).to_have_count(0)
    assert runs.list("") == []
