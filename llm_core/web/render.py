"""Events of a running task as what the page shows while it runs. Alone knows about throttling.

A page that grew with every token would cost the browser more than the model costs the server. What has come is
painted at most every PAINT_EVERY_S, and a sign of life given at least every SIGN_EVERY_S: that is also how a closed
page is noticed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol, TypeVar

from llm_core.errors import UserError
from llm_core.events import Delta, Event, Notice, Progress, Tick
from llm_core.jobs import Job
from llm_core.messages import Language, say
from llm_core.web.chat.thread import thoughts
from llm_core.web.frame import escape
from llm_core.web.markdown import Growing, split_reasoning

Picture = TypeVar("Picture", covariant=True)

PAINT_EVERY_S = 0.08
SIGN_EVERY_S = 1.0


class Live:
    """The live bubble: a reply that is being written, as pieces of HTML of which only the last ones change."""

    def __init__(self, language: Language, *, named: bool = False) -> None:
        """Args: named: the model's name stands above the reply, for there is another one beside it."""
        self._language = language
        self._named = named
        self._name = ""
        self._text = ""
        self._thoughts, self._reply = _Part(), _Part()
        self._stage: Progress | None = None
        self._notes: list[str] = []  # as HTML
        self._first_token_at = 0.0
        self._tokens = 0

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        match event:
            case Delta():
                self._first_token_at = self._first_token_at or time.monotonic()
                self._tokens += 1
                self._text += event.text
            case Progress():
                self._stage = event
            case Notice(
                "consulted" | "consulted_none" | "leaves" | "leaves_masked" as code
            ):  # nothing to worry about
                told = escape(say(self._language, f"notices.{code}", **event.facts))
                self._notes.append(f'<p class="consulted">{told}</p>')
            case Notice("model") if self._named:
                self._name = event.facts["title"][self._language]
            case Notice(code) if code != "model":
                told = escape(say(self._language, f"notices.{code}", **event.facts))
                self._notes.append(f'<div class="notice doubt"><p>{told}</p></div>')
            case _:
                return False
        return True

    def picture(self) -> list[str]:
        """The pieces of HTML, in order."""
        notes = [f'<header><b class="who">{escape(self._name)}</b></header>'] if self._named else []
        notes += self._notes
        if not self._text.strip():
            return [*notes, *self._waiting()]
        if "<think>".startswith(self._text.strip()):
            return [*notes, self._meter()]  # not yet known whether it thinks aloud
        aloud, text = split_reasoning(self._text)
        folded = [] if aloud is None else [thoughts(self._thoughts.grown(aloud), self._language, under_way=not text)]
        return [*notes, *folded, *self._reply.grown(text), self._meter()]

    def _waiting(self) -> list[str]:
        stage = self._stage
        if stage is None:
            return [_line(""), _BARS]
        said = say(self._language, f"stages.{stage.stage}")
        match stage.stage:
            case "waiting_for_model":
                share = stage.done / stage.total if stage.total else 0.0
                said = say(self._language, "chat.waiting_for_model")
                return [f'<p class="meter"><span>{said}</span><b>{share:.0%}</b></p>', _line(f"--w:{share:.4f}")]
            case "waiting":
                said = say(self._language, "chat.place", n=int(stage.done))
                return [f'<p class="meter">{said}</p>', _line("")]
            case "reading" if stage.total:
                figures = say(self._language, "chat.of", done=stage.done, total=stage.total)
                line = _line(f"--w:{stage.done / stage.total:.4f}")
                return [f'<p class="meter"><span>{said}</span><span>{figures}</span></p>', line, _BARS]
            case _:
                waited = say(self._language, "chat.seconds", t=stage.done)
                return [f'<p class="meter"><span>{said}</span><b>{waited}</b></p>', _line(""), _BARS]

    def _meter(self) -> str:
        seconds = time.monotonic() - self._first_token_at
        parts = [f"<span><b>{self._tokens:,}</b> {say(self._language, 'chat.tokens')}</span>"]
        if seconds > 1:
            speed = say(self._language, "chat.tokens_per_second")
            parts.insert(0, f"<span><b>{self._tokens / seconds:.1f}</b> {speed}</span>")
        return f'<p class="meter">{"".join(parts)}</p>'


class _Part:
    """One text that grows, as blocks; only what is new is read."""

    def __init__(self) -> None:
        self._growing = Growing()
        self._had = 0

    def grown(self, text: str) -> list[str]:
        new = text[self._had :]
        self._had = len(text)
        return self._growing.add(new)


class Grows(Protocol[Picture]):
    """Something that takes in the events of a job and can be drawn at any time."""

    def take(self, event: Event) -> bool:
        """Take in one event; says whether the picture changed."""
        ...

    def picture(self) -> Picture:
        """As it looks now."""
        ...


def paint(job: Job, live: Grows[Picture], every_s: float = PAINT_EVERY_S) -> Iterator[Picture]:
    """The pictures of a running job, as often as is worth it.

    Args:
        job: it.
        live: takes in its events.
        every_s: at most once in that time; more for a large picture.

    Raises:
        UserError: what ended the job.
    """
    changed, last = True, 0.0
    for _, event in job.watch():
        changed = live.take(event) or changed
        now = time.monotonic()
        if (changed and now - last >= every_s) or now - last >= SIGN_EVERY_S:
            changed, last = False, now
            yield live.picture()


def paint_beside(replies: Sequence[tuple[Job, Live]]) -> Iterator[list[str]]:
    """The pictures of two running replies side by side until both have ended; the thread tells what ended one."""
    watching = {number: job.watch() for number, (job, _) in enumerate(replies)}
    last = 0.0
    try:
        while watching:
            for number, events in list(watching.items()):
                if not _taken(events, replies[number][1]):
                    del watching[number]
            if time.monotonic() - last >= PAINT_EVERY_S:
                last = time.monotonic()
                columns = [["<section>", *live.picture(), "</section>"] for _, live in replies]
                yield ['<div class="beside">', *itertools.chain(*columns), "</div>"]
    finally:
        for events in watching.values():
            events.close()


def _taken(events: Generator[tuple[int, Event], None, None], live: Live) -> bool:
    """Take in what has come, for at most a moment; says whether more may come."""
    until = time.monotonic() + PAINT_EVERY_S
    try:
        while True:
            _, event = next(events)
            live.take(event)
            if isinstance(event, Tick) or time.monotonic() > until:
                return True
    except (StopIteration, UserError):
        return False


def _line(style: str) -> str:
    """A hairline: how far it has come, or, where the end is unknown, that something moves."""
    return f'<i class="line" style="{style}"></i>' if style else '<i class="line runs"></i>'


_BARS = '<p class="bars-wait"><i></i><i></i><i></i></p>'
