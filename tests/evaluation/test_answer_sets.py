"""Answers on sets of questions: each kind is asked with the reader and without; a library can lack its answer."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from llm_core.engines.encoder import E5
from llm_core.evaluation import answer_sets
from llm_core.events import Done, Item
from llm_core.tasks.tools import Tools

pytestmark = pytest.mark.timeout(400)
ROOT = Path(__file__).parents[2]
ROWS = [
    ("The ropewalk is 312 metres long and fills the upper floor.", "How long is the ropewalk?", "312 metres"),
    ("The boat shed was built by Joan Whitfield in 1904.", "Who built the boat shed?", "Joan Whitfield"),
    ("Tea is dried over beech wood for eleven hours.", "Over which wood is tea dried?", "beech"),
    ("The swifts come back on the second of May.", "When do the swifts come back?", "the second of May"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A set of four contexts; each has one question, the first one that nothing answers as well."""
    with lzma.open(tmp_path / "qa-own.dev.jsonl.xz", "wt", encoding="utf-8") as file:
        for number, (context, question, right) in enumerate(ROWS):
            asked = [{"question": question, "answers": [{"text": right}], "answerable": True}]
            if not number:
                asked.append({"question": "Who painted the ropewalk?", "answers": [], "answerable": False})
            file.write(json.dumps({"context": context, "qas": asked}) + "\n")
    return tmp_path


@pytest.fixture
def encoder(conversions: Path) -> E5:
    return E5(ROOT / "assets" / "models" / "e5-zh-en", conversions, threads=1)


def test_every_kind_is_counted_with_the_reader_and_without(
    data: Path, encoder: E5, understanding: Path, conversions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(answer_sets.QUESTIONS, "answerable", 2)  # of four, so that two are left for "elsewhere"
    tools = Tools(conversions, 1, {"read": understanding / "tiny-reader"}.get)
    *events, last = answer_sets.evaluate(data, encoder, None, tools, sets=["own"])
    tried = [event.value for event in events if isinstance(event, Item)]
    assert isinstance(last, Done) and len(tried) == 2 * (2 + 2 + 1)
    counted = {(share.reader, share.kind): share.questions for share in last.result}
    assert counted == {(r, k): n for r in (False, True) for k, n in (("answerable", 2), ("elsewhere", 2), ("own", 1))}
    plain = {share.kind: share for share in last.result if not share.reader}
    assert plain["answerable"].right > plain["elsewhere"].right == 0
    for one in tried:
        ids = {each.found.document for each in one.answer.evidence}
        assert one.case.kind != "elsewhere" or one.case.context not in ids
        assert one.reader or one.answer.exact is None
    assert all(0 <= share.wrong_and_sure <= share.answered <= 1 for share in last.result)


def test_without_a_reader_everything_is_asked_once(data: Path, encoder: E5, tmp_path: Path) -> None:
    *_, last = answer_sets.evaluate(data, encoder, None, Tools(tmp_path, 1, lambda _: None), sets=["own"], limit=1)
    assert isinstance(last, Done) and {share.reader for share in last.result} == {False}
    assert [share.questions for share in last.result] == [1, 1]  # "elsewhere" takes what follows on twenty others
