"""A dozen examples a label make a classifier, and it says how good it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llm_core.engines.encoder import E5
from llm_core.errors import UserError
from llm_core.events import Progress, collect
from llm_core.tasks.own_labels import Example, OwnLabels, check, fitted, learn

BUNDLED = Path(__file__).parents[2] / "assets" / "models" / "e5-zh-en"
BILLS = ["My bill is wrong.", "I was charged twice.", "Please refund the fee.", "The invoice has a mistake.",
         "账单金额不对。", "这个月多扣了我二十块。", "请把手续费退给我。", "发票开错了。"]  # fmt: skip
PARCELS = ["Where is my parcel?", "The delivery is late.", "My package has not arrived.", "The courier lost my box.",
           "我的快递到哪了？", "包裹三天了还没送到。", "快递员把箱子弄丢了。", "送货太慢了。"]  # fmt: skip


@pytest.mark.timeout(300)
def test_labels_are_learned_from_a_few_examples_in_either_language(conversions: Path) -> None:
    encoder = E5(BUNDLED, conversions, threads=1)
    examples = [Example(text, "bill") for text in BILLS] + [Example(text, "parcel") for text in PARCELS]
    events = list(learn(examples, encoder))
    learned: OwnLabels = events[-1].result  # type: ignore[union-attr]
    assert any(isinstance(event, Progress) for event in events)
    assert learned.accuracy is not None and learned.accuracy > 75 and learned.majority == 50
    again = OwnLabels.of_json(learned.to_json())
    said = again.classify(encoder.encode(["You took too much money.", "箱子还没到。"], "query"))
    assert [one.label for one in said] == ["bill", "parcel"]
    assert all(sum(one.scores.values()) == pytest.approx(1) for one in said)


def test_the_score_is_of_what_was_not_learned_from() -> None:
    draw = np.random.default_rng(1)
    noise = draw.normal(size=(60, 32))
    learned = fitted(noise / np.linalg.norm(noise, axis=1, keepdims=True), draw.integers(0, 2, 60), ("a", "b"))
    assert learned.accuracy is not None and learned.accuracy < 75  # though it fits what it has seen


def test_rare_labels_are_found_too() -> None:
    draw = np.random.default_rng(2)
    classes = np.array([0] * 90 + [1] * 10)
    vectors = draw.normal(0, 0.3, size=(100, 16))
    vectors[classes == 1, 0] += 1.5
    learned = fitted(vectors, classes, ("often", "rare"))
    assert learned.by_label["rare"] >= 80 and learned.majority == 90


def test_too_few_are_refused() -> None:
    for examples in ([], [Example("x", "a")] * 3, [Example("x", "a")] * 3 + [Example("y", "b")]):
        with pytest.raises(UserError, match="own_labels_few"):
            check(examples)
    with pytest.raises(UserError, match="own_labels_many"):
        check([Example("x", str(i % 200)) for i in range(400)])
    with pytest.raises(UserError, match="own_labels_few"):
        collect(learn([Example("x", "a")], None))  # type: ignore[arg-type]
