"""How the prompts of Summarize do with one model, on the examples, by the checks that code makes.

The examples were written before the prompts were tuned. The checks say what is surely wrong; whether the rest is
good, the text that is printed shows.
"""

from __future__ import annotations

from collections.abc import Generator as Generating
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args

from llm_core.events import Done, Event, Events, Item, Notice, Progress
from llm_core.messages import LANGUAGES
from llm_core.tasks.summarize import Ready, rewritten
from llm_core.tasks.summary import Form, Part, Rejected, Summary, SummaryOptions

TEXTS: Final = Path(__file__).parents[2] / "assets" / "examples" / "summarize"


@dataclass(frozen=True, slots=True)
class Tried:
    """One example in one form."""

    name: str
    form: Form
    to: str
    summary: str
    parts: int
    rejected: tuple[str, ...]  # the fault of each try that was of no use
    stood_in: int  # parts where a key sentence stands


@dataclass(slots=True)
class Shares:
    """Of all parts: good at the first try, good in the end; and how often each fault was found."""

    parts: int = 0
    first_try: int = 0
    written: int = 0
    faults: dict[str, int] = field(default_factory=dict)


def texts(names: Sequence[str] = ()) -> list[Path]:
    """The examples; with `names`, those whose names begin with one of them."""
    found = sorted(TEXTS.glob("*.txt"))
    return [path for path in found if not names or path.name.startswith(tuple(names))]


def evaluate(ready: Ready, examples: Sequence[Path], *, across: bool = False) -> Events:
    """Summarize each example in each form.

    Args:
        ready: gives the model.
        examples: files named `<name>.<language>.txt`.
        across: in the other language too.

    Yields:
        Progress ("measuring"), Item(Tried), at last Done(Shares).
    """
    runs = [
        (path, form, to)
        for path in examples
        for to in LANGUAGES
        if across or path.name.endswith(f".{to}.txt")
        for form in get_args(Form)
    ]
    shares = Shares()
    for done, (path, form, to) in enumerate(runs):
        options = SummaryOptions(method="rewrite", form=form, to=to)
        tried = yield from _tried(path, options, ready)
        _count(shares, tried)
        yield Item(tried)
        yield Progress("measuring", done + 1, len(runs), "texts")
    yield Done(shares)


def _tried(path: Path, options: SummaryOptions, ready: Ready) -> Generating[Event, None, Tried]:
    rejected: list[str] = []
    parts: list[Part] = []
    summary: Summary | None = None
    for event in rewritten(path.read_text("utf-8"), options, ready):
        match event:
            case Item(Rejected() as one):
                rejected.append(one.reason)
            case Item(Part() as part):
                parts.append(part)
            case Done(Summary() as whole):
                summary = whole
            case Notice() | Item():
                pass
            case _:
                yield event
    assert summary is not None
    stood_in = sum(part.state == "stood_in" for part in parts)
    return Tried(path.stem, options.form, str(options.to), summary.summary, len(parts), tuple(rejected), stood_in)


def _count(shares: Shares, tried: Tried) -> None:
    shares.parts += tried.parts
    shares.written += tried.parts - tried.stood_in
    shares.first_try += tried.parts - (len(tried.rejected) - tried.stood_in)
    for fault in tried.rejected:
        shares.faults[fault] = shares.faults.get(fault, 0) + 1
