"""What was filled in on the Train tab, as the browser keeps it over a reload; whatever comes back is looked at anew.

Files are kept by name alone: a path that comes from a browser is never opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, get_args

from llm_core.training.config import Family, Size
from llm_core.training.samples import SAMPLES
from llm_core.web.train.form import CLEANING, KINDS, KNOBS, MINUTES, SWITCHES, Form

CHARS_MAX = 200_000  # of pasted text; a browser keeps a few million characters of all
FIELD_CHARS_MAX = 200
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "family": get_args(Family), "size": ("", *get_args(Size)), "kind": ("", *KINDS), "minutes": MINUTES,
}  # fmt: skip


def kept(form: Form) -> str:
    """The form as JSON."""
    values = asdict(form) | {"files": [upload.path.name for upload in form.files], "knobs": dict(form.knobs)}
    return json.dumps(values | {"columns": [], "paste": form.paste if len(form.paste) <= CHARS_MAX else ""})


def read(written: str, standing: Form) -> tuple[Form, list[str]]:
    """The form that was kept, and the names of its files; what makes no sense is as it stands.

    Args:
        written: what the browser had, which may be anything.
        standing: the form that nobody has filled in.
    """
    try:
        told = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return standing, []
    if not isinstance(told, Mapping) or not told:
        return standing, []
    sound = {field.name: _sound(field.name, told.get(field.name), standing) for field in fields(Form)}
    lost = _names(told.get("files"))
    return replace(standing, **sound | {"files": (), "columns": ()}), lost


def values(form: Form) -> dict[str, Any]:
    """The value of each of the form's components."""
    names = [field.name for field in fields(form) if field.name not in ("knobs", "columns", *FITTED)]
    given = {name: getattr(form, name) for name in names} | {"cleaning": list(form.cleaning)}
    return given | {knob: dict(form.knobs).get(knob, "") for knob in KNOBS}


FITTED = ("objective", "start", "adapter", "rank", "thumbs", "folds")
"""Fields that are filled as they fit the family; see beginning.dials."""


def _sound(name: str, value: Any, standing: Form) -> Any:
    """The value of a field where it can be one, else the standing one."""
    usual = getattr(standing, name)
    if name == "knobs":
        told = value if isinstance(value, Mapping) else {}
        return tuple((knob, _text(told[knob])) for knob in KNOBS if isinstance(told.get(knob), str) and told[knob])
    if name in ("samples", "cleaning"):
        known = SAMPLES if name == "samples" else CLEANING
        return tuple(one for one in known if one in value) if isinstance(value, list) else usual
    if name in CHOICES:
        return value if value in CHOICES[name] else usual
    if name in SWITCHES:
        return value is True
    if isinstance(value, str):
        return value[:CHARS_MAX] if name == "paste" else _text(value)
    return usual


def _text(value: str) -> str:
    return value[:FIELD_CHARS_MAX]


def _names(value: Any) -> list[str]:
    return [_text(name) for name in value[:20] if isinstance(name, str)] if isinstance(value, list) else []
