"""What is held out is not learned from, copied exactly or nearly so."""

import pytest

from llm_core.training.overlap import HeldOut

HELD = (
    "The ferry to the island leaves at seven and returns before dark.",
    "渡船七点出发，天黑之前从岛上返回，途中停靠两个码头。",
    "好",
    "shopping list",
    "播放今天早上的新闻",
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (HELD[0].upper().replace(".", " !"), "in an evaluation set"),
        ("渡船七点出发,天黑之前从岛上返回,途中停靠两个码头", "in an evaluation set"),
        ("好", "in an evaluation set"),
        ("So the ferry to the island leaves at seven and returns before dark?", "nearly in an evaluation set"),
        ("据说渡船七点出发，天黑之前从岛上返回，途中停靠三个码头。", "nearly in an evaluation set"),
    ],
)  # fmt: skip
def test_copies_are_found_and_counted(text: str, kind: str) -> None:
    held_out = HeldOut(HELD)
    assert held_out.holds(text)
    assert held_out.dropped == {kind: 1}


@pytest.mark.parametrize(
    "text",
    [
        "The ferry is red.",
        "好的",
        "渡船很慢，岛上很热。",
        "",
        "take the milk off my shopping list",
        "播放明天早上的新闻",
    ],
)
def test_what_only_shares_words_is_kept(text: str) -> None:
    held_out = HeldOut(HELD)
    assert not held_out.holds(text)
    assert not held_out.dropped
