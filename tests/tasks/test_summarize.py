"""Key sentences, sections, rewriting and its checks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_core.documents.document import Block, Document
from llm_core.engines.base import Finished, Message, Reading, Sampling, Step, Writing
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Event, Events, Item, Notice, Progress, collect
from llm_core.tasks.rewrite import clean
from llm_core.tasks.rewrite_check import faults
from llm_core.tasks.sections import SECTIONS_MAX, sections
from llm_core.tasks.summarize import Writer, rewritten, summarize
from llm_core.tasks.summary import Rejected, Summary, SummaryOptions

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples" / "summarize"
TIDE = (EXAMPLES / "tide.en.txt").read_text("utf-8")
WELL = (EXAMPLES / "well.zh.txt").read_text("utf-8")


def key(text: str | Document, **options: object) -> Summary:
    return collect(summarize(text, SummaryOptions.of(options)))


# ---------------------------------------------------------------- key sentences


@pytest.mark.parametrize("text", [TIDE, WELL])
def test_key_sentences_stand_where_they_say_in_order(text):
    summary = key(text, sentences=6)
    assert len(summary.sentences) == 6
    assert all(text[s.start : s.end] == s.text for s in summary.sentences)
    assert [s.start for s in summary.sentences] == sorted(s.start for s in summary.sentences)
    assert summary.title == text.splitlines()[0]
    assert all(word in text for word in summary.keywords)
    assert summary.covered == summary.sections == 4


def test_fewer_sentences_than_sections_are_counted_honestly():
    summary = key(TIDE, sentences=2)
    assert (summary.covered, summary.sections) == (2, 4)


@pytest.mark.parametrize(("options", "count"), [({"ratio": 0.5}, 9), ({"ratio": 0.01}, 1), ({"sentences": 1000}, 19)])
def test_length_by_ratio_or_number(options, count):
    assert len(key(TIDE, **options).sentences) in range(count - 1, count + 2)


def test_a_sentence_that_says_the_same_is_not_taken_twice():
    text = (
        "The harbour froze in January. " * 5 + "Ships waited outside for three weeks. The harbour froze in January."
    )
    chosen = [s.text for s in key(text, sentences=2).sentences]
    assert len(set(chosen)) == len(chosen) == 2


def test_a_document_is_divided_by_its_headings():
    text = "Part one\nFirst thing is said here. It goes on.\nPart two\nSecond thing is said here. The end."
    two = text.index("Part two")
    blocks = (
        Block(0, 8, "heading", level=1),
        Block(9, two - 1, "paragraph", heading=("Part one",)),
        Block(two, two + 8, "heading", level=1),
        Block(two + 9, len(text), "paragraph", heading=("Part two",)),
    )
    summary = key(Document("a.md", "md", text, blocks, "en"), sentences=2)
    assert [place.heading for place in summary.places] == ["Part one", "Part two"]
    assert summary.covered == 2
    assert not {"Part one", "Part two"} & {s.text for s in summary.sentences}


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_nothing_to_summarize_is_said(text):
    with pytest.raises(UserError, match="text_empty"):
        key(text)


@pytest.mark.parametrize("text", ["!", "# Heading", "1", "啊", "。。。", "no stop", "><", "a\n" * 500])
def test_whatever_the_text_something_is_shown(text):
    summary = key(text)
    assert summary.sentences and 1 <= summary.covered <= summary.sections <= SECTIONS_MAX


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["雨。", "Rain fell. ", "\n", "\n\n", "# Head\n", "x ", "……", "“", "第一章 开始\n"]),
        max_size=60,
    )
)
def test_sections_hold_every_sentence_once(pieces):
    text = "".join(pieces)
    found = sections(text)
    assert len(found) <= SECTIONS_MAX
    assert all(section.sentences for section in found)
    ends = [section.span.end for section in found[:-1]]
    assert ends == [section.span.start for section in found[1:]]
    spans = [sentence.span for section in found for sentence in section.sentences]
    assert spans == sorted(spans) and len(set(spans)) == len(spans)


@pytest.mark.parametrize("unit", [">", ". ", "字", "今天下雨。", "It rained all day in town. ", "\n"])
def test_time_is_linear_whatever_the_text(unit):
    text = "x" + unit * (100_000 // len(unit))
    started = time.process_time()
    assert key(text).sections >= 1
    assert time.process_time() - started < 3


# ---------------------------------------------------------------- rewriting


class Scripted:
    """A generator that says what the test wants: the engine's contract without a model."""

    capabilities = frozenset[str]()
    context_tokens = 4096

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []
        self.closed = 0

    def count_tokens(self, prompt: Sequence[Message]) -> int:
        return 1

    def generate(
        self, prompts: Sequence[Sequence[Message]], sampling: Sampling, *, visitor: str = ""
    ) -> Iterator[Step]:
        self.asked.append(prompts[0][-1].content)
        text = self.replies[min(len(self.asked), len(self.replies)) - 1]
        try:
            yield Reading(0, 5, 10)
            for word in text.split(" "):
                yield Writing(0, word + " ")
            yield Finished(0, "stop", 10, 5, 20.0)
        finally:
            self.closed += 1

    def close(self) -> None: ...


def rewriting(text: str, scripted: Scripted, **options: object) -> Events:
    def ready() -> Iterator[Event]:
        yield Progress("opening", 0)
        return Writer(scripted, 1_500_000_000)  # type: ignore[arg-type]

    return rewritten(text, SummaryOptions.of({"method": "rewrite", **options}), ready)  # type: ignore[arg-type]


def test_key_sentences_come_before_the_model_and_parts_as_they_grow():
    scripted = Scripted("The height of the sea at Brest has been written down for a hundred and seventy years.")
    events = list(rewriting(TIDE, scripted, form="sentence"))
    kinds = [type(event) for event in events if not isinstance(event, Progress)]
    assert isinstance(next(e for e in events if isinstance(e, Item)).value, Summary)
    assert kinds.index(Item) < kinds.index(Delta) < kinds.index(Done)
    done = events[-1].result
    assert done.summary == "The height of the sea at Brest has been written down for a hundred and seventy years."
    assert done.parts[0].state == "written"
    assert done.to_json()["parts"][0]["state"] == "written"


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("The sea at Brest rose by 55 centimetres.", "number"),
        ("Old gauges were kept by Professor Lindgren at Brest.", "name"),
        ("布雷斯特的海面在上升。", "language"),
        ("Apples are sweet and green in cheerful gardens.", "subject"),
        ("Somebody had to climb down each week, change the paper and wind the clock.", "copied"),
        ("…", "empty"),
    ],
)
def test_what_the_checks_refuse_is_asked_again_and_a_key_sentence_stands_in(reply, fault):
    scripted = Scripted(reply)
    events = list(rewriting(TIDE, scripted, form="sentence"))
    rejected = [e.value for e in events if isinstance(e, Item) and isinstance(e.value, Rejected)]
    assert [one.reason for one in rejected] == [fault, fault]
    assert scripted.asked[0] != scripted.asked[1], "asked again in other words"
    done = events[-1].result
    assert done.parts[0].state == "stood_in" and done.summary in TIDE
    assert any(isinstance(e, Notice) and e.code == "summary_stood_in" for e in events)


def test_a_key_sentence_that_stands_in_is_translated_where_the_summary_is_in_the_other_language():
    scripted = Scripted("The lift is new.", "The lift is new.", "海面每小时记录一次。")
    done = collect(rewriting(TIDE, scripted, form="sentence", to="zh"))
    assert done.parts[0].state == "stood_in" and done.summary == "海面每小时记录一次。"
    assert scripted.asked[2] in TIDE, "the sentence alone is what is translated"
    assert scripted.asked[0].index("中文") < 30, "the order stands before the text"
    assert scripted.asked[0] != scripted.asked[1], "asked again in other words"


def test_a_second_try_that_is_good_is_taken():
    scripted = Scripted("In 2031 it rose.", "Sea height at Brest was written down every hour.")
    done = collect(rewriting(TIDE, scripted, form="sentence"))
    assert done.parts[0].state == "written"
    assert done.summary == "Sea height at Brest was written down every hour."


def test_points_are_made_from_stretches_in_order():
    scripted = Scripted("有人往北坡打井，水位每个月量一次，记在本子上。")
    done = collect(rewriting(WELL, scripted, form="points"))
    assert len(done.parts) >= 3
    assert done.summary.count("\n") == len(done.parts) - 1
    starts = [part.source.start for part in done.parts]
    assert starts == sorted(starts)
    assert all(part.source.of(WELL) for part in done.parts)


def test_a_long_text_costs_no_more_than_a_few_readings():
    scripted = Scripted("The height of the sea has been written down every hour.")
    collect(rewriting(TIDE * 200, scripted, form="points"))
    assert len(scripted.asked) <= 12
    assert all(len(asked) < 2000 for asked in scripted.asked)


def test_closing_stops_the_engine():
    scripted = Scripted("one two three four five six")
    events = rewriting(TIDE, scripted, form="points")
    for event in events:
        if isinstance(event, Delta):
            break
    events.close()
    assert scripted.closed == 1 and len(scripted.asked) == 1


@pytest.mark.parametrize(
    ("written", "source", "to", "expected"),
    [
        ("共有12000人参加。", "约1.2万人参加了活动，共有十二场。", "zh", []),
        ("It cost 186,000 euros.", "费用为18.6万元，即186,000欧元。", "en", []),
        ("Ms Okafor will write.", "Ms Okafor will write to the office.", "en", []),
        ("奥卡福会写信。", "Ms Okafor will write to the office.", "zh", []),
        ("工具是Python。", "我们用的是Java。", "zh", ["name"]),
        ("电梯将于5月12日更换。", "The lift will be replaced on 12 May.", "zh", []),
        ("电梯将于6月12日更换。", "The lift will be replaced on 12 May.", "zh", ["number"]),
        ("新的lift很宽。", "The new lift is wide.", "zh", ["language"]),
        ("The lift in Zhongshan Road is new.", "中山路的电梯是新的。", "en", []),
        ("The lift in 中山路 is new.", "中山路的电梯是新的。", "en", ["language"]),
    ],
)
def test_numbers_and_names_are_compared_across_languages(written, source, to, expected):
    assert [fault for fault in faults(written, source, to) if fault in ("number", "name", "language")] == expected


@pytest.mark.parametrize(
    ("written", "ask", "to", "expected"),
    [
        ("标题：《海平面在上升》\n\n正文……", "headline", "zh", "海平面在上升"),
        ("**Title:** Seats for everyone.", "headline", "en", "Seats for everyone"),
        ("这段文字讲述了村里打井的经过。", "point", "zh", "村里打井的经过。"),
        ("This passage says that the well is dry.", "point", "en", "The well is dry."),
        ("- First. Second sentence follows.", "point", "en", "First. Second sentence follows."),
        ("One is enough. Two are not asked for.", "sentence", "en", "One is enough."),
        ("The topic of this text is a broken lift.", "headline", "en", "A broken lift"),
        ("", "point", "en", ""),
    ],
)
def test_what_models_write_around_an_answer_is_taken_away(written, ask, to, expected):
    assert clean(written, ask, to) == expected
