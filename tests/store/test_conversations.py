"""Conversations: trees that nothing overwrites, seen by their owners alone, gone when deleted."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.errors import UserError
from llm_core.store import conversation_search, exchange
from llm_core.store.branches import ChatMessage, latest_leaf
from llm_core.store.conversations import SCHEMA, Conversations
from llm_core.store.database import Database
from llm_core.store.owners import hashed
from llm_core.store.sealed import Seals

ADA, BOB = "token of ada", "token of bob"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "家" / "conversations.sqlite3"


@pytest.fixture
def store(path):
    database = Database(path, SCHEMA, version=1)
    yield Conversations(database, Seals(path.parent, 60), conversations_max=20, messages_max=30)
    database.close()


def ask(store, conversation, text, parent, head):
    """One question with its answer; returns both."""
    return store.add(ADA, conversation, parent, head, [ChatMessage("", None, "user", text), said("re: " + text)])


def said(text):
    return ChatMessage("", None, "assistant", text)


def test_a_conversation_comes_back_as_it_was(store):
    made = store.create(ADA, {"temperature": 0.2})
    question, answer = ask(store, made.id, "为什么要除以√d？", None, None)
    again = store.get(ADA, made.id)
    assert [m.content for m in again.messages] == ["为什么要除以√d？", "re: 为什么要除以√d？"]
    assert (again.head, again.options, again.title) == (answer.id, {"temperature": 0.2}, "为什么要除以√d？")
    assert again.messages[1].parent == question.id


def test_it_survives_closing_the_file(path):
    for turn in range(2):
        database = Database(path, SCHEMA, version=1)
        store = Conversations(database, Seals(path.parent, 60), conversations_max=20, messages_max=30)
        if turn == 0:
            ask(store, store.create(ADA, {}).id, "hello", None, None)
        else:
            assert [s.title for s in store.summaries(ADA)] == ["hello"]
        database.close()


def test_a_reply_is_kept_as_it_grows_and_when_it_ends(store):
    made = store.create(ADA, {})
    growing = ChatMessage("", None, "assistant", "", state="growing")
    _, reply = store.add(ADA, made.id, None, None, [ChatMessage("", None, "user", "hi"), growing])
    store.grow(reply.id, "half")
    assert store.get(ADA, made.id).messages[1].content == "half"
    store.finish(reply.id, "half and half", "whole", model="tiny", facts={"reply_tokens": 3}, tokens=[["half", -0.1]])
    kept = store.get(ADA, made.id).messages[1]
    assert (kept.content, kept.state, kept.model) == ("half and half", "whole", "tiny")
    assert kept.facts == {"reply_tokens": 3}
    assert store.tokens(ADA, reply.id) == [["half", -0.1]]
    assert store.tokens(BOB, reply.id) == []


def test_retry_and_edit_make_siblings_and_lose_nothing(store):
    made = store.create(ADA, {})
    question, first = ask(store, made.id, "one", None, None)
    (second,) = store.add(ADA, made.id, question.id, first.id, [said("another")])
    edited, answer = ask(store, made.id, "one, better", None, second.id)
    shown = store.get(ADA, made.id)
    assert [m.content for m in shown.messages] == ["one, better", "re: one, better"]
    assert shown.messages[0].siblings == (question.id, edited.id)
    tree = {m.id: m for m in store.tree(ADA, made.id)}
    assert latest_leaf(tree, question.id) == second.id
    back = store.show(ADA, made.id, second.id, answer.id)
    assert [m.content for m in back.messages] == ["one", "another"]
    assert back.messages[1].siblings == (first.id, second.id)


def test_a_stale_tab_changes_nothing(store):
    made = store.create(ADA, {})
    _, answer = ask(store, made.id, "newer", None, None)
    with pytest.raises(UserError, match="conversation_moved"):
        ask(store, made.id, "older", None, None)
    with pytest.raises(UserError, match="conversation_moved"):
        store.show(ADA, made.id, None, None)
    assert [m.content for m in store.tree(ADA, made.id)] == ["newer", "re: newer"]
    assert store.get(ADA, made.id).head == answer.id


def test_two_tabs_at_the_same_moment_one_wins(store):
    made = store.create(ADA, {})
    barrier, outcomes = threading.Barrier(8), []

    def tab(n):
        barrier.wait()
        try:
            ask(store, made.id, f"tab {n}", None, None)
            outcomes.append("kept")
        except UserError as error:
            outcomes.append(error.code)

    tabs = [threading.Thread(target=tab, args=(n,)) for n in range(8)]
    for thread in tabs:
        thread.start()
    for thread in tabs:
        thread.join()
    assert sorted(outcomes) == ["conversation_moved"] * 7 + ["kept"]


@pytest.mark.parametrize(
    "act",
    [
        lambda store, c, m: store.get(BOB, c),
        lambda store, c, m: store.tree(BOB, c),
        lambda store, c, m: store.rename(BOB, c, "mine"),
        lambda store, c, m: store.set_options(BOB, c, {}),
        lambda store, c, m: store.delete(BOB, c),
        lambda store, c, m: store.show(BOB, c, None, m),
        lambda store, c, m: store.add(BOB, c, m, m, [said("x")]),
    ],
)
def test_another_visitors_conversation_is_as_unknown_as_none(store, act):
    made = store.create(ADA, {})
    _, answer = ask(store, made.id, "secret", None, None)
    with pytest.raises(UserError, match="conversation_unknown"):
        act(store, made.id, answer.id)
    assert store.summaries(BOB) == []
    assert store.summaries(BOB, "secret") == []
    assert store.delete_all(BOB) == 0
    assert len(store.get(ADA, made.id).messages) == 2


def test_search_looks_into_names_and_messages_and_takes_signs_as_they_are(store):
    for text in ("Ethanol at the bench", "100% sure", "绍兴在哪里", "under_score"):
        ask(store, store.create(ADA, {}).id, text, None, None)
    assert [s.title for s in store.summaries(ADA, "ethanol")] == ["Ethanol at the bench"]
    assert [s.title for s in store.summaries(ADA, "绍兴")] == ["绍兴在哪里"]
    assert [s.title for s in store.summaries(ADA, "0%")] == ["100% sure"]
    assert [s.title for s in store.summaries(ADA, "r_s")] == ["under_score"]
    assert "绍兴" in store.summaries(ADA, "绍兴")[0].snippet
    assert store.summaries(ADA)[0].title == "under_score"


@pytest.mark.parametrize("wanted", ["secret", "SECRET", "100%", "r_s", "绍兴", "ÉTÉ", "ß", "'; --", "\\", "e"])
def test_sqlite_finds_what_is_found_one_by_one(store, wanted):
    texts = (
        "A Secret at the bench",
        "100% sure",
        "绍兴在哪里 secret",
        "under_score",
        "un été",
        "Straße",
        "it's'; --",
    )
    for text in texts:
        ask(store, store.create(ADA, {}).id, text, None, None)
    store.create(ADA, {}, "A secret, named")
    store.create(BOB, {}, f"{wanted} of Bob")
    cells = store._cells(hashed(ADA))
    slow = conversation_search._one_by_one(store._database, cells, wanted.lower(), 5)
    assert store.summaries(ADA, wanted, 5) == slow
    assert slow or wanted == "\\"


def test_what_is_deleted_is_gone_from_the_disk(store, path):
    kept = store.create(ADA, {})
    ask(store, kept.id, "stays", None, None)
    gone = store.create(ADA, {})
    _, answer = ask(store, gone.id, "SECRETWORD", None, None)
    store.finish(answer.id, "re", "whole", model="", facts={}, tokens=[["SECRETWORD", 0]])
    store.delete(ADA, gone.id)
    store.finish(answer.id, "late", "whole", model="", facts={}, tokens=[["late", 0]])  # its job ended afterwards
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"SECRETWORD" not in files
    assert ADA.encode() not in files
    assert [s.id for s in store.summaries(ADA)] == [kept.id]
    assert store.delete_all(ADA) == 1
    assert store.summaries(ADA) == []


def test_limits_are_said_and_keep_what_is_there(store):
    made = store.create(ADA, {})
    head = None
    for n in range(15):
        head = ask(store, made.id, str(n), head, head)[1].id
    with pytest.raises(UserError, match="conversation_full"):
        ask(store, made.id, "one too many", head, head)
    assert len(store.get(ADA, made.id).messages) == 30
    for _ in range(19):
        store.create(ADA, {})
    with pytest.raises(UserError, match="conversations_full"):
        store.create(ADA, {})


def test_export_and_import_bring_every_branch_back(store):
    made = store.create(ADA, {"role": "tutor"})
    question, first = ask(store, made.id, "one", None, None)
    store.add(ADA, made.id, question.id, first.id, [said("another")])
    shown = store.show(ADA, made.id, first.id, store.get(ADA, made.id).head)
    text = exchange.to_json([(shown, store.tree(ADA, made.id))])
    assert exchange.store(exchange.read_json(text.encode()), store, BOB, 100) == 1
    (summary,) = store.summaries(BOB)
    copy = store.get(BOB, summary.id)
    assert [m.content for m in copy.messages] == ["one", "re: one"]
    assert copy.options == {"role": "tutor"}
    assert sorted(m.content for m in store.tree(BOB, summary.id)) == ["another", "one", "re: one"]
    assert not {m.id for m in store.tree(BOB, summary.id)} & {m.id for m in store.tree(ADA, made.id)}


def test_markdown_is_the_shown_branch(store):
    made = store.create(ADA, {})
    ask(store, made.id, "one", None, None)
    text = exchange.to_markdown([store.get(ADA, made.id)], {"user": "You", "assistant": "Model"})
    assert text.startswith("# one\n")
    assert "## You\n\none\n" in text
    assert "## Model\n\nre: one\n" in text


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff\xfe",
     b'{"conversations": [{"messages": [{"id": "a", "role": "root", "content": ""}]}]}',
     b'{"conversations": [{"messages": [{"id": "a", "parent": "zz", "role": "user", "content": ""}]}]}',
     b'{"conversations": [{"messages": [{"id": "a", "role": "user", "content": "\\ud800"}]}]}'],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_refused_whole(store, content):
    with pytest.raises(UserError, match="import_unreadable"):
        exchange.read_json(content)


@settings(max_examples=25, deadline=None)
@given(parents=st.lists(st.integers(0, 100), min_size=1, max_size=20), head=st.integers(0, 100))
def test_any_tree_goes_out_and_in_unchanged(tmp_path_factory, parents, head):
    path = tmp_path_factory.mktemp("db") / "c.sqlite3"
    database = Database(path, SCHEMA, version=1)
    store = Conversations(database, Seals(path.parent, 60), conversations_max=20, messages_max=30)
    messages = [
        ChatMessage(str(n), str(p % n) if n else None, "user", f"text {n}", created=1.0 + n)
        for n, p in enumerate(parents)
    ]
    made = store.restore(ADA, title="t", options={}, head=str(head % len(messages)), messages=messages)
    text = exchange.to_json([(made, store.tree(ADA, made.id))])
    exchange.store(exchange.read_json(text.encode()), store, BOB, 100)
    copy = store.get(BOB, store.summaries(BOB)[0].id)
    assert [m.content for m in copy.messages] == [m.content for m in made.messages]
    shape = [[(m.content, len(m.siblings)) for m in store.tree(o, c)] for o, c in ((ADA, made.id), (BOB, copy.id))]
    assert shape[0] == shape[1]
    database.close()


def test_a_damaged_file_is_said_not_overwritten(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database, but it may be somebody's file" * 100)
    with pytest.raises(UserError, match="store_damaged"):
        Database(path, SCHEMA, version=1)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_file_of_another_version_is_left_alone(path):
    Database(path, SCHEMA, version=7).close()
    with pytest.raises(UserError, match="store_newer"):
        Database(path, SCHEMA, version=1)
