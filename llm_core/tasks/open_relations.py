"""Relations of open kinds, written by a language model, each tied to its sentence or dropped.

The model gets a few numbered sentences at a time and answers in JSON. What it writes is believed no further than that
both names stand, letter by letter, in the sentence that it points to; that the relation is right, nobody checks.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from llm_core.engines.base import Capability, Generator, Message, Sampling
from llm_core.events import Delta, Done, Events, Item, Notice, Progress
from llm_core.tasks import chat
from llm_core.tasks.analysis import Name, Relation
from llm_core.text.language import language
from llm_core.text.sentences import split
from llm_core.text.spans import Span

SENTENCES_AT_ONCE: Final = 6
CHARS_AT_ONCE: Final = 900
SENTENCES_MAX: Final = 240  # of one text: on two cores some ten minutes
REPLY_TOKENS: Final = 400
LABEL_CHARS_MAX: Final = 40
OPEN_TYPE: Final = "other"
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "relations": {
            "type": "array",
            "maxItems": 12,
            "items": {
                "type": "object",
                "properties": {
                    "sentence": {"type": "integer"},
                    "head": {"type": "string", "maxLength": 60},
                    "relation": {"type": "string", "maxLength": LABEL_CHARS_MAX},
                    "tail": {"type": "string", "maxLength": 60},
                },
                "required": ["sentence", "head", "relation", "tail"],
            },
        }
    },
    "required": ["relations"],
}
_FILE = Path(__file__).parent / "prompts" / "relations.toml"
_OBJECT = re.compile(r"\{[^{}]*\}")


@functools.cache
def table() -> dict[str, Any]:
    """The prompts."""
    return tomllib.loads(_FILE.read_text("utf-8"))


def open_relations(text: str, names: Sequence[Name], generator: Generator, *, visitor: str = "") -> Events:
    """Ask for the relations of a text, some sentences at a time.

    Args:
        text: whole.
        names: that are known already; a name that the model finds beside them is of the type "other".
        generator: the language model.
        visitor: for the waiting line.

    Yields:
        Progress ("relating" in sentences, and those of the engine), Notice ("relations_dropped"), Item(Relation),
        Done(tuple[Relation, ...]).

    Raises:
        UserError: those of the engine.
    """
    sentences = split(text)[:SENTENCES_MAX]
    schema = SCHEMA if Capability.JSON_SCHEMA in generator.capabilities else None
    sampling = Sampling(temperature=0, max_tokens=REPLY_TOKENS, repetition_penalty=1.0, json_schema=schema)
    kept: list[Relation] = []
    done = dropped = 0
    for some in _portions(sentences):
        yield Progress("relating", done, len(sentences), "sentences")
        reply = ""
        for event in chat.reply(generator, [Message("user", prompt(text, some))], sampling, visitor=visitor):
            if isinstance(event, Done):
                reply = event.result.text
            elif not isinstance(event, Delta | Item):
                yield event
        for told in parsed(reply):
            relation = tied(told, text, some, names)
            dropped += relation is None
            if relation is not None and relation not in kept:
                kept.append(relation)
                yield Item(relation)
        done += len(some)
    if dropped:
        yield Notice("relations_dropped", {"n": dropped})
    yield Done(tuple(kept))


def prompt(text: str, some: Sequence[Span]) -> str:
    """The order that goes with some sentences."""
    lines = "\n".join(f"{number}. {' '.join(span.of(text).split())}" for number, span in enumerate(some, 1))
    asked: str = table()[language(lines) or "en"]["ask"]
    return asked.format(sentences=lines)


def parsed(reply: str) -> Iterator[dict[str, Any]]:
    """What can be read of the reply: one that was broken off still has whole objects in it."""
    for match in _OBJECT.finditer(reply):
        try:
            told = json.loads(match[0])
        except ValueError:
            continue
        if isinstance(told, dict):
            yield told


def tied(told: dict[str, Any], text: str, some: Sequence[Span], names: Sequence[Name]) -> Relation | None:
    """The relation in its sentence; None where it does not stand there."""
    number, head, label, tail = (told.get(key) for key in ("sentence", "head", "relation", "tail"))
    if not isinstance(number, int) or not 1 <= number <= len(some):
        return None
    if not all(isinstance(each, str) and each.strip() for each in (head, label, tail)):
        return None
    sentence = some[number - 1]
    ends = [_found(str(each).strip(), text, sentence, names) for each in (head, tail)]
    if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
        return None
    return Relation(ends[0], ends[1], " ".join(str(label).split())[:LABEL_CHARS_MAX], 1.0, *sentence)


def _found(name: str, text: str, sentence: Span, names: Sequence[Name]) -> Name | None:
    """The known name that is meant, or a new one where the words stand in the sentence."""
    start = text.find(name, sentence.start, sentence.end)
    if start < 0:
        return None
    end = start + len(name)
    for known in names:
        if sentence.start <= known.start < known.end <= sentence.end and known.text == name:
            return known
    return Name(start, end, name, OPEN_TYPE, 1.0)


def _portions(sentences: Sequence[Span]) -> Iterator[list[Span]]:
    some: list[Span] = []
    for span in sentences:
        chars = sum(end - start for start, end in some)
        if some and (len(some) == SENTENCES_AT_ONCE or chars + span.end - span.start > CHARS_AT_ONCE):
            yield some
            some = []
        some.append(span)
    if some:
        yield some
