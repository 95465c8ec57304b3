"""What a handler of the Train tab answers: which parts of the screen change, and how an error is told in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.training.plan import EXAMPLES
from llm_core.web.gradio import gr
from llm_core.web.train import beginning, card, draft, learning, pieces, results, run_pieces, try_boxes
from llm_core.web.train.curves import Reader, came_along
from llm_core.web.train.form import Form
from llm_core.web.train.screen import Screen
from llm_core.web.train.words import word_of
from llm_core.workbench.beginnings import beginnings

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig
    from llm_core.workbench import Workbench
    from llm_core.workbench.runs import Runs

Update = dict[Any, Any]  # component -> its new value

RUN_STEP = 5


class View:
    """The screen as updates.

    Args:
        workbench: whose runs are shown.
        screen: the components.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self.workbench = workbench
        self.screen = screen
        self._reader: Reader | None = None

    @property
    def runs(self) -> Runs:
        """Of the workbench; loaded with the first visitor who looks."""
        return self.workbench.runs

    def owner(self, visitor: str) -> str:
        """Whose runs are seen: on a server for this computer alone, those of everyone at it."""
        return "" if self.workbench.settings.is_local else visitor

    @property
    def reader(self) -> Reader:
        """Of the runs' metrics."""
        self._reader = self._reader or Reader(self.runs)
        return self._reader

    def config(self, visitor: str, form: Form, language: Language) -> TrainConfig:
        """The configuration that the form asks for, its licence notes in it."""
        form, _ = self.fitted(visitor, form)
        asked = form.plan(pieces.names(language))
        if form.thumbs:
            asked["texts"] = [*asked["texts"], self._thumbs(visitor)]
        config = self.runs.plan(visitor, **asked)
        notes = {str(upload.path): upload.licence for upload in form.files if upload.licence}
        sources = tuple(
            source.model_copy(update={"licence": notes.get(str(source.path), source.licence)})
            for source in config.sources
        )
        return config.model_copy(update={"sources": sources})

    def _thumbs(self, visitor: str) -> Path:
        """A file of the replies that the visitor rated.

        Raises:
            UserError: `thumbs_none`.
        """
        if (path := self.workbench.chats.save_thumbs(visitor)) is None:
            raise UserError("thumbs_none")
        return path

    def fitted(self, visitor: str, form: Form) -> tuple[Form, Sequence[str]]:
        """The form without what its family cannot do, and the models that a run of it may begin with."""
        here = beginnings(self.workbench.settings, self.runs.list(self.owner(visitor)), form.family)
        return beginning.fitted(form, here), here

    def building(self, visitor: str, current: str, form: Form, language: Language, *, now: int) -> Update:
        """The steps and the plan as the form asks for them.

        Args:
            visitor: who fills it in.
            current: the run that is shown on the last step; "" where none is.
            form: what is filled in.
            language: of the page.
            now: the step to go to; 0 stays.
        """
        form, here = self.fitted(visitor, form)
        shown: Update = {self.screen.notice: "", self.screen.draft: draft.kept(form)}
        shown |= beginning.dials(self.screen.form, form, here, language)
        shown |= learning.dials(self.screen.form, form, language)
        try:
            config = self.config(visitor, form, language)
        except UserError as error:
            results = ["", "", "", "", ""]
            told = pieces.notice(explain(error, language), doubt=True)
            shown |= {self.screen.plan: told, self.screen.start: gr.update(interactive=False)}
        else:
            results = pieces.results(config, language)
            told = pieces.plan(config, self.runs.reasons(config), form, language)
            if unfit := learning.unfit(form):
                told += pieces.notice(say(language, unfit[0], **unfit[1]), doubt=True)
            shown |= {self.screen.plan: told, self.screen.start: gr.update(interactive=not unfit)}
        shown[self.screen.steps] = pieces.stepper(results, language, now=now, run=current)
        shown[self.screen.families] = pieces.family(form.family, language)
        shown[self.screen.needs] = learning.needs(form, language)
        shown[self.screen.uncleaned] = pieces.cleaned(form, language)
        shown[self.screen.look_clean] = gr.update(visible=form.objective not in EXAMPLES)
        return shown

    def filled(self, form: Form, language: Language, lost: Sequence[str] = ()) -> Update:
        """Every field as the form has it.

        Args:
            form: what is filled in.
            language: of the page.
            lost: names of files that were added before the page was reloaded.
        """
        return {self.screen.form[name]: value for name, value in draft.values(form).items()} | {
            self.screen.samples: pieces.samples(form.samples, language),
            self.screen.files: pieces.files(form, language, lost),
        }

    def run(self, visitor: str, name: str, beside: Sequence[str], language: Language, *, looks: int = -1) -> Update:
        """A run as it stands now.

        Args:
            visitor: whose run it is.
            name: of the run.
            beside: other runs on its chart.
            language: of the page.
            looks: how many looks at the model the browser has; their table is sent only where there are others.
        """
        run, config = self.runs.get(self.owner(visitor), name), self.runs.config(self.owner(visitor), name)
        learned = self.reader.learned(self.owner(visitor), name)
        others = {}
        for other in beside:
            with suppress(UserError):  # deleted since
                others[other] = self.reader.learned(self.owner(visitor), other)
        shown: Update = {
            self.screen.current: name,
            self.screen.beside: tuple(others),
            self.screen.run: run_pieces.head(run, learned, language),
            self.screen.chart: run_pieces.charts(learned, run, others, language),
            self.screen.card: card.settings(config, run, language),
            self.screen.result: "",
        }
        if run.state == "done":
            shown |= self.result(visitor, name, language)
            owner, trying_here = self.owner(visitor), self.workbench.trying
            shown |= try_boxes.boxes(self.screen.trying, trying_here, owner, name, language, empty=looks < 0)
        if looks != learned.step_of_look:
            shown[self.screen.looks] = run_pieces.looks(learned, config.prompts, language)
        return shown

    @property
    def pushes(self) -> bool:
        """Whether models may be sent to the Hub from here: a token belongs on no server of others."""
        settings = self.workbench.settings
        return settings.is_local and not settings.offline

    def result(self, visitor: str, name: str, language: Language) -> Update:
        """What came of a finished run."""
        owner = self.owner(visitor)
        offer, scores = self.workbench.exports.offer(owner, name), self.workbench.measuring.scores(owner, name)
        word = word_of(self.runs.config(owner, name), language)
        return {self.screen.result: results.shown(offer, scores, word, language, pushes=self.pushes)}

    def opened(
        self, visitor: str, name: str, form: Form, language: Language, *, beside: Sequence[str] = ()
    ) -> Update:
        """Another run is shown on the last step; the other steps go on being about the next one."""
        shown = self.run(visitor, name, beside, language) | self.rail(visitor, name, beside, language)
        return self.building(visitor, name, form, language, now=RUN_STEP) | shown

    def rail(self, visitor: str, current: str, beside: Sequence[str], language: Language) -> Update:
        """The list of runs."""
        runs = self.runs.list(self.owner(visitor))
        listed = run_pieces.rail(runs, current, beside, language)
        writes = next((run.objective in run_pieces.WRITING for run in runs if run.name == current), False)
        along = run_pieces.along(tuple(came_along()), beside, language) if writes else ""
        return {self.screen.rail: listed + along}

    def guarded(self, language: Language, work: Callable[[], Update]) -> Update:
        """What `work` answers; or, where it fails, the sentence for it beside Start."""
        try:
            return work()
        except UserError as error:
            return {self.screen.notice: pieces.notice(explain(error, language))}
        except Exception:
            return {self.screen.notice: pieces.notice(explain(unexpected("a handler of Train"), language))}


def wish(event: gr.EventData) -> Mapping[str, str]:
    """What was clicked: {"do": ..., "id": ...}. It comes from the browser, so anything may be in it."""
    sent = event._data
    return {str(name): str(value) for name, value in sent.items()} if isinstance(sent, Mapping) else {}
