"""Which columns of a table an objective reads: asked for by name, or known by what people call them.

An objective has roles, such as a text and its label. A source that has the columns that the objective reads by itself
needs nothing; of another the columns are found by their usual names. Nothing is guessed beyond that. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import PurePath

from llm_core.errors import UserError
from llm_core.training.collect import read_records
from llm_core.training.config import Source

PAIRS = "pairs"
"""What an encoder–decoder learns from: no objective of its own."""
ROLES: Mapping[str, tuple[str, ...]] = {
    "language": ("text",),
    PAIRS: ("first", "second"),
    "chat": ("asked", "answered"),
    "preference": ("asked", "answered"),
    "label": ("text", "second", "label"),
    "tags": ("text", "entities"),
    "relation": ("text", "head", "tail", "relation"),
    "span": ("context", "question", "answer"),
    "contrastive": ("first", "second"),
}
"""In the order in which the objective reads them."""
OPTIONAL = {("label", "second"), ("contrastive", "second")}
"""A pair has one label; texts without a partner are told apart from one another."""
NATIVE: Mapping[str, frozenset[str]] = {
    "language": frozenset({"text"}),
    PAIRS: frozenset({"zh", "en"}),
    "chat": frozenset({"messages"}),
    "preference": frozenset({"messages"}),
    "label": frozenset({"text", "label"}),
    "tags": frozenset({"text", "entities"}),
    "relation": frozenset({"text", "head", "tail", "relation"}),
    "span": frozenset({"context", "qas"}),
    "contrastive": frozenset({"text"}),
}
"""Columns that are read without being named."""
NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "sentence", "content", "review", "comment", "utterance", "文本", "句子", "内容", "评论", "正文"),
    "label": ("label", "class", "category", "intent", "sentiment", "emotion", "标签", "类别", "分类", "意图", "情感"),
    "first": ("text", "query", "question", "anchor", "sentence1", "text1", "source", "zh", "句子1", "文本1", "原文"),
    "second": ("text2", "sentence2", "positive", "target", "en", "句子2", "文本2", "译文"),
    "entities": ("entities", "spans", "实体"),
    "head": ("head", "subject", "头实体"),
    "tail": ("tail", "object", "尾实体"),
    "relation": ("relation", "predicate", "关系"),
    "context": ("context", "passage", "paragraph", "短文", "段落", "原文"),
    "question": ("question", "query", "问题"),
    "answer": ("answer", "answers", "答案", "回答"),
    "asked": ("question", "prompt", "instruction", "input", "query", "user", "问题", "指令", "提问"),
    "answered": ("answer", "response", "output", "completion", "reply", "assistant", "回答", "答案", "回复"),
}
"""What people call a column, the usual first."""
TABLES = (".csv", ".tsv", ".jsonl")
_PACKED = (".xz", ".gz")
_LOOKED_AT = 20
"""Records: a JSON line may lack what others have."""


def is_table(name: str) -> bool:
    """Whether a file of this name has columns."""
    path = PurePath(name.lower())
    return (PurePath(path.stem) if path.suffix in _PACKED else path).suffix in TABLES


def columns_in(source: Source) -> tuple[str, ...]:
    """Those of a sample or a table; none of anything else, nor of what cannot be read."""
    if source.dataset or not (source.sample or is_table(source.path.name)):
        return ()
    names: dict[str, None] = {}
    with suppress(UserError, OSError, ValueError):
        for record in islice(read_records(source), _LOOKED_AT):
            names |= dict.fromkeys(name for name in record if name)
    return tuple(names)


def found(objective: str, columns: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """The column of each role, "" where it is not known or not there.

    Args:
        objective: one of ROLES.
        columns: of the source.
        chosen: by role; "" is left to be found.
    """
    lower = {name.strip().lower(): name for name in reversed(columns)}
    taken: list[str] = []
    for number, role in enumerate(ROLES[objective]):
        asked = chosen[number] if number < len(chosen) else ""
        usual = (lower[name] for name in NAMES[role] if name in lower and lower[name] not in taken)
        taken.append(asked if asked in columns else next(usual, ""))
    return tuple(taken)


def reads_itself(objective: str, columns: Sequence[str]) -> bool:
    """Whether the objective knows these columns by itself."""
    native = NATIVE[objective] <= set(columns)
    return native or (objective == "contrastive" and NATIVE["span"] <= set(columns))


def missing(objective: str, columns: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """Roles without a column; all of them where a choice is still to be made."""
    if reads_itself(objective, columns):
        return ()
    named = zip(ROLES[objective], found(objective, columns, chosen), strict=True)
    return tuple(role for role, name in named if not name and (objective, role) not in OPTIONAL)


def with_columns(source: Source, objective: str, chosen: Sequence[str] = ()) -> Source:
    """The source, its `fields` as the objective wants them; as it is where they stand already, or are not found."""
    if source.fields != ("text",) or objective not in ROLES:
        return source
    columns = columns_in(source)
    if objective == "contrastive" and NATIVE["span"] <= set(columns):
        return source.model_copy(update={"fields": ("question", "context")})
    asked = any(name in columns for name in chosen)
    if not columns or missing(objective, columns, chosen) or (reads_itself(objective, columns) and not asked):
        # A reader of two columns is told so where it could do with one.
        two = objective == "contrastive" and found(objective, columns)[1]
        if not two:
            return source
    return source.model_copy(update={"fields": tuple(filter(None, found(objective, columns, chosen)))})


def objective_for(columns: Sequence[str]) -> str:
    """What a table with these columns is most likely for; "" where that is not plain.

    `question` and `answer` with a passage are for reading, without one for talking.
    """
    for objective in ("chat", "span", "relation", "tags", "label"):
        told = found(objective, columns)
        needed = [
            name for role, name in zip(ROLES[objective], told, strict=True) if (objective, role) not in OPTIONAL
        ]
        if NATIVE[objective] <= set(columns) or (all(needed) and not _passage_in(objective, columns)):
            return objective
    return PAIRS if NATIVE[PAIRS] <= set(columns) else ""


def _passage_in(objective: str, columns: Sequence[str]) -> bool:
    """Whether what looks like a talk is a question on a passage."""
    return objective == "chat" and bool(found("span", columns)[0])
