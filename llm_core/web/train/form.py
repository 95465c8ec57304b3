"""What a visitor has filled in on the Train tab, and the plan that it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from llm_core.errors import UserError
from llm_core.messages import Language
from llm_core.values import shown

CLEANING = (
    "noise", "normalise", "simplify", "personal", "repeated_lines", "near_duplicates", "deduplicate", "segment",
    "stop_words",
)  # fmt: skip
KINDS = ("byte-bpe", "unigram", "bpe", "char", "word")
MINUTES = (1, 3, 10, 60, 480)


KNOBS = {
    "updates": "budget.steps",
    "learning_rate": "optimize.learning_rate",
    "context": "batch.context",
    "micro_tokens": "batch.micro_tokens",
    "accumulate": "batch.accumulate",
    "weight_decay": "optimize.weight_decay",
    "clip": "optimize.clip",
    "label_smoothing": "optimize.label_smoothing",
    "evaluate_every": "budget.evaluate_every",
    "patience": "budget.patience",
    "layers": "shape.layers",
    "hidden": "shape.hidden",
    "dropout": "shape.dropout",
    "softmaxes": "shape.softmaxes",
    "seed": "seed",
}
"""Settings that few touch: the form's field, and its place in a TrainConfig."""
UPDATES_DIGITS_MAX = 9
TEXTS = ("paste", "name", "kind", "size", "vocabulary", "objective", "start", "rank", "folds")
SWITCHES = ("adapter", "apart", "thumbs")
COLUMNS = 4
"""The most that an objective reads; the fields are column_0, column_1, …"""
RANKS = ("4", "8", "16", "32", "64")
ALPHA = 2
"""For each rank: so much of an adapter is felt whatever its rank."""


@dataclass(frozen=True)
class Upload:
    """A file of the visitor's, and on whose terms it is read."""

    path: Path
    licence: str = ""


@dataclass(frozen=True)
class Form:
    """The values of all fields; a knob that nobody touched is not among the knobs."""

    samples: tuple[str, ...] = ("stories-en",)
    files: tuple[Upload, ...] = ()
    paste: str = ""
    cleaning: tuple[str, ...] = ("normalise", "deduplicate")
    kind: str = ""
    vocabulary: str = ""
    family: str = "decoder"
    size: str = ""
    objective: str = ""  # what the family learns by itself
    start: str = ""  # by itself: fresh weights, or for labels the encoder that comes along
    adapter: bool = False
    rank: str = "8"
    apart: bool = False  # the adapter stays an adapter, and is not added to the weights
    thumbs: bool = False  # learns from what was rated in Chat, too
    columns: tuple[str, ...] = ()  # of files, by their role in what is learned
    folds: str = ""
    minutes: int = 3
    name: str = ""
    knobs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Any]) -> Form:
        """From the components' values, which come from a browser, in the order of `names`."""
        given = dict(zip(names, values, strict=True))
        knobs = tuple((knob, given[knob].strip()) for knob in KNOBS if (given[knob] or "").strip())
        columns = tuple(given[f"column_{number}"] or "" for number in range(COLUMNS))
        own = {field.name: given[field.name] for field in fields(cls) if field.name not in ("knobs", "columns")}
        listed = {name: tuple(own[name] or ()) for name in ("samples", "files", "cleaning")}
        texts = {name: (own[name] or "").strip() for name in TEXTS}
        switches = {name: bool(own[name]) for name in SWITCHES}
        return cls(**own | listed | texts | switches, knobs=knobs, columns=columns if any(columns) else ())

    def plan(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The arguments of `Runs.plan`.

        Args:
            names: what the page calls an entry of the configuration.

        Raises:
            UserError: `value_unusable`.
        """
        steps = self._steps(names)
        return {
            "name": self.name,
            "texts": [upload.path for upload in self.files],
            "paste": self.paste,
            "samples": self.samples,
            "family": self.family,
            "size": self.size or None,
            "steps": steps,
            "seconds": None if steps else self.minutes * 60.0,
            "columns": self.columns,
            "more": self._more(),
            "names": names,
        }

    def entries(self) -> Iterator[tuple[str, Any]]:
        """What was chosen and does not stand by itself, by its place in a TrainConfig: batch.context."""
        for name in CLEANING:
            if (chosen := name in self.cleaning) != (name in STANDING.cleaning):
                yield f"cleaning.{name}", chosen
        if self.objective:
            yield "objective", self.objective
        if self.start:
            yield "start", self.start
        if self.adapter:
            yield "adapter.rank", int(self.rank)
            yield "adapter.alpha", ALPHA * float(self.rank)
            yield "adapter.merge", not self.apart
        if self.folds:
            yield "folds", self.folds
        if self.kind:
            yield "tokenizer.kind", self.kind
        if self.vocabulary:
            yield "tokenizer.vocabulary", self.vocabulary
        for knob, value in self.knobs:
            if knob != "updates":
                yield KNOBS[knob], value

    def _steps(self, names: Mapping[str, str]) -> int | None:
        written = dict(self.knobs).get("updates")
        if written is None:
            return None
        if not written.isdecimal() or len(written) > UPDATES_DIGITS_MAX or not int(written):
            raise UserError("value_unusable", name=names[KNOBS["updates"]], value=shown(written))
        return int(written)

    def _more(self) -> Mapping[str, Any]:
        more: dict[str, Any] = {}
        for place, value in self.entries():
            part, _, entry = place.rpartition(".")
            if part:
                more.setdefault(part, {})[entry] = value
            else:
                more[entry] = value
        return more


STANDING = Form()
_FIRST_TEXT: dict[Language, str] = {"en": "stories-en", "zh": "stories-zh"}


def standing(language: Language) -> Form:
    """What nobody has filled in yet; the text is in the page's language."""
    return replace(STANDING, samples=(_FIRST_TEXT[language],))
