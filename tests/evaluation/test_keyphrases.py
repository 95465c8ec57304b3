"""Keywords beside the first phrases and TextRank, on texts written here."""

import json
import lzma

import pytest

from llm_core.evaluation import keyphrases
from llm_core.evaluation.paired import gain
from llm_core.events import Done, Progress

TEXTS = [
    (
        "A line was written each morning by the keeper of the lighthouse, who had tide tables. The tide tables were "
        "of the harbour, and for ships that came by night the tide tables were all they had.",
        ["tide tables", "harbour"],
    ),
    (
        "昨天下午大家都到了。古桥的栏杆要修，古桥的石狮子也要修。石匠说，修石狮子最费工。",
        ["古桥", "石狮子"],
    ),
]


@pytest.fixture
def rows():
    return [json.dumps({"document": text, "present": present}, ensure_ascii=False) for text, present in TEXTS]


@pytest.mark.parametrize("packed", [False, True])
def test_ours_and_both_baselines_are_scored_on_the_same_texts(tmp_path, rows, packed):
    content = "\n".join([*rows, json.dumps({"document": "None of them.", "present": []})]).encode()
    path = tmp_path / ("texts.jsonl.xz" if packed else "texts.jsonl")
    path.write_bytes(lzma.compress(content) if packed else content)
    *progress, done = keyphrases.compare(path)
    assert progress[-1] == Progress("measuring", 2, 2, "texts")
    assert isinstance(done, Done)
    found = done.result
    assert found.texts == 2
    assert found.ours > found.first
    assert found.over_first[0] == pytest.approx(found.ours - found.first)
    assert found.over_first[1] <= found.over_first[0] <= found.over_first[2]
    assert found.textrank > 0


def test_phrases_are_equal_by_their_stems():
    assert keyphrases.f1(["Tide table", "harbour"], ["tide tables"]) == pytest.approx(200 / 3)
    assert keyphrases.f1(["harbour"], ["tide tables"]) == 0


def test_a_gain_that_every_item_has_is_sure_of_itself():
    assert gain([3.0, 4.0, 5.0], [1.0, 2.0, 3.0]) == (2.0, 2.0, 2.0)
    mean, low, high = gain([9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0])
    assert low < 0 < mean < high
