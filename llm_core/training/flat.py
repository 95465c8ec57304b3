"""Plain tables as what is learned from: two columns as a talk, words as places in a text, questions on passages.

The other way round, examples of a sample as a file that can be opened, changed and read again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llm_core.errors import UserError
from llm_core.training.collect import Record
from llm_core.training.config import Source
from llm_core.training.records import read_rows

DEFAULT = ("text",)
"""`fields` of a source of which nothing was said."""


def talks(source: Source) -> Iterator[Record]:
    """Rows of `messages`; of two other columns, what is asked and what is answered."""
    if source.fields == DEFAULT:
        yield from read_rows(source, ("messages",))
        return
    asked, answered = source.fields[:2]
    for record in read_rows(source, (asked, answered)):
        sides = (("user", record[asked]), ("assistant", record[answered]))
        yield record | {"messages": [{"role": role, "content": str(text)} for role, text in sides]}


def passages(source: Source) -> Iterator[Record]:
    """Rows of `context` and `qas`; of three other columns, a passage, a question and its answer, passage by passage.

    An empty answer says that the passage has none.
    """
    if source.fields == DEFAULT:
        yield from read_rows(source, ("context", "qas"))
        return
    passage, question, answer = source.fields[:3]
    asked: dict[str, list[dict[str, Any]]] = {}
    for record in read_rows(source, (passage, question)):
        context = str(record[passage])
        answers = _answers(record.get(answer), context)
        asked.setdefault(context, []).append(
            {"question": str(record[question]), "answers": answers, "answerable": bool(_texts(record.get(answer)))}
        )
    for context, questions in asked.items():
        yield {"context": context, "title": context, "qas": questions}


def entities(value: Any, text: str, source: Source, row: int) -> list[dict[str, Any]]:
    """Entities with `start`, `end` and `type`; of `text` and `type`, where that first stands.

    Args:
        value: a list, or one written as JSON.
        text: in which they stand.
        source: for the error.
        row: for the error.

    Raises:
        UserError: `tags_row_broken`.
    """
    try:
        found = json.loads(value) if isinstance(value, str) else value
        return [_entity(each, text) for each in found]
    except (ValueError, TypeError, KeyError):
        raise UserError("tags_row_broken", name=source.name, line=row) from None


def place(value: Any, text: str, source: Source, row: int) -> dict[str, Any]:
    """What stands where in a text: `text` and `start`; of a word alone, where it first stands.

    Raises:
        UserError: `relation_row_broken`.
    """
    word, start = (value.get("text"), value.get("start")) if isinstance(value, Mapping) else (value, None)
    if isinstance(word, str) and word and start is None:
        start = text.find(word)
    if not isinstance(word, str) or not isinstance(start, int) or text[max(0, start) :][: len(word)] != word:
        raise UserError("relation_row_broken", name=source.name, line=row)
    return {"text": word, "start": start}


def _entity(each: Mapping[str, Any], text: str) -> dict[str, Any]:
    start = each["start"] if "start" in each else text.index(each["text"])
    end = each["end"] if "end" in each else start + len(each["text"])
    if not (isinstance(each["type"], str) and 0 <= start < end <= len(text)):
        raise ValueError
    return {"start": start, "end": end, "type": each["type"]}


def _texts(answer: Any) -> list[str]:
    """The right answers, as SQuAD's tables and plain ones have them."""
    if isinstance(answer, Mapping):
        answer = answer.get("text")
    found = answer if isinstance(answer, list) else [answer]
    return [str(text) for text in found if text not in (None, "")]


def _answers(answer: Any, context: str) -> list[dict[str, Any]]:
    starts = answer.get("answer_start", []) if isinstance(answer, Mapping) else []
    found = []
    for number, text in enumerate(_texts(answer)):
        start = starts[number] if number < len(starts) else context.find(text)
        if start >= 0:
            found.append({"text": text, "start": start})
    return found


def written(records: Sequence[Record], objective: str) -> tuple[str, str]:
    """(suffix, text) of a file with these records, in the plainest form that `objective` reads."""
    if objective in ("chat", "preference", "tags"):
        return ".jsonl", "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    rows = [row for record in records for row in _plain(record)]
    out = io.StringIO()
    table = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return ".csv", out.getvalue()


def _plain(record: Record) -> Iterator[dict[str, str]]:
    """The record as lines of a table."""
    if "qas" in record:
        for each in record["qas"]:
            answer = each["answers"][0]["text"] if each["answers"] else ""
            yield {"context": record["context"], "question": each["question"], "answer": answer}
        return
    yield {name: value["text"] if isinstance(value, Mapping) else value for name, value in record.items()}
