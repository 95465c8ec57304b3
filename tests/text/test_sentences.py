"""Sentences: where a person would put the stops, and never a character lost."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.text.paragraphs import paragraphs
from llm_core.text.sentences import split


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["今天下雨。", "我们没有出门！", "你呢？"],
        ["他说：“好。”", "然后走了。"],
        ["“你去哪儿？”他问。", "没有人回答。"],
        ["（见第三节。）", "下面说结果。"],
        ["真的吗？！", "当然。"],
        ["我……我不知道。", "别问了。"],
        ["他停了很久……", "“走吧……”", "她没有动。"],
        ["价格涨了3.5%，约为1.2万元。", "销量没有变。"],
        ["我们检验了假设.结论显示,二者相关.最优规模并不相同."],
        ["这个方法叫BERT。", "It is old.", "它仍然好用。"],
        ["见图1.2。", "版本号是v3.11.4。"],
        ["第一，便宜；第二，耐用。", "第三条没有写。"],
        ["『是嗎？』", "「好。」"],
    ],
)
def test_chinese(expected):
    if len(expected) == 1:  # half-width dots between Han characters end sentences too
        assert sentences(expected[0]) == [part + "." for part in expected[0].rstrip(".").split(".")]
    else:
        assert sentences("".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["It rained.", "We stayed in!", "And you?"],
        ["Dr. Smith met Prof. J. K. Lee at 5 p.m. in St. Louis.", "They talked."],
        ["He works for Acme Inc. in the U.S. as a clerk.", "The pay is good."],
        ["They moved to the U.S.", "The children stayed."],
        ["Pi is about 3.14.", "The file is called a.txt, see example.com/x.html for more."],
        ['"Really?" he asked.', "She nodded."],
        ["She said, “I am done.”", "Then she left."],
        ["(This is an aside.)", "This is not."],
        ["Well... maybe.", "I doubt it..."],
        ["See Fig. 3 and Eq. 2, cf. Sec. 4.", "No. 5 is missing.", "Is it? No."],
        ["We tested cats, dogs, etc. and birds.", "We use apples, pears, etc.", "They are cheap."],
        ["Wait!!!", "What?!", "Yes."],
        ["It costs $1.50.", "2 people came."],
        ["This has a note.[3]", "This has none."],
    ],
)
def test_english(expected):
    flat = [part for item in expected for part in (["Is it?", "No."] if item == "Is it? No." else [item])]
    assert sentences(" ".join(expected)) == flat


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heading\nThe text begins.\n\nAnother", ["Heading", "The text begins.", "Another"]),
        ("1. First thing\n2. Second thing\n(3) third", ["1. First thing", "2. Second thing", "(3) third"]),
        ("一、背景\n1.引言\n- 要点一\n- 要点二", ["一、背景", "1.引言", "- 要点一", "- 要点二"]),
        ("床前明月光\n疑是地上霜\n举头望明月", ["床前明月光", "疑是地上霜", "举头望明月"]),
        ("one. two. three.", ["one.", "two.", "three."]),
        ("One line\r\nthat goes on.\r\n\r\n  Next.  ", ["One line\r\nthat goes on.", "Next."]),
        ("", []),
        (" \n\t\u3000\n", []),
        ("。。。", ["。。。"]),
        ("no stop at all", ["no stop at all"]),
    ],
)
def test_lines_and_edges(text, expected):
    assert sentences(text) == expected


def test_a_wrapped_text_is_read_across_its_line_breaks():
    english = (
        "The committee met on Monday to discuss the plan for the new bridge over\n"
        "the river, which had been delayed twice before by storms and by a lack of\n"
        "money. Nobody was pleased with the result. The mayor asked for a report by\n"
        "the end of the month."
    )
    assert len(sentences(english)) == 3
    chinese = (
        "委员会星期一开会，讨论跨河新桥的方案。这座桥此前已经因为\n"
        "风暴和资金不足推迟了两次，没有人对结果感到满意，市长要求\n"
        "在月底之前提交一份报告。会议到晚上才结束。"
    )
    assert len(sentences(chinese)) == 3


MARKS = ["。", "！", "？", "……", ".", "...", "!", "?", "”", "“", '"', "'", "）", "(", "#", ">"]
SPACES = ["\n", "\r\n", "\n\n", " ", "\u3000", "\u2028", "\x00"]
WORDS = [
    "中文",
    "他说",
    "Mr",
    "U.S",
    "No",
    "e.g",
    "etc",
    "3.14",
    "1",
    "A",
    "word",
    "- ",
    "1. ",
    "一、",
    "é",
    "𠀀",
    "😀",
]
pieces = st.sampled_from(MARKS + SPACES + WORDS)
texts = st.one_of(st.text(max_size=200), st.lists(pieces, max_size=80).map("".join))


@settings(max_examples=300, deadline=None)
@given(texts)
def test_nothing_is_lost_or_changed(text):
    for spans in (split(text), paragraphs(text)):
        position = 0
        for span in spans:
            assert not text[position : span.start].strip()  # only white space between sentences
            assert span.start < span.end and span.of(text) == span.of(text).strip()
            position = span.end
        assert not text[position:].strip()


@pytest.mark.parametrize(
    "unit",
    [
        ">",
        ".",
        "。",
        "…",
        '"',
        "”",
        "( ",
        ". ",
        ">.",
        "a.",
        "1.",
        "\n",
        "\n>",
        "a\n",
        "？”",
        " ",
        "Mr. ",
        "好.",
        "字",
    ],
)
def test_time_is_linear_whatever_the_text(unit):
    def seconds(times: int) -> float:
        started = time.process_time()
        split(unit * times)
        return time.process_time() - started

    assert seconds(100_000) < 2


def test_a_span_says_where_its_sentence_stands():
    text = "  One. Two."
    assert [(span.start, span.end) for span in split(text)] == [(2, 6), (7, 11)]
