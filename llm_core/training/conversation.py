"""Conversations to token ids, and which of them the assistant says: those alone are learned.

What stands before an answer and the answer itself are cut into pieces apart, as they are when the model is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerFast

from llm_core.errors import UserError
from llm_core.training.dataset import IGNORE, Batch, padded

Turns = tuple[tuple[str, str], ...]
"""(role, content) of each message."""
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Encoded:
    """Token ids, and the spans of them that are answers."""

    ids: list[int]
    answers: list[tuple[int, int]]

    @property
    def targets(self) -> int:
        """Tokens that are learned."""
        return sum(end - begin for begin, end in self.answers)


def turns_of(record: Mapping[str, Any], name: str, number: int) -> Turns:
    """The messages of a row.

    Raises:
        UserError: `chat_row_broken`, they are not a conversation with an answer in it.
    """
    messages = record["messages"]
    turns = tuple(
        (str(message.get("role")), message.get("content")) for message in messages if isinstance(message, dict)
    )
    whole = isinstance(messages, list) and len(turns) == len(messages)
    said = all(role in ROLES and isinstance(content, str) for role, content in turns)
    if not whole or not said or not any(role == "assistant" for role, _ in turns):
        raise UserError("chat_row_broken", name=name, line=number)
    return turns  # type: ignore[return-value] # `said` has looked


def as_messages(turns: Turns) -> list[dict[str, str]]:
    """As a chat template wants them."""
    return [{"role": role, "content": content} for role, content in turns]


def encode(tokenizer: PreTrainedTokenizerFast, turns: Turns) -> Encoded | None:
    """The conversation through the tokenizer's chat template; None where the template refuses it.

    A template that writes earlier turns anew in each next one leaves only the last answer to learn.
    """
    try:
        return _encode(tokenizer, turns)
    except TemplateError:
        return None


def _encode(tokenizer: PreTrainedTokenizerFast, turns: Turns) -> Encoded:
    ids: list[int] = []
    answers: list[tuple[int, int]] = []
    done = ""
    for number, (role, _) in enumerate(turns):
        if role != "assistant":
            continue
        before, after = rendered(tokenizer, turns[:number], True), rendered(tokenizer, turns[: number + 1], False)
        if not after.startswith(before):
            continue
        if not before.startswith(done):
            ids, answers, done = [], [], ""
        # Blanks behind the end of the answer (Qwen's line break) are the template's, not the model's to say.
        said = after[len(before) :].rstrip()
        ids += pieces(tokenizer, before[len(done) :])
        answer = pieces(tokenizer, said)
        answers.append((len(ids), len(ids) + len(answer)))
        ids += answer
        done = before + said
    return Encoded(ids, answers)


def rendered(tokenizer: PreTrainedTokenizerFast, turns: Turns, asks: bool) -> str:
    """The text that the model reads; with `asks` it ends where the answer begins."""
    text: Any = tokenizer.apply_chat_template(as_messages(turns), tokenize=False, add_generation_prompt=asks)
    return str(text)


def pieces(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """Token ids of a text that is laid out already."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def collate(some: Sequence[Encoded], pad: int) -> Batch:
    """Conversations side by side; no mask is needed, since no token sees what stands behind it."""
    labels = []
    for each in some:
        row = [IGNORE] * len(each.ids)
        for begin, end in each.answers:
            row[begin:end] = each.ids[begin:end]
        labels.append(row[1:])
    inputs = padded([each.ids[:-1] for each in some], pad)
    return Batch({"input_ids": inputs}, padded(labels, IGNORE), sum(len(each.ids) - 1 for each in some))
