"""What is kept under a passphrase: nothing readable on the disk, nothing without it, nothing lost."""

import threading
from pathlib import Path

import numpy as np
import pytest

from llm_core.documents.document import Block, Document
from llm_core.errors import UserError
from llm_core.store import libraries, sealed
from llm_core.store.branches import ChatMessage
from llm_core.store.conversations import SCHEMA, Conversations
from llm_core.store.database import Database
from llm_core.store.libraries import Libraries
from llm_core.store.owners import hashed
from llm_core.store.passages import Passage
from llm_core.store.sealed import Cells, Seal, Seals
from llm_core.store.tantivy_passages import TantivyPassages

ADA, BOB = "token of Ada", "token of Bob"
KNOWN = "The quartz lantern stands in the cellar."
WORDS = ("quartz", "lantern", "cellar", "石英灯")
PASSPHRASE = "seven grey herons 七只苍鹭"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The cost of a guess is not what is tested here."""
    monkeypatch.setattr(sealed, "SCRYPT_N", 1 << 10)


class Kept:
    """Conversations and libraries over one folder, as a server opens them."""

    def __init__(self, folder: Path, idle_s: float = 60) -> None:
        self.folder = folder
        self.seals = Seals(folder / "seals", idle_s)
        self._databases = [
            Database(folder / "conversations.sqlite3", SCHEMA, version=1),
            Database(folder / "libraries.sqlite3", libraries.SCHEMA, version=1),
        ]
        talks, shelves = self._databases
        self.conversations = Conversations(talks, self.seals, conversations_max=9, messages_max=99)
        self.libraries = Libraries(shelves, folder, self.seals, TantivyPassages, documents_max=9)

    def fill(self, owner: str = ADA) -> tuple[str, str, str]:
        """A conversation and a library with the known sentence in every place that can hold it."""
        talk = self.conversations.create(owner, {"system": KNOWN})
        turns = [ChatMessage("", None, "user", KNOWN), ChatMessage("", None, "assistant", "", state="growing")]
        reply = self.conversations.add(owner, talk.id, None, None, turns)[-1]
        self.conversations.grow(reply.id, "石英灯")
        facts = {"consulted": [{"document": "quartz.txt"}]}
        kept = [["lantern", -0.1, []]]
        self.conversations.finish(reply.id, KNOWN, "whole", model="tiny", facts=facts, tokens=kept)
        library = self.libraries.first(owner)
        entry = self.libraries.add(owner, library.id, document(), passages=1)
        rows, vectors = [Passage(KNOWN, 0, len(KNOWN))], np.ones((1, 2), np.float32)
        self.libraries.passages(owner, library.id).add(entry.id, rows, vectors)
        self.libraries.add_answer(owner, library.id, {"text": KNOWN}, [entry.id])
        return talk.id, library.id, entry.id

    def rewrite(self, owner: str = ADA) -> None:
        self.conversations.rewrite(owner)
        self.libraries.rewrite(owner)

    def read(self, talk: str, library: str, entry: str, owner: str = ADA) -> None:
        """Everything that `fill` kept is there as it was."""
        found = self.conversations.get(owner, talk)
        assert [m.content for m in found.messages] == [KNOWN, KNOWN]
        assert (found.title, found.options) == (KNOWN, {"system": KNOWN})
        assert found.messages[1].facts == {"consulted": [{"document": "quartz.txt"}]}
        assert self.conversations.tokens(owner, found.messages[1].id) == [["lantern", -0.1, []]]
        assert [line.id for line in self.conversations.summaries(owner, "LANTERN")] == [talk]
        assert self.conversations.summaries(owner, "walrus") == []
        assert self.libraries.document(owner, library, entry) == document()
        assert [one.name for one in self.libraries.documents(owner, library)] == ["quartz.txt"]
        assert self.libraries.answers(owner, library, 9)[0][1] == {"text": KNOWN}

    def close(self) -> None:
        self.libraries.close()
        for database in self._databases:
            database.close()


def document() -> Document:
    return Document("quartz.txt", "txt", KNOWN, (Block(0, len(KNOWN)),), "en")


def readable(folder: Path) -> list[str]:
    """Files in which one of the known words can be read, in any encoding that might be used."""
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes().lower() if path.is_file() else b""
        if any(word.encode(code) in data for word in WORDS for code in ("utf-8", "utf-16-le", "gb18030")):
            found.append(path.name)
    return found


@pytest.fixture
def kept(tmp_path):
    opened = Kept(tmp_path)
    yield opened
    opened.close()


def test_without_a_passphrase_the_disk_can_be_read(kept):
    kept.read(*kept.fill())
    assert {"conversations.sqlite3", "libraries.sqlite3"} <= set(readable(kept.folder)) | {
        name.removesuffix("-wal") for name in readable(kept.folder)
    }


def test_what_is_written_under_a_passphrase_cannot_be_read_on_the_disk(kept):
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    names = kept.fill()
    kept.read(*names)
    assert kept.libraries.passages(ADA, names[1]).by_words("lantern", 1)[0].document == names[2]
    assert readable(kept.folder) == []


def test_what_was_there_before_is_sealed_when_a_passphrase_is_set(kept):
    names = kept.fill()
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    kept.rewrite()
    assert readable(kept.folder) == []
    kept.read(*names)
    store = kept.libraries.passages(ADA, names[1])
    assert store.by_words("lantern", 1)[0].document == names[2]
    assert store.by_vector(np.ones(2, np.float32), 1)[0].document == names[2]
    assert kept.libraries.missing(ADA, names[1]) == []


def test_after_a_restart_it_opens_with_the_passphrase_alone(kept, tmp_path):
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    names = kept.fill()
    again = Kept(tmp_path)
    for look in (
        lambda: again.conversations.summaries(ADA),
        lambda: again.conversations.get(ADA, names[0]),
        lambda: again.libraries.documents(ADA, names[1]),
        lambda: again.libraries.document(ADA, names[1], names[2]),
        lambda: again.libraries.passages(ADA, names[1]),
        lambda: again.conversations.create(ADA, {}, title="not sealed"),
    ):
        with pytest.raises(UserError, match="sealed_locked"):
            look()
    with pytest.raises(UserError, match="passphrase_wrong"):
        again.seals.unlock(hashed(ADA), "another passphrase")
    again.seals.unlock(hashed(ADA), PASSPHRASE)
    again.read(*names)
    assert again.libraries.passages(ADA, names[1]).by_words("lantern", 1)[0].document == names[2]
    again.close()


def test_it_can_be_made_plain_again(kept):
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    names = kept.fill()
    with kept.seals.ending(hashed(ADA)):
        kept.rewrite()
    assert kept.seals.state(hashed(ADA)) == "none"
    kept.read(*names)
    assert readable(kept.folder)
    assert [entry.id for entry in kept.libraries.missing(ADA, names[1])] == [names[2]]  # indexed again when asked


def test_one_visitors_passphrase_seals_nothing_of_others(kept):
    theirs = kept.fill(BOB)
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    kept.rewrite()
    kept.seals.lock(hashed(ADA))
    kept.read(*theirs, owner=BOB)


def test_a_rewriting_that_was_cut_short_is_finished_by_the_next(kept):
    names = kept.fill()
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    kept.conversations.rewrite(ADA)  # and then the power went
    kept.read(*names)
    kept.rewrite()
    assert readable(kept.folder) == []
    kept.read(*names)


def test_a_key_that_nobody_uses_leaves_memory(tmp_path):
    kept = Kept(tmp_path, idle_s=0)
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    told: list[str] = []
    kept.seals.on_lock.append(told.append)
    while kept.seals.state(hashed(ADA)) == "open":
        pass
    assert told == [hashed(ADA)]
    kept.close()


def test_guessing_is_slowed_down(kept):
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    for _ in range(sealed.TRIES_MAX):
        with pytest.raises(UserError, match="passphrase_wrong"):
            kept.seals.unlock(hashed(ADA), "a wrong guess")
    with pytest.raises(UserError, match="passphrase_wait"):
        kept.seals.unlock(hashed(ADA), PASSPHRASE)
    kept.seals.begin(hashed(BOB), PASSPHRASE)
    kept.seals.unlock(hashed(BOB), PASSPHRASE)  # nobody else has to wait


def test_guesses_at_the_same_moment_are_counted_one_by_one(kept):
    kept.seals.begin(ADA, PASSPHRASE)
    kept.seals.lock(ADA)
    told: list[str] = []

    def guess() -> None:
        with pytest.raises(UserError) as refused:
            kept.seals.unlock(ADA, "not this one")
        told.append(refused.value.code)

    guesses = [threading.Thread(target=guess) for _ in range(12)]
    for one in guesses:
        one.start()
    for one in guesses:
        one.join()
    assert told.count("passphrase_wrong") == sealed.TRIES_MAX and told.count("passphrase_wait") == 7


def test_a_passphrase_longer_than_any_is_not_computed_with(kept, monkeypatch):
    kept.seals.begin(ADA, PASSPHRASE)
    monkeypatch.setattr(kept.seals, "_derived", lambda *given: pytest.fail("computed with"))
    with pytest.raises(UserError, match="passphrase_wrong"):
        kept.seals.unlock(ADA, "x" * 1_000_000)


def test_of_two_passphrases_set_at_once_one_counts_and_opens_everything(kept):
    outcomes: list[str] = []

    def begin(passphrase: str) -> None:
        try:
            kept.seals.begin(ADA, passphrase)
            outcomes.append(passphrase)
        except UserError as error:
            outcomes.append(error.code)

    both = [threading.Thread(target=begin, args=(f"passphrase {n}",)) for n in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    [first] = [one for one in outcomes if one != "passphrase_set"]
    sealed_text = kept.seals.writer(ADA).close(b"secret", "here")
    kept.seals.lock(ADA)
    kept.seals.unlock(ADA, first)
    assert len(outcomes) == 2 and kept.seals.reader(ADA).open(sealed_text, "here") == b"secret"


def test_a_passphrase_is_not_ended_over_what_was_locked_meanwhile(kept):
    kept.seals.begin(ADA, PASSPHRASE)
    with pytest.raises(UserError, match="sealed_locked"), kept.seals.ending(ADA):
        kept.seals.lock(ADA)
        kept.seals.unlock(ADA, PASSPHRASE)
        sealed_text = kept.seals.writer(ADA).close(b"secret", "here")  # by another tab
    assert kept.seals.reader(ADA).open(sealed_text, "here") == b"secret"


def test_another_passphrase_opens_the_same_things(kept):
    kept.seals.begin(hashed(ADA), PASSPHRASE)
    names = kept.fill()
    kept.seals.change(hashed(ADA), "an entirely new one")
    kept.seals.lock(hashed(ADA))
    with pytest.raises(UserError, match="passphrase_wrong"):
        kept.seals.unlock(hashed(ADA), PASSPHRASE)
    kept.seals.unlock(hashed(ADA), "an entirely new one")
    kept.read(*names)


def test_a_passphrase_typed_on_another_keyboard_is_the_same(kept):
    kept.seals.begin(hashed(ADA), "caf\u00e9 au lait")
    kept.seals.unlock(hashed(ADA), "cafe\u0301 au lait")


@pytest.mark.parametrize(("passphrase", "code"), [("short", "passphrase_short"), ("x" * 2000, "passphrase_long")])
def test_a_passphrase_that_will_not_do(kept, passphrase, code):
    with pytest.raises(UserError, match=code):
        kept.seals.begin(hashed(ADA), passphrase)
    assert kept.seals.state(hashed(ADA)) == "none"


def test_what_is_sealed_cannot_be_changed_or_moved(tmp_path):
    seal = Seal(bytes(32))
    closed = seal.close(b"text", "title of a")
    assert seal.open(closed, "title of a") == b"text"
    for damaged, place in ((closed, "title of b"), (closed[:-1] + b"x", "title of a"), (b"", "title of a")):
        with pytest.raises(UserError, match="sealed_damaged"):
            seal.open(damaged, place)
    cells = Cells(Seals(tmp_path, 60), hashed(ADA))
    assert cells.kept("plain", "x") == "plain"
