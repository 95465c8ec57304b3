"""Passages are found by words in both languages and by vectors; what is deleted is gone; damage is mended."""

import numpy as np
import pytest

from llm_core.store.passages import Passage
from llm_core.store.tantivy_passages import TantivyPassages

SHAOXING = "鲁迅一八八一年出生于浙江省绍兴府会稽县东昌坊口的一个书香门第"
BEIJING = "北京大学图书馆收藏了大量的古籍善本和地方志"
MILL = "The mill at the lower lock was closed in 1912 after the companies merged."


def passage(text: str) -> Passage:
    return Passage(text, 0, len(text), ("一", "二"), 3)


def vectors(*rows: tuple[float, ...]) -> np.ndarray:
    found = np.array(rows, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def filled(folder) -> TantivyPassages:
    store = TantivyPassages(folder)
    store.add("a", [passage(SHAOXING), passage(BEIJING)], vectors((1, 0), (1, 1)))
    store.add("b", [passage(MILL)], vectors((0, 1)))
    return store


@pytest.fixture
def store(tmp_path):
    return filled(tmp_path)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """For tests that only read: writing takes most of the time."""
    return filled(tmp_path_factory.mktemp("unchanged"))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("绍兴", SHAOXING),  # inside a longer sentence without blanks, where a usual tokenizer finds nothing
        ("绍兴有哪些名人？", SHAOXING),
        ("古籍", BEIJING),  # part of a compound
        ("地方", BEIJING),
        ("大学", BEIJING),
        ("会稽", SHAOXING),  # a name that no dictionary has
        ("Which company closed a MILL?", MILL),
        ("1912", MILL),
    ],
)
def test_words_are_found_wherever_they_stand(unchanged, question, found):
    best = unchanged.by_words(question, 5)[0]
    assert unchanged.get(best.document, best.number).text == found
    assert 0 < best.score <= 1


@pytest.mark.parametrize("text", ["", "  ", "？！", 'foo:bar ( " + -x AND [ \\ /re/ *', "id:a -绍兴", "🙂", "\ud800"])
def test_no_question_is_a_query_language(unchanged, text):
    unchanged.by_words(text, 5)  # raises nothing
    assert unchanged.by_words(text + " 绍兴", 5)[0].document == "a"


def test_the_score_is_a_share_of_what_the_question_asks_for(unchanged):
    whole, half = unchanged.by_words("mill lock", 1)[0].score, unchanged.by_words("mill zebra", 1)[0].score
    assert half < whole


def test_vectors_find_the_nearest(unchanged):
    hits = unchanged.by_vector(np.array([0, 1], np.float32), 2)
    assert [(hit.document, hit.number) for hit in hits] == [("b", 0), ("a", 1)]
    assert hits[0].score == pytest.approx(1, abs=1e-3)


def test_a_passage_keeps_its_place(unchanged):
    assert unchanged.get("a", 1) == passage(BEIJING)
    with pytest.raises(KeyError):
        unchanged.get("a", 2)


def test_everything_survives_a_restart(store, tmp_path):
    store.close()
    again = TantivyPassages(tmp_path)
    assert again.documents() == {"a": 2, "b": 1} and again.count() == 3
    assert again.by_words("绍兴", 1)[0].document == "a"


def test_a_deleted_document_is_gone_from_the_disk_too(store, tmp_path):
    store.delete("b")
    assert store.documents() == {"a": 2}
    assert store.by_words("mill", 5) == [] and len(store.by_vector(np.array([0, 1], np.float32), 5)) == 2
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"mill" not in everything and b"1912" not in everything
    store.delete("b")  # once more: nothing happens


def test_adding_a_document_again_replaces_its_passages(store):
    store.add("a", [passage(MILL)], vectors((1, 0)))
    assert store.documents() == {"a": 1, "b": 1}
    assert store.by_words("绍兴", 5) == []


def test_what_one_server_adds_or_deletes_another_one_sees(store, tmp_path):
    other = TantivyPassages(tmp_path)
    store.add("c", [passage("a zebra")], vectors((1, 1)))
    assert [hit.document for hit in other.by_words("zebra", 5)] == ["c"]
    store.delete("c")
    assert other.by_words("zebra", 5) == [] and "c" not in other.documents()


@pytest.mark.parametrize("damage", ["truncated", "meta", "gone", "foreign"])
def test_a_damaged_index_of_words_is_made_again(store, tmp_path, damage):
    words = tmp_path / "words"
    store.close()
    if damage == "truncated":
        for path in words.glob("*.idx"):
            path.write_bytes(path.read_bytes()[:10])
        for path in words.glob("*.term"):
            path.write_bytes(b"")
    elif damage == "meta":
        (words / "meta.json").write_text("{")
    elif damage == "gone":
        (words / "meta.json").unlink()
    else:
        (words / "meta.json").write_text((words / "meta.json").read_text().replace('"number"', '"other"'))
    again = TantivyPassages(tmp_path)
    assert again.by_words("绍兴", 1)[0].document == "a" and again.count() == 3


def test_a_document_with_damaged_vectors_is_given_up_and_no_other(store, tmp_path):
    (tmp_path / "vectors" / "a.npy").write_bytes(b"nothing")
    again = TantivyPassages(tmp_path)
    assert again.documents() == {"b": 1}
    assert again.by_words("绍兴", 1) == [] and again.by_words("mill", 1)[0].document == "b"
