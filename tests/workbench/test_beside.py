"""Two models answer the same message; the person goes on with one of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.errors import UserError
from llm_core.events import Delta
from llm_core.settings import Settings
from llm_core.store.conversations import Conversation
from llm_core.workbench import Workbench
from tests.tiny_gguf import write_tiny_gguf

ADA, BOB = "ada's token", "bob's token"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: Path) -> Iterator[Workbench]:
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    write_tiny_gguf(home / "models" / "first.gguf")
    write_tiny_gguf(home / "models" / "second.gguf", seed=1)
    with Workbench(Settings(home=home, offline=True, context_tokens=1024)) as made:
        yield made


def begin(workbench: Workbench, **more: object) -> Conversation:
    options = {"model": "first", "compare": "second", "max_tokens": 12, "temperature": 0.0} | more
    return workbench.chats.create(ADA, **options)


def send(workbench: Workbench, talk: Conversation, text: str) -> None:
    head = workbench.chats.get(ADA, talk.id).head
    workbench.chats.send(ADA, talk.id, text, head=head)
    for job in workbench.chats.under_way(ADA, talk.id):
        with contextlib.suppress(UserError):  # of one that fails; what it said is kept with its reply
            for _ in job.watch():
                pass


def test_both_answer_and_one_is_gone_on_with(workbench: Workbench) -> None:
    talk = begin(workbench)
    send(workbench, talk, "hello")
    first, second = workbench.chats.beside(ADA, talk.id)
    assert (first.model, second.model) == ("first", "second")
    assert first.state == second.state == "whole"
    assert first.content != second.content
    assert first.parent == second.parent
    shown = workbench.chats.get(ADA, talk.id)
    assert shown.head == first.id

    went_on = workbench.chats.pick(ADA, talk.id, second.id, head=shown.head)
    assert went_on.messages[-1].id == second.id
    assert (went_on.options["model"], went_on.options["compare"]) == ("second", "first")
    assert [each.id for each in workbench.chats.beside(ADA, talk.id)] == [first.id, second.id]

    workbench.chats.set_options(ADA, talk.id, {"model": "second", "max_tokens": 12})
    send(workbench, talk, "and now?")
    messages = workbench.chats.get(ADA, talk.id).messages
    assert [m.id for m in messages[:2]] == [messages[0].id, second.id]
    assert messages[-1].model == "second"
    assert workbench.chats.beside(ADA, talk.id) == ()


def test_stop_stops_both(workbench: Workbench) -> None:
    talk = begin(workbench, max_tokens=4000)
    workbench.chats.send(ADA, talk.id, "write a lot", head=None)
    jobs = workbench.chats.under_way(ADA, talk.id)
    assert len(jobs) == 2
    for job in jobs:
        assert any(isinstance(event, Delta) for _, event in job.watch())
    with pytest.raises(UserError, match="conversation_busy"):
        workbench.chats.send(ADA, talk.id, "more", head=workbench.chats.get(ADA, talk.id).head)
    workbench.chats.stop(ADA, talk.id)
    assert workbench.chats.under_way(ADA, talk.id) == ()
    assert [each.state for each in workbench.chats.beside(ADA, talk.id)] == ["stopped", "stopped"]


def test_one_that_fails_does_not_take_the_other_along(workbench: Workbench) -> None:
    talk = begin(workbench, compare="no-such-model")
    send(workbench, talk, "hello")
    first, second = workbench.chats.beside(ADA, talk.id)
    assert (first.state, second.state) == ("whole", "failed")
    assert second.facts["error"] == "model_unknown"


def test_only_one_of_the_two_can_be_picked_and_by_its_owner_alone(workbench: Workbench) -> None:
    talk = begin(workbench)
    send(workbench, talk, "hello")
    shown = workbench.chats.get(ADA, talk.id)
    with pytest.raises(UserError, match="message_unknown"):
        workbench.chats.pick(ADA, talk.id, shown.messages[0].id, head=shown.head)
    with pytest.raises(UserError, match="conversation_unknown"):
        workbench.chats.pick(BOB, talk.id, str(shown.head), head=shown.head)
    assert workbench.chats.under_way(BOB, talk.id) == ()
