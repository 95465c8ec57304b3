"""Chat: reply to a conversation. Fits it into the context, streams, counts; knows no storage and no face."""

from __future__ import annotations

import math
import re
from collections.abc import Generator as Generating
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from llm_core.engines.base import (
    Finished,
    Generator,
    Message,
    Opening,
    Reading,
    Sampling,
    Step,
    Token,
    Waiting,
    Writing,
)
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Event, Events, Item, Notice, Progress, Tick
from llm_core.tasks.waiting import ticking

REPLY_SHARE = 0.25  # of the context is kept free for the reply, unless less was asked for
CUT_SHARE = 0.25  # old messages go in steps of this share, so that the next turns begin alike and stay cached
REASONING = re.compile(r"<think>.*?(?:</think>|\Z)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply and what the margin says of it."""

    text: str
    finish: str  # "stop", or "length" where the limit cut it
    prompt_tokens: int
    reply_tokens: int
    context_tokens: int
    tokens_per_second: float
    left_out: int  # oldest messages that the model did not read
    tokens: tuple[Token, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Everything but the text and its tokens, to be kept beside the message."""
        return {
            "finish": self.finish,
            "prompt_tokens": self.prompt_tokens,
            "reply_tokens": self.reply_tokens,
            "context_tokens": self.context_tokens,
            "tokens_per_second": round(self.tokens_per_second, 1),
            "left_out": self.left_out,
        }


def reply(generator: Generator, messages: Sequence[Message], sampling: Sampling, *, visitor: str = "") -> Events:
    """Answer the last message.

    Args:
        generator: the model.
        messages: an optional system message, then turns, the last one the user's.
        sampling: with `alternatives`, an `Item` of tokens follows each `Delta`.
        visitor: for the waiting line.

    Yields:
        Progress ("opening", "waiting", "reading"), Notice ("left_out"), Delta, Item, at last Done(Reply).

    Raises:
        UserError: `message_too_long`, and those of the engine.
    """
    context = yield from ticking(lambda: generator.context_tokens, "opening")
    room = context - min(sampling.max_tokens, math.ceil(context * REPLY_SHARE))
    messages = [_without_reasoning(message) for message in messages]
    for step in generator.generate([], sampling, visitor=visitor):  # so that Stop also ends the opening
        yield progress(step)
    left_out = yield from ticking(lambda: _left_out(generator, messages, room, context), "opening")
    if left_out:
        yield Notice("left_out", {"n": left_out})
    steps = generator.generate([_without_oldest(messages, left_out)], sampling, visitor=visitor)
    yield from _follow(steps, context, left_out)


def complete(generator: Generator, messages: Sequence[Message], sampling: Sampling, *, visitor: str = "") -> Events:
    """Answer exactly these messages: nothing is left out, so that too many of them are refused.

    Args:
        generator: the model.
        messages: turns as the caller wrote them.
        sampling: with `alternatives`, an `Item` of tokens follows each `Delta`.
        visitor: for the waiting line.

    Yields:
        As `reply`.

    Raises:
        UserError: `prompt_too_long`, and the others of the engine.
    """
    context = yield from ticking(lambda: generator.context_tokens, "opening")
    yield from _follow(generator.generate([messages], sampling, visitor=visitor), context, 0)


def _follow(steps: Iterator[Step], context: int, left_out: int) -> Events:
    text: list[str] = []
    tokens: list[Token] = []
    try:
        for step in steps:
            match step:
                case Writing():
                    text.append(step.text)
                    tokens.extend(step.tokens)
                    yield Delta(step.text)
                    if step.tokens:
                        yield Item(step.tokens)
                case Finished():
                    yield Done(
                        Reply(
                            "".join(text), step.reason, step.prompt_tokens, step.reply_tokens, context,
                            step.tokens_per_second, left_out, tuple(tokens),
                        )
                    )  # fmt: skip
                case _:
                    yield progress(step)
    finally:
        if isinstance(steps, Generating):
            steps.close()


def progress(step: Step) -> Event:
    """What a step without text says to a person."""
    match step:
        case Opening():
            return Progress("opening", step.seconds, unit="seconds")
        case Waiting():
            return Progress("waiting", step.place, unit="place")
        case Reading():
            return Progress("reading", step.done, step.total, "tokens")
        case _:
            return Tick()


def _left_out(generator: Generator, messages: Sequence[Message], room: int, context: int) -> int:
    """How many of the oldest turns must go so that the rest has at most `room` tokens; the last one stays."""
    whole = generator.count_tokens(messages)
    if whole <= room:
        return 0
    most = sum(message.role != "system" for message in messages) - 1
    least = generator.count_tokens(_without_oldest(messages, most))
    if least > room:
        raise UserError("message_too_long", tokens=least, context=context)
    step = math.ceil(context * CUT_SHARE)
    wanted = max(room - (math.ceil((whole - room) / step) * step - (whole - room)), least)
    low, high = 1, most  # the fewest turns to leave out is in between; more left out is fewer tokens
    while low < high:
        middle = (low + high) // 2
        if generator.count_tokens(_without_oldest(messages, middle)) <= wanted:
            high = middle
        else:
            low = middle + 1
    turns = [message for message in messages if message.role != "system"]
    return next(n for n in range(low, most + 1) if turns[n].role == "user")  # begin with a question, not a reply


def _without_oldest(messages: Sequence[Message], n: int) -> list[Message]:
    """The system message and all turns but the first `n`."""
    system = [message for message in messages if message.role == "system"]
    turns = [message for message in messages if message.role != "system"]
    return system + turns[n:]


def _without_reasoning(message: Message) -> Message:
    """What an earlier reply thought aloud is not read again."""
    if message.role != "assistant" or "<think>" not in message.content:
        return message
    return Message("assistant", REASONING.sub("", message.content))
