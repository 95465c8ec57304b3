"""Looks at a run before it begins: the data, and what it will take. Jobs of the workbench, painted as they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Done, Event, Progress
from llm_core.jobs import Jobs, unexpected
from llm_core.messages import Language, explain, say
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request
from llm_core.web.render import paint
from llm_core.web.train import pieces, previews
from llm_core.web.train.form import Form
from llm_core.web.train.view import Update, View

if TYPE_CHECKING:
    from llm_core.events import Events

SUBJECT = "train-look"
UNWATCHED_S, LIMIT_S = 20.0, 180.0
SENTENCE_CHARS_MAX = 500


class Looking:
    """Handlers of the looks; each is a generator that watches its job.

    Args:
        view: what is shown.
        names: of the form's fields, in the order in which their values come.
    """

    def __init__(self, view: View, names: Sequence[str]) -> None:
        self._view = view
        self._screen = view.screen
        self._names = names

    def preview(self, visitor: str, sentence: str, request: gr.Request, *values: Any) -> Iterator[Update]:
        """What cleaning changes, how a sentence is cut, what the model will be biased to."""
        language, form = language_of_request(request), Form.of(self._names, values)
        places = (self._screen.findings, self._screen.changes, self._screen.cut)

        def begin() -> Events:
            config = self._view.config(visitor, form, language)
            return self._view.runs.preview(visitor, config, sentence.strip()[:SENTENCE_CHARS_MAX])

        for picture in painted(self._view.workbench.jobs, visitor, begin, language):
            if isinstance(picture, str):
                yield dict.fromkeys(places, picture)
            else:
                shown = (previews.findings, previews.changes, previews.cut)
                yield {place: draw(picture, language) for place, draw in zip(places, shown, strict=True)}

    def estimate(self, visitor: str, request: gr.Request, *values: Any) -> Iterator[Update]:
        """What the run will take on this machine."""
        language, form = language_of_request(request), Form.of(self._names, values)

        def begin() -> Events:
            return self._view.runs.estimate(visitor, self._view.config(visitor, form, language))

        for picture in painted(self._view.workbench.jobs, visitor, begin, language):
            yield {
                self._screen.estimate: picture if isinstance(picture, str) else previews.estimate(picture, language)
            }


def painted(
    jobs: Jobs, visitor: str, begin: Callable[[], Events], language: Language, stage: str = "previewing"
) -> Iterator[Any]:
    """HTML while it works, then what came of it; or the sentence for what went wrong. One at a time for a visitor."""
    try:
        jobs.stop(visitor, SUBJECT, wait_s=1)
        job = jobs.start(begin(), owner=visitor, subject=SUBJECT, unwatched_s=UNWATCHED_S, limit_s=LIMIT_S)
        waiting = _Waiting(language, Progress(stage, 0))
        yield waiting.picture()
        yield from paint(job, waiting)
        if waiting.result is not None:
            yield waiting.result
    except UserError as error:
        yield pieces.notice(explain(error, language))
    except Exception:
        yield pieces.notice(explain(unexpected("a look of Train"), language))


class _Waiting:
    """A look under way: what is being done, and for how long."""

    def __init__(self, language: Language, stage: Progress) -> None:
        self._language = language
        self._stage = stage
        self.result: Any = None

    def take(self, event: Event) -> bool:
        match event:
            case Progress():
                self._stage = event
            case Done():
                self.result = event.result
        return True

    def picture(self) -> str:
        stage = self._stage
        said = say(self._language, f"stages.{stage.stage}")
        if stage.total:
            share = stage.done / stage.total
            line = f'<i class="line" style="--w:{share:.4f}"></i>'
            return f'<p class="meter"><span>{said}</span><b>{share:.0%}</b></p>{line}'
        seconds = say(self._language, "train.time", t=stage.done)
        return f'<p class="meter"><span>{said}</span><b>{seconds}</b></p><i class="line runs"></i>'
