"""My things in the browser: what there is, a passphrase that locks and opens, everything deleted by two clicks."""

import re

PASSPHRASE = "seven grey herons"


def open_sheet(page):
    page.locator("[data-act=mine]:visible").click()
    page.locator("#mine dialog section").first.wait_for()
    return page.locator("#mine dialog")


def fill(form, *values):
    for name, value in zip(("first", "again"), values, strict=False):
        form.locator(f"[name={name}]").fill(value)
    form.locator("button").click()


def talk(visitor):
    field = visitor.page.locator("#max-tokens input[type=number]")
    field.fill("8")
    field.press("Tab")
    visitor.send("Tell me about the quartz lantern.")
    visitor.wait_until_written()


def test_a_passphrase_locks_what_is_kept_and_opens_it_again(visitor, server):
    page = visitor.page
    talk(visitor)
    sheet = open_sheet(page)
    assert re.search(r"Conversations\s*1", sheet.inner_text())
    fill(sheet.locator("form[data-do=set]"), PASSPHRASE, "another one")
    sheet.get_by_role("alert").get_by_text("differ").wait_for()
    with page.expect_navigation():
        fill(sheet.locator("form[data-do=set]"), PASSPHRASE, PASSPHRASE)
    page.locator(".list li").first.wait_for()
    kept = [path.read_bytes() for path in server.home.glob("conversations.sqlite3*")]
    assert not any(b"quartz lantern" in data for data in kept)
    with page.expect_navigation():
        open_sheet(page).locator("[data-do=lock]").click()
    page.locator("html.locked").wait_for()
    page.locator(".list").get_by_text("locked").wait_for()
    assert page.locator(".turn").count() == 0
    fill(open_sheet(page).locator("form[data-do=unlock]"), "not this one")
    sheet.get_by_role("alert").get_by_text("not the passphrase").wait_for()
    with page.expect_navigation():
        fill(sheet.locator("form[data-do=unlock]"), PASSPHRASE)
    page.locator(".list li").get_by_text("quartz").wait_for()


def test_everything_is_deleted_by_two_clicks_and_the_browser_is_somebody_new(visitor):
    page = visitor.page
    talk(visitor)
    page.fill("#composer textarea", "a draft")
    before = page.evaluate("localStorage.workbench_visitor")
    delete = open_sheet(page).locator("[data-do=delete]")
    delete.click()
    delete.get_by_text("Really").wait_for()
    assert page.locator("#mine dialog [data-then=forget]").count() == 0
    delete.click()
    page.locator("#mine dialog [data-then=forget]").get_by_text("1 conversations").wait_for()
    with page.expect_navigation():
        page.locator("[data-act=mine-close]").click()
    page.locator("#thread .thread").wait_for()
    page.wait_for_function(
        "before => localStorage.workbench_visitor && localStorage.workbench_visitor !== before", arg=before
    )
    assert page.locator(".turn").count() == 0
    assert page.input_value("#composer textarea") == ""


def test_on_a_phone_in_chinese_the_header_keeps_to_its_rows(visit):
    visitor = visit(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    name, switch = (page.locator(f"#head {one}").bounding_box() for one in (".name", "[data-act=language]"))
    assert abs(name["y"] - switch["y"]) < 44  # one row
    assert "口令" in open_sheet(page).inner_text()
