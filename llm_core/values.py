"""What is wrong with a value that pydantic refused, as a sentence that says what would fit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from llm_core.errors import UserError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo

SHOWN_CHARS = 60
PATH_CHARS = 400


def refused(model: type[BaseModel], error: ValidationError, names: Mapping[str, str] | None = None) -> UserError:
    """The first thing that does not fit.

    Args:
        model: whose fields were filled.
        error: what pydantic says.
        names: what a person calls a field, where that is not its name.

    Returns:
        `value_unknown`, `value_choice`, `value_whole`, `value_number`, `value_too_long` or `value_unusable`.
    """
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    place = path[0] if path else ""
    field = model.model_fields.get(place)
    name = (names or {}).get(".".join(path)) or (names or {}).get(place) or ".".join(path)
    value = shown(first["input"])
    if first["type"] == "extra_forbidden":
        return UserError("value_unknown", name=name)
    if first["type"] == "missing":
        return UserError("value_missing", name=name)
    if first["type"] == "string_too_long":
        return UserError("value_too_long", name=name, limit=first["ctx"]["max_length"])
    if first["type"] == "literal_error":
        choices = ", ".join(re.findall("'([^']+)'", first["ctx"]["expected"]))
        return UserError("value_choice", name=name, value=value, choices=choices)
    kinds = {field.annotation, *get_args(field.annotation)} if field else set()
    if field and len(path) == 1 and kinds & {int, float}:
        least, most = _range(field)
        return UserError(
            "value_whole" if int in kinds else "value_number", name=name, value=value, least=least, most=most
        )
    return UserError("value_unusable", name=name, value=value)


def shown(value: object, chars_max: int = SHOWN_CHARS) -> str:
    """A value as a sentence can hold it: one line, not endless, no half characters."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(value)[: chars_max + 1])
    return text if len(text) <= chars_max else text[:chars_max] + "…"


def shown_path(path: object) -> str:
    """A path as a sentence can hold it; they are longer than other values."""
    return shown(path, PATH_CHARS)


def _range(field: FieldInfo) -> tuple[str, str]:
    """The least and the most that fit; a bound that is left out itself stands for the value beside it."""
    least, most = -math.inf, math.inf
    for limit in _limits(field):
        least = max(least, getattr(limit, "ge", least), getattr(limit, "gt", least))
        most = min(most, getattr(limit, "le", most))
        if (below := getattr(limit, "lt", None)) is not None:
            most = min(most, below - 1 if isinstance(below, int) else below)
    return _figure(least), _figure(most)


def _limits(field: FieldInfo) -> list[Any]:
    """Those of the field, and of each kind that its annotation allows."""
    return [
        *field.metadata,
        *(limit for kind in get_args(field.annotation) for limit in getattr(kind, "__metadata__", ())),
    ]


def _figure(bound: float) -> str:
    if math.isinf(bound):
        return "∞" if bound > 0 else "−∞"
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"
