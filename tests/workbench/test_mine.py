"""Everything of one visitor: counted, deleted to the last byte, kept under a passphrase; others untouched."""

import time

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.store import sealed
from llm_core.workbench import Workbench

ADA, BOB = "a" * 43, "b" * 43
SECRET, OTHERS = "quartzlantern", "walrusbakery"
PASSPHRASE = "seven grey herons"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(sealed, "SCRYPT_N", 1 << 10)


@pytest.fixture
def workbench(home_with_encoder):
    settings = Settings(home=home_with_encoder, offline=True, host="192.0.2.1", context_tokens=1024)
    with Workbench(settings) as opened:
        yield opened


def fill(workbench, owner: str, word: str, tmp_path) -> None:
    """One of everything, with the word in it: by a conversation with a document, a library, a translation, a run."""
    file = tmp_path / f"{word}.txt"
    file.write_text(f"The {word} stands in the cellar. It is old. Nobody knows who put it there.", "utf-8")
    uploaded = tmp_path / f"upload-{word}.txt"
    uploaded.write_text(word, "utf-8")
    workbench.mine.uploaded(owner, [uploaded])
    talk = workbench.chats.create(owner, max_tokens=4, system=f"Speak of the {word}.")
    collect_job(workbench.chats.attach(owner, talk.id, [(file, file.name)], done=lambda path: None))
    collect_job(workbench.chats.send(owner, talk.id, f"Tell me about the {word}.", head=None))
    reply = workbench.chats.get(owner, talk.id).messages[-1]
    workbench.chats.rate(owner, talk.id, reply.id, 1)
    workbench.chats.save_thumbs(owner)
    collect_job(workbench.libraries.add(owner, [(file, file.name)]))
    collect_job(workbench.libraries.ask(owner, f"Where does the {word} stand?"))
    workbench.translations._store.begin(owner, file)
    workbench.translations._store.keep(owner, {"text": word})
    workbench.analyses._own.keep(owner, word, {"examples": [word]})
    config = workbench.runs.plan(owner, name=f"run-{word}", paste=f"The {word} stands. " * 400, steps=1)
    folder = workbench.settings.paths.run(config.name)
    folder.mkdir(parents=True)
    kept = workbench.runs._texts.with_copies(config, folder / "text")
    (folder / "config.json").write_text(kept.model_dump_json(), "utf-8")
    (folder / "state.json").write_text(f'{{"state": "done", "owner": "{owner}", "created": {time.time()}}}', "utf-8")
    file.unlink()


def collect_job(job) -> None:
    for _ in job.watch():
        pass


def traces(folder, word: str) -> list[str]:
    """Files that hold the word, in their name or anywhere in them."""
    found = []
    for path in folder.rglob("*"):
        if word in path.name or (path.is_file() and word.encode() in path.read_bytes()):
            found.append(str(path.relative_to(folder)))
    return found


def test_nothing_of_the_visitor_is_left_on_the_disk_and_all_of_others_is(workbench, tmp_path):
    fill(workbench, ADA, SECRET, tmp_path)
    fill(workbench, BOB, OTHERS, tmp_path)
    before = len(traces(tmp_path, OTHERS))
    assert len(traces(tmp_path, SECRET)) > 5
    had = workbench.mine.delete_everything(ADA)
    assert (had.conversations, had.documents, had.runs, had.seal) == (1, 2, 1, "none")
    assert traces(tmp_path, SECRET) == []
    assert not workbench.mine.holdings(ADA).anything
    assert len(traces(tmp_path, OTHERS)) >= before - 1  # the log of the database was written into it
    kept = workbench.mine.holdings(BOB)
    assert (kept.conversations, kept.documents, kept.runs) == (1, 2, 1)


def test_what_is_under_way_is_stopped_and_not_kept(workbench, tmp_path):
    talk = workbench.chats.create(ADA, max_tokens=900)
    job = workbench.chats.send(ADA, talk.id, f"A long story about the {SECRET}.", head=None)
    workbench.mine.delete_everything(ADA)
    assert job.done
    assert list(workbench.jobs) == []
    assert traces(tmp_path, SECRET) == []


def test_a_passphrase_leaves_nothing_to_read_on_the_disk(workbench, tmp_path):
    fill(workbench, ADA, SECRET, tmp_path)
    workbench.translations.forget(ADA)  # of these the page says that they are not sealed
    workbench.analyses.forget(ADA)
    workbench.runs.delete_all(ADA)
    (tmp_path / f"upload-{SECRET}.txt").unlink()
    workbench.mine.set_passphrase(ADA, PASSPHRASE, PASSPHRASE)
    assert traces(tmp_path, SECRET) == []
    talk = workbench.chats.list(ADA)[0]
    collect_job(workbench.chats.send(ADA, talk.id, f"And the {SECRET}?", head=workbench.chats.get(ADA, talk.id).head))
    collect_job(workbench.libraries.ask(ADA, f"Who knows the {SECRET}?"))
    assert SECRET in workbench.libraries.answers(ADA)[0][1]["question"]
    assert workbench.chats.save_thumbs(ADA) is None
    assert traces(tmp_path, SECRET) == []


def test_what_is_locked_is_shown_to_nobody_until_the_passphrase_is_entered(workbench, tmp_path):
    fill(workbench, ADA, SECRET, tmp_path)
    document = workbench.libraries.documents(ADA)[0].id
    conversation = workbench.chats.list(ADA)[0].id
    workbench.attachments.open(ADA, conversation, document)  # is in memory now
    workbench.mine.set_passphrase(ADA, PASSPHRASE, PASSPHRASE)
    workbench.mine.lock(ADA)
    for look in (
        lambda: workbench.chats.list(ADA),
        lambda: workbench.chats.get(ADA, conversation),
        lambda: workbench.chats.create(ADA),
        lambda: workbench.libraries.documents(ADA),
        lambda: workbench.attachments.open(ADA, conversation, document),
    ):
        with pytest.raises(UserError, match="sealed_locked"):
            look()
    assert workbench.mine.holdings(ADA).seal == "locked"
    workbench.mine.unlock(ADA, PASSPHRASE)
    assert workbench.attachments.open(ADA, conversation, document).name == f"{SECRET}.txt"
    workbench.mine.end_passphrase(ADA)
    assert workbench.mine.holdings(ADA).seal == "none"
    collect_job(workbench.libraries.ask(ADA, f"Where does the {SECRET} stand?"))  # indexed again
    assert workbench.libraries.answers(ADA)[0][1]["evidence"]


def test_everything_can_be_deleted_without_the_passphrase(workbench, tmp_path):
    fill(workbench, ADA, SECRET, tmp_path)
    workbench.mine.set_passphrase(ADA, PASSPHRASE, PASSPHRASE)
    workbench.mine.lock(ADA)
    workbench.mine.delete_everything(ADA)
    assert traces(tmp_path, SECRET) == []
    assert not workbench.mine.holdings(ADA).anything
    assert workbench.chats.list(ADA) == []


def test_two_passphrases_that_differ_change_nothing(workbench):
    with pytest.raises(UserError, match="passphrase_differs"):
        workbench.mine.set_passphrase(ADA, PASSPHRASE, PASSPHRASE + "!")
    assert workbench.mine.holdings(ADA).seal == "none"
