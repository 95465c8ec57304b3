"""Conversations on a real if tiny model: replies grow, are kept however they end, and belong to one visitor."""

import json
import time

import pytest

from llm_core.errors import UserError
from llm_core.events import Delta
from llm_core.settings import Settings
from llm_core.workbench import Workbench

ADA, BOB = "ada's token", "bob's token"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory, tiny_gguf):
    home = tmp_path_factory.mktemp("home")
    with Workbench(Settings(home=home, offline=True, model=str(tiny_gguf), context_tokens=1024)) as made:
        yield made


@pytest.fixture
def talk(workbench):
    """An empty conversation whose replies are short and always the same."""
    return workbench.chats.create(ADA, max_tokens=12, seed=3, temperature=0.0)


def whole(job):
    return "".join(event.text for _, event in job.watch() if isinstance(event, Delta))


def begun(job):
    """The job, once its reply has begun to grow."""
    for _, event in job.watch():
        if isinstance(event, Delta):
            return job
    raise AssertionError("no text came")


def send(workbench, talk, text, **more):
    shown = workbench.chats.get(ADA, talk.id)
    return workbench.chats.send(ADA, talk.id, text, head=shown.head, **more)


def test_a_reply_is_kept_with_its_facts_and_its_tokens(workbench, talk):
    text = whole(send(workbench, talk, "hello"))
    shown = workbench.chats.get(ADA, talk.id)
    question, reply = shown.messages
    assert (question.content, reply.content, reply.state) == ("hello", text, "whole")
    assert reply.facts["reply_tokens"] == 12
    assert reply.model
    tokens = workbench.chats.tokens(ADA, reply.id)
    assert "".join(token.text for token in tokens) == text
    assert all(token.choices for token in tokens)
    assert list(workbench.chats.tokens(BOB, reply.id)) == []


def test_stop_keeps_what_was_written(workbench):
    talk = workbench.chats.create(ADA, max_tokens=800, seed=3)
    begun(send(workbench, talk, "write a lot"))
    workbench.chats.stop(ADA, talk.id)
    reply = workbench.chats.get(ADA, talk.id).messages[-1]
    assert reply.state == "stopped"
    assert reply.content
    assert reply.facts["reply_tokens"] == len(workbench.chats.tokens(ADA, reply.id)) > 0
    assert workbench.chats.running(ADA, talk.id) is None


def test_a_watcher_who_comes_back_hears_it_all(workbench):
    talk = workbench.chats.create(ADA, max_tokens=800, seed=3)
    begun(send(workbench, talk, "hello"))  # and leaves
    job = workbench.chats.running(ADA, talk.id)
    assert job, "the reply goes on"
    assert whole(job) == workbench.chats.get(ADA, talk.id).messages[-1].content


def test_retry_edit_undo_and_switch_walk_the_tree(workbench, talk):
    whole(send(workbench, talk, "one"))
    question, first = workbench.chats.get(ADA, talk.id).messages
    whole(workbench.chats.retry(ADA, talk.id, first.id, head=first.id))
    shown = workbench.chats.get(ADA, talk.id)
    assert len(shown.messages[1].siblings) == 2
    whole(workbench.chats.edit(ADA, talk.id, question.id, "two", head=shown.head))
    shown = workbench.chats.get(ADA, talk.id)
    assert [m.content for m in shown.messages][:1] == ["two"]
    assert len(shown.messages[0].siblings) == 2
    back = workbench.chats.switch(ADA, talk.id, first.id)
    assert back.messages[-1].id == first.id
    assert workbench.chats.undo(ADA, talk.id, head=back.head).messages == ()
    assert workbench.chats.switch(ADA, talk.id, first.id).messages[-1].id == first.id


def test_a_stale_tab_is_refused_and_nothing_changes(workbench, talk):
    whole(send(workbench, talk, "newer"))
    with pytest.raises(UserError, match="conversation_moved"):
        workbench.chats.send(ADA, talk.id, "older", head=None)
    assert len(workbench.chats.get(ADA, talk.id).messages) == 2


def test_one_reply_at_a_time_in_a_conversation(workbench):
    talk = workbench.chats.create(ADA, max_tokens=800, seed=3)
    begun(send(workbench, talk, "long"))
    with pytest.raises(UserError, match="conversation_busy"):
        send(workbench, talk, "meanwhile")
    workbench.chats.stop(ADA, talk.id)


def test_deleting_ends_the_reply_and_leaves_nothing(workbench):
    talk = workbench.chats.create(ADA, max_tokens=800, seed=3)
    job = begun(send(workbench, talk, "to be deleted"))
    workbench.chats.delete(ADA, talk.id)
    assert job.done
    with pytest.raises(UserError, match="conversation_unknown"):
        workbench.chats.get(ADA, talk.id)


@pytest.mark.parametrize(
    ("text", "code"), [("", "text_empty"), (" \n", "text_empty"), ("half \ud83d", "text_unusable")]
)
def test_text_that_no_model_should_see_is_refused_before_anything_is_kept(workbench, talk, text, code):
    with pytest.raises(UserError, match=code):
        send(workbench, talk, text)
    assert workbench.chats.get(ADA, talk.id).messages == ()


def test_a_message_that_does_not_fit_fails_in_place_and_is_kept(workbench, talk):
    with pytest.raises(UserError, match="message_too_long"):
        whole(send(workbench, talk, ">" * 100_000))
    question, reply = workbench.chats.get(ADA, talk.id).messages
    assert len(question.content) == 100_000
    assert (reply.state, reply.facts["error"]) == ("failed", "message_too_long")
    whole(workbench.chats.edit(ADA, talk.id, question.id, "shorter", head=reply.id))
    assert workbench.chats.get(ADA, talk.id).messages[-1].state == "whole"


def test_another_visitors_ids_open_nothing(workbench, talk):
    job = send(workbench, talk, "secret")
    assert workbench.chats.running(BOB, talk.id) is None
    for act in (
        lambda: workbench.chats.get(BOB, talk.id),
        lambda: workbench.chats.export_json(BOB, [talk.id]),
        lambda: workbench.chats.send(BOB, talk.id, "x", head=None),
        lambda: workbench.chats.switch(BOB, talk.id, "x"),
    ):
        with pytest.raises(UserError, match="unknown"):
            act()
    whole(job)


def test_export_and_import_through_files(workbench, talk):
    whole(send(workbench, talk, "take me along"))
    text = workbench.chats.export_json(ADA, [talk.id])
    assert workbench.chats.import_json(BOB, text.encode()) == 1
    (summary,) = workbench.chats.list(BOB, "along")
    assert workbench.chats.get(BOB, summary.id).messages[0].content == "take me along"
    assert "take me along" in workbench.chats.export_markdown(BOB, None, "zh")
    strange = json.loads(text)
    strange["conversations"][0]["options"] = {"from": "the future"}
    assert workbench.chats.import_json(BOB, json.dumps(strange).encode()) == 1
    assert workbench.chats.delete_all(BOB) == 2


def test_a_reply_that_was_growing_when_the_server_died_is_shown_as_stopped(tmp_path, tiny_gguf):
    settings = Settings(home=tmp_path, offline=True, model=str(tiny_gguf))
    with Workbench(settings) as first:
        talk = first.chats.create(ADA, max_tokens=800, seed=3)
        begun(send(first, talk, "hello"))
        with Workbench(settings) as second:  # what a restarted server finds on the disk
            reply = second.chats.get(ADA, talk.id).messages[-1]
            assert reply.state == "stopped"


def test_a_message_waits_for_a_model_only_while_one_is_being_fetched(settings):
    with Workbench(settings) as workbench:
        talk = workbench.chats.create(ADA)
        started = time.monotonic()
        with pytest.raises(UserError, match="model_missing"):
            whole(send(workbench, talk, "anybody there?"))
        assert time.monotonic() - started < 5
        assert workbench.models.fetching() is None
        workbench.models.start_recommended()  # offline: nothing is fetched
        assert workbench.models.fetching() is None
