"""The parts of the Chat tab as HTML: what is shown, and that nothing untrusted comes through."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest

from llm_core.engines.base import Choice, Token
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Event, Events, Notice, Progress, Tick
from llm_core.jobs import Job
from llm_core.store.branches import ChatMessage
from llm_core.store.conversations import Conversation, Summary
from llm_core.store.libraries import Entry
from llm_core.web.chat.attached import Attaching, chips
from llm_core.web.chat.rail import rail
from llm_core.web.chat.screen import DIALS, standing
from llm_core.web.chat.thread import SHOWN_MESSAGES, thread
from llm_core.web.chat.view import options, wish
from llm_core.web.chat.words import instead, tokens_of
from llm_core.web.frame import known_visitor
from llm_core.web.render import PAINT_EVERY_S, Live, paint
from llm_core.workbench.answers import Piece

HOSTILE = "<img src=x onerror=alert(1)>\"'"


def conversation(*messages: ChatMessage) -> Conversation:
    head = messages[-1].id if messages else None
    return Conversation("c", "A title", head, {}, messages, 0, 0)


def question(text: str = "Why?", **more: Any) -> ChatMessage:
    return ChatMessage("q", None, "user", text, **more)


def answer(text: str = "Because.", **more: Any) -> ChatMessage:
    return ChatMessage("a", "q", "assistant", text, **more)


def shown(*messages: ChatMessage, running: bool = False, everything: bool = False) -> str:
    return thread(conversation(*messages), "en", {"m": "Model"}, running=running, everything=everything)


# ------------------------------------------------------------------ thread


def test_what_was_written_is_shown_as_text() -> None:
    html = shown(question(HOSTILE), answer(HOSTILE, model=HOSTILE))
    assert "<img" not in html and "&lt;img" in html


def test_versions_are_counted_and_lead_to_each_other() -> None:
    html = shown(question(), answer(siblings=("z", "a", "b")))
    assert "<b>2/3</b>" in html and 'data-to="z"' in html and 'data-to="b"' in html


def test_a_reply_under_way_is_left_to_the_live_bubble() -> None:
    html = shown(question(), answer("half", state="growing"), running=True)
    assert "half" not in html and 'data-running="1"' in html and 'data-do="retry"' not in html


def test_figures_stand_below_a_reply() -> None:
    facts = {"tokens_per_second": 14.2, "reply_tokens": 58, "prompt_tokens": 1500, "context_tokens": 8192}
    html = shown(question(), answer(facts=facts | {"finish": "length"}, model="m"))
    for figure in ("14.2", "58", "1,558", "8,192", "cut at the longest reply", "Model"):
        assert figure in html


def test_a_failed_reply_says_why_in_the_reader_s_language() -> None:
    failed = answer("", state="failed", facts={"error": "text_too_long", "error_facts": {"chars": 9, "limit": 5}})
    assert "notice" in shown(question(), failed)
    assert thread(conversation(question(), failed), "zh", {}, running=False) != shown(question(), failed)


PLACE = {"id": "d", "document": HOSTILE, "page": 3, "start": 4, "end": 9, "passage": [0, 12]}
PIECE = Piece(
    document=HOSTILE, page=3, start=4, end=9, sentence=HOSTILE, passage=f"It {HOSTILE}", id="d", passage_start=0,
    heading=[],
)  # fmt: skip


def test_what_a_reply_read_stands_below_it_with_its_pages() -> None:
    read = answer(facts={"consulted": [PLACE, PLACE | {"page": 5}, PLACE | {"page": 3}]})
    html = thread(conversation(question(), read), "en", {}, running=False, quotes=lambda places: [PIECE])
    assert "p. 3, 5" in html and "<img" not in html and 'data-do="cite"' in html and 'data-start="4"' in html
    gone = thread(conversation(question(), read), "zh", {}, running=False, quotes=lambda places: [])
    assert "第3、5页" in gone and "cite" not in gone and "<img" not in gone


def test_a_reply_that_found_nothing_in_the_documents_says_so() -> None:
    assert "say nothing about this" in shown(question(), answer(facts={"consulted": []}))
    assert "say nothing" not in shown(question(), answer())
    assert "a.txt, b.pdf" in shown(question(), answer(facts={"consulted": "a.txt, b.pdf"}))  # as it was kept before


def test_an_empty_conversation_with_documents_offers_questions_about_them() -> None:
    html = thread(conversation(), "en", {}, running=False, attached=True)
    assert "What is this document about?" in html and "overfitting" not in html


def test_chips_name_documents_and_can_be_taken_away() -> None:
    html = chips([Entry("d", HOSTILE, "pdf", 999, 12, 5, 0), Entry("e", "a.txt", "txt", 1234, None, 5, 0)], "en")
    assert "<img" not in html and "12 pages" in html and "1,234 characters" in html and html.count("remove") == 2
    assert chips([], "en") == ""


def test_a_chip_shows_how_far_the_reading_is() -> None:
    live = Attaching("zh")
    live.take(Notice("file", {"name": HOSTILE}))
    live.take(Progress("indexing", 3, 10, "passages"))
    html = live.picture()
    assert "<img" not in html and "3" in html and "--w:0.3000" in html and 'data-do="stop"' in html


def test_what_the_model_no_longer_reads_is_marked() -> None:
    html = shown(
        ChatMessage("1", None, "user", "old"), ChatMessage("2", "1", "assistant", "older"),
        ChatMessage("3", "2", "user", "new"), ChatMessage("4", "3", "assistant", "now", facts={"left_out": 2}),
    )  # fmt: skip
    assert html.index("older") < html.index("no longer fits") < html.index("new")


def test_a_long_thread_shows_its_end_and_the_rest_on_demand() -> None:
    messages = [
        ChatMessage(str(n), str(n - 1) if n else None, "user" if n % 2 == 0 else "assistant", f"text {n}.")
        for n in range(SHOWN_MESSAGES + 10)
    ]
    assert "text 9." not in shown(*messages) and "text 10." in shown(*messages)
    assert "Show 10 earlier messages" in shown(*messages)
    assert "text 0." in shown(*messages, everything=True)


def test_a_long_question_is_folded_and_nothing_of_it_is_lost() -> None:
    text = "word " * 2000 + "end"
    html = shown(question(text))
    assert "<details" in html and "10,003 characters" in html and "end</div>" in html


def test_reasoning_is_folded() -> None:
    html = shown(question(), answer("<think>let me see</think>Yes."))
    assert html.index("<details") < html.index("let me see") < html.index("</details>") < html.index("Yes.")


# ------------------------------------------------------------------ rail


def test_conversations_are_listed_by_day() -> None:
    now = time.time()
    lines = [Summary("1", "new", now), Summary("2", HOSTILE, now - 3 * 86_400, "…snip"), Summary("3", "", 0)]
    html = rail(lines, "en", current="2")
    assert html.index("Today") < html.index("This week") < html.index("Earlier") < html.index("Untitled")
    assert "<img" not in html and html.count('data-do="rename"') == 1 and 'aria-current="true"' in html


def test_an_empty_search_says_what_was_not_found() -> None:
    assert "&lt;b&gt;" in rail([], "en", current=None, search="<b>")


# ------------------------------------------------------------------ words


def token(text: str, *others: str) -> Token:
    return Token(text, math.log(0.5), tuple(Choice(other, math.log(0.1)) for other in others))


def test_a_word_finds_the_tokens_that_wrote_it() -> None:
    tokens = [token("The"), token(" to"), token("ken"), token(" and"), token(" to"), token("ken")]
    text = "".join(t.text for t in tokens)
    assert tokens_of(text, tokens, "token", 1) == tokens[4:]
    assert tokens_of(text, tokens, "The", 0) == tokens[:1]
    assert tokens_of(text, tokens, "token", 2) == []


def test_half_a_character_does_not_shift_the_others() -> None:
    assert tokens_of("你好吗", [token("你"), token("\ufffd"), token("好"), token("吗")], "吗", 0)[0].text == "吗"


def test_the_word_itself_is_among_its_alternatives() -> None:
    html = instead("ab", [token("ab", "<b>", "cd")], "ab", 0, "en")
    assert 'class=hit><span class="token">ab' in html and "50.0%" in html and "&lt;b&gt;" in html


# ------------------------------------------------------------------ live


def test_the_live_bubble_says_what_is_happening() -> None:
    live = Live("en")
    assert live.picture()
    for stage, said in (
        (Progress("waiting_for_model", 50, 100, "bytes"), "50%"),
        (Progress("opening", 3, unit="seconds"), "3 s"),
        (Progress("waiting", 2, unit="place"), "place 2"),
        (Progress("reading", 10, 40, "tokens"), "10 of 40"),
    ):
        assert live.take(stage)
        assert said in "".join(live.picture())
    assert live.take(Notice("left_out", {"n": 3})) and not live.take(Tick())
    live.take(Delta("Hello <b>"))
    html = "".join(live.picture())
    assert "Hello &lt;b&gt;" in html and "oldest 3 messages" in html


def test_the_live_bubble_names_what_is_read_without_alarm() -> None:
    live = Live("en")
    live.take(Notice("consulted", {"names": HOSTILE, "places": []}))
    html = "".join(live.picture())
    assert "Read for this reply: &lt;img" in html and "doubt" not in html


def test_the_live_bubble_folds_reasoning_while_it_comes() -> None:
    live = Live("en")
    seen = []
    for letter in "<think>hm</think>Yes":
        live.take(Delta(letter))
        seen.append("".join(live.picture()))
    assert not any("&lt;think" in html for html in seen)
    assert "<details" in seen[-1] and "Yes" in seen[-1] and " open" not in seen[-1]


def test_a_reply_is_painted_no_more_often_than_is_worth_it() -> None:
    def task() -> Events:
        for _ in range(200):
            time.sleep(0.002)
            yield Delta("word ")
        yield Done("")

    started = time.monotonic()
    job = Job(task(), owner="o", subject="s", unwatched_s=5, limit_s=5)
    pictures = list(paint(job, Live("en")))
    assert 2 <= len(pictures) <= (time.monotonic() - started) / PAINT_EVERY_S + 2


def test_what_ends_a_job_is_passed_on() -> None:
    def task() -> Iterator[Event]:
        yield Delta("half")
        raise UserError("engine_died")

    job = Job(task(), owner="o", subject="s", unwatched_s=5, limit_s=5)  # type: ignore[arg-type]
    with pytest.raises(UserError):
        list(paint(job, Live("en")))


# ------------------------------------------------------------------ what comes from the browser


def test_dials_become_options_only_where_they_were_turned() -> None:
    usual = standing()
    assert options(tuple(usual[name] for name in DIALS)) == {"role": "assistant"}
    turned = usual | {"temperature": 1.5, "system": "Be brief.", "seed": 7}
    assert options(tuple(turned[name] for name in DIALS)) == {
        "role": "assistant", "temperature": 1.5, "system": "Be brief.", "seed": 7,
    }  # fmt: skip


@pytest.mark.parametrize("sent", [None, 3, "x", ["do"], {"do": {"a": 1}}])
def test_anything_may_come_as_a_wish(sent: Any) -> None:
    class Event:
        _data = sent

    assert all(isinstance(value, str) for value in wish(Event()).values())  # type: ignore[arg-type]


def test_a_visitor_s_token_is_unguessable_and_kept() -> None:
    token = known_visitor(None)
    assert known_visitor(token) == token
    assert len(token) == 43 and known_visitor("") != known_visitor("")
    assert known_visitor("short") != "short" and known_visitor(["x"]) != ["x"]
