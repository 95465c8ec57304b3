"""Libraries survive a restart, are seen by their owner alone, and forget what is deleted."""

import numpy as np
import pytest

from llm_core.documents.document import Block, Document
from llm_core.errors import UserError
from llm_core.store import libraries
from llm_core.store.database import Database
from llm_core.store.libraries import Libraries
from llm_core.store.passages import Passage
from llm_core.store.sealed import Seals
from llm_core.store.tantivy_passages import TantivyPassages

ADA, BOB = "token of Ada", "token of Bob"
TEXT = "The quartz lantern stands in the cellar."


def opened(tmp_path, documents_max=3) -> Libraries:
    database = Database(tmp_path / "libraries.sqlite3", libraries.SCHEMA, version=1)
    return Libraries(database, tmp_path, Seals(tmp_path / "seals", 60), TantivyPassages, documents_max=documents_max)


@pytest.fixture
def store(tmp_path):
    return opened(tmp_path)


def document(text: str = TEXT, name: str = "note.txt") -> Document:
    return Document(name, "txt", text, (Block(0, len(text)),), "en")


def filled(store: Libraries, owner: str = ADA):
    """A library with one document in it, and the document's entry."""
    library = store.first(owner)
    entry = store.add(owner, library.id, document(), passages=1)
    store.passages(owner, library.id).add(entry.id, [Passage(TEXT, 0, len(TEXT))], np.ones((1, 2), np.float32))
    return library.id, entry


def test_everything_survives_a_restart(store, tmp_path):
    library, entry = filled(store)
    store.close()
    again = opened(tmp_path)
    assert again.first(ADA).id == library
    assert again.documents(ADA, library) == [entry]
    assert again.document(ADA, library, entry.id) == document()
    assert again.passages(ADA, library).by_words("lantern", 1)[0].document == entry.id
    assert again.missing(ADA, library) == []


def test_nobody_else_sees_them(store):
    library, entry = filled(store)
    assert store.first(BOB).id != library and store.documents(BOB, store.first(BOB).id) == []
    for look in (
        lambda: store.documents(BOB, library),
        lambda: store.passages(BOB, library),
        lambda: store.document(BOB, library, entry.id),
        lambda: store.delete_document(BOB, library, entry.id),
        lambda: store.delete(BOB, library),
        lambda: store.document(ADA, "../" + library, entry.id),
    ):
        with pytest.raises(UserError, match="library_unknown"):
            look()
    with pytest.raises(UserError, match="library_document_unknown"):
        store.document(ADA, library, "../../other")


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_deleted_is_nowhere_on_the_disk(store, tmp_path, whole):
    library, entry = filled(store)
    if whole:
        store.delete(ADA, library)
    else:
        store.delete_document(ADA, library, entry.id)
        assert store.documents(ADA, library) == [] and store.passages(ADA, library).count() == 0
    store.close()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"quartz" not in path.read_bytes() and b"note.txt" not in path.read_bytes(), path


def test_answers_are_kept_until_a_document_that_they_quote_goes(store):
    library, entry = filled(store)
    store.add_answer(ADA, library, {"question": "Where?", "text": "In the cellar."}, [entry.id, entry.id])
    store.add_answer(ADA, library, {"question": "When?"}, [])
    assert [record["question"] for _, record in store.answers(ADA, library, 5)] == ["When?", "Where?"]
    store.delete_document(ADA, library, entry.id)
    ((answer, record),) = store.answers(ADA, library, 5)
    assert record == {"question": "When?"}
    with pytest.raises(UserError, match="library_unknown"):
        store.delete_answer(BOB, library, answer)
    store.delete_answer(ADA, library, answer)
    assert store.answers(ADA, library, 5) == []


def test_passages_that_were_lost_are_known_to_be_missing(store, tmp_path):
    library, entry = filled(store)
    (tmp_path / library / "passages" / "vectors" / f"{entry.id}.npy").write_bytes(b"")
    store.close()
    again = opened(tmp_path)
    assert again.missing(ADA, library) == [entry]
    again.passages(ADA, library).add(entry.id, [Passage(TEXT, 0, len(TEXT))], np.ones((1, 2), np.float32))
    assert again.missing(ADA, library) == []


def test_a_full_library_says_so(tmp_path):
    store = opened(tmp_path, documents_max=1)
    library, _ = filled(store)
    with pytest.raises(UserError, match="library_full"):
        store.add(ADA, library, document(), passages=1)


def test_the_owner_is_written_down_as_a_hash_only(store, tmp_path):
    filled(store)
    store.close()
    assert all(b"Ada" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
