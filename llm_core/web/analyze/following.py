"""A job of the desk painted from its beginning to its end, or until another one takes its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import Job, unexpected
from llm_core.messages import Language, explain
from llm_core.web.analyze import pieces
from llm_core.web.gradio import gr
from llm_core.web.render import Grows, paint

if TYPE_CHECKING:
    from llm_core.workbench.analysis_desk import AnalysisDesk, Kind

Update = dict[Any, Any]
EVERY_S = 0.4  # a whole text is painted anew each time


def followed(
    desk: AnalysisDesk,
    visitor: str,
    kind: Kind,
    start: Callable[[], Job],
    live: Grows[Any],
    show: Callable[[Any], Update],
    end: Callable[[], Update],
) -> Iterator[Update]:
    """Updates of the page for a job.

    Args:
        desk: whose job it is.
        visitor: likewise.
        kind: of the job; what was found stays until another one of its kind begins.
        start: gives the job.
        live: takes its events.
        show: updates from a picture of `live`.
        end: updates once it has ended, however it did.

    Raises:
        UserError: why it could not start, or what ended it; `end` was shown before.
    """
    job = start()

    def ours() -> bool:
        work = desk.last(visitor, kind)
        return work is not None and work.job is job

    try:
        for picture in paint(job, live, EVERY_S):
            if not ours():
                return
            yield show(picture)
    except UserError:
        yield end()
        raise
    if ours():
        yield end()


def guarded(updates: Iterator[Update], notice: gr.HTML, idle: Update, language: Language) -> Iterator[Update]:
    """The same updates; what goes wrong is said in `notice`, and the buttons are those of `idle` again."""
    try:
        yield from updates
    except UserError as error:
        yield idle | {notice: pieces.notice(explain(error, language))}
    except Exception:
        yield idle | {notice: pieces.notice(explain(unexpected("a handler of Analyze"), language))}


def buttons(go: gr.Button, stop: gr.Button, *, running: bool) -> Update:
    """Begin, or Stop while it is under way."""
    return {go: gr.update(visible=not running), stop: gr.update(visible=running)}


def wish(event: gr.EventData) -> tuple[str, str]:
    """What was clicked, and on which thing. It comes from the browser, so anything may be in it."""
    sent = event._data if isinstance(event._data, dict) else {}
    return str(sent.get("do", "")), str(sent.get("id", ""))
