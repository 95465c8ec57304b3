"""Personal data does not leave, and comes back into the reply wherever a stream is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from llm_core.engines.base import (
    Capability,
    Finished,
    Generator,
    Idle,
    Message,
    Prompt,
    Sampling,
    Step,
    Token,
    Writing,
)
from llm_core.workbench.masked import Mask, Masked, Unmasking

LETTER = "Call +44 20 7946 0018 or 13812345678, or write to ann@example.org. Not to 13812345678."
PIECES = ("+44 20 7946 0018", "13812345678", "ann@example.org")


class Says:
    """An engine that replies what it is told to, cut into pieces, and remembers what it was asked."""

    capabilities = frozenset({Capability.LOGPROBS})
    context_tokens = 1000

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.asked: list[str] = []
        self.closed = False

    def count_tokens(self, prompt: Prompt) -> int:
        self.asked += [message.content for message in prompt]
        return 1

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = "") -> Iterator[Step]:
        self.asked += [message.content for prompt in prompts for message in prompt] + list(sampling.stop)
        try:
            for number in range(len(prompts)):
                for piece in self.pieces:
                    yield Writing(number, piece, (Token(piece, -1.0),) if sampling.alternatives else ())
                yield Finished(number, "stop", 1, 1, 1.0)
        finally:
            self.closed = True

    def close(self) -> None: ...


def said(steps: Iterator[Step], number: int = 0) -> str:
    return "".join(step.text for step in steps if isinstance(step, Writing) and step.prompt == number)


def test_nothing_personal_leaves_and_everything_comes_back() -> None:
    engine = Says("I call [PHONE_2], then [PHONE_1], and write to [EMAIL_1].")
    masked = Masked(engine)
    assert isinstance(masked, Generator)
    turns = [Message("system", "Of ann@example.org."), Message("user", LETTER)]
    masked.count_tokens(turns)
    reply = said(masked.generate([turns], Sampling(stop=("13812345678",))))
    assert reply == "I call 13812345678, then +44 20 7946 0018, and write to ann@example.org."
    assert not any(piece in text for piece in PIECES for text in engine.asked)
    assert engine.asked[-1] == "[PHONE_2]"


def test_the_same_piece_has_the_same_placeholder_in_every_turn_and_prompt() -> None:
    engine = Says("[EMAIL_1]", "")
    prompts = [[Message("user", "ann@example.org")], [Message("user", "bob@example.org, ann@example.org")]]
    steps = list(Masked(engine).generate(prompts, Sampling()))
    assert [said(iter(steps), number) for number in (0, 1)] == ["ann@example.org", "ann@example.org"]
    assert engine.asked == ["[EMAIL_1]", "[EMAIL_2], [EMAIL_1]"]


def test_text_without_personal_data_passes_with_its_tokens() -> None:
    steps = list(Masked(Says("[PHONE_1]", " and [")).generate([[Message("user", "Hi.")]], Sampling(alternatives=2)))
    assert said(iter(steps)) == "[PHONE_1] and ["
    assert all(step.tokens for step in steps if isinstance(step, Writing))


def test_placeholders_that_somebody_speaks_of_are_not_taken_for_ours() -> None:
    mask = Mask(["What does [PHONE_1] mean? Mine is 13812345678."])
    assert mask.hide("[PHONE_1]: 13812345678") == "[PHONE_1]: [PHONE_2]"
    assert mask.show("[PHONE_1], [PHONE_2], [PHONE_3]") == "[PHONE_1], 13812345678, [PHONE_3]"


def test_placeholders_as_models_write_them() -> None:
    mask = Mask([LETTER])
    for written in ("[PHONE_2]", r"\[PHONE\_2\]", "【PHONE_2】", "［phone_2］", "[Phone 2]", "PHONE_2", r"PHONE\_2"):
        assert mask.show(f"on {written}.") == "on 13812345678.", written
    for other in ("XPHONE_2", "PHONE_22", "[PHONE_4]", "phone_2", "[PHONES_2]"):
        assert mask.show(other) == other


def test_closing_the_reply_closes_the_engine() -> None:
    engine = Says("a", "b")
    steps = Masked(engine).generate([[Message("user", LETTER)]], Sampling())
    next(steps)
    steps.close()
    assert engine.closed


def test_text_is_held_back_only_while_it_may_be_a_placeholder() -> None:
    reply = Unmasking(Mask([LETTER]))
    assert reply.add("The list a[0] and [PH") == "The list a[0] and "
    assert reply.add("ONE") == ""
    assert reply.add("_2] is") == "13812345678 is"
    assert reply.add(" [see") == " [see"
    assert reply.add(" EMA") == " "
    assert reply.add("IL me") == "EMAIL me"


MIXED = st.lists(
    st.sampled_from(
        ["[", "]", "PHONE", "_", "1", "2", "[PHONE_1]", "EMAIL_1", " ", "\\", "a", "，", "【", "[EMAIL_1]"]
    ),
    max_size=30,
)


@given(MIXED, st.lists(st.integers(1, 7), min_size=1))
def test_where_a_stream_is_cut_makes_no_difference(parts: list[str], cuts: list[int]) -> None:
    text, mask = "".join(parts), Mask([LETTER])
    reply, shown, place = Unmasking(mask), "", 0
    while place < len(text):
        size = cuts[place % len(cuts)]
        shown += reply.add(text[place : place + size])
        place += size
    assert shown + reply.rest() == mask.show(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_hiding_and_showing_is_nothing(text: str) -> None:
    text = f"{text} ann@example.org {text}"
    mask = Mask([text])
    assert mask.show(mask.hide(text)) == text
    assert "ann@example.org" not in mask.hide(f" {'ann@example.org'} ")


def test_a_step_without_text_is_still_a_chance_to_stop() -> None:
    steps = list(Masked(Says("[PHO", "NE_1]")).generate([[Message("user", LETTER)]], Sampling()))
    assert isinstance(steps[0], Idle)
    assert said(iter(steps)) == "+44 20 7946 0018"
