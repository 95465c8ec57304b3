"""What the page offers to programs for training: `/train` begins a run, `/runs` says how the caller's runs are."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.messages import Language, explain, say
from llm_core.web import calls
from llm_core.web.gradio import gr

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.run_state import RunState

_TOKEN = re.compile(r"[\w-]{43}")  # secrets.token_urlsafe(32)


def publish(workbench: Workbench) -> None:
    """Offer both. To be called inside the page's Blocks."""

    def train(
        text: str,
        family: str = "decoder",
        size: str | None = None,
        seconds: float | None = None,
        steps: int | None = None,
        name: str = "",
        start: str | None = None,
        seed: int = 0,
        visitor: str = "",
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Begin to train a model on a text; gives the run's state at once, and `/runs` tells how it goes on.

        `family` is ngram, mlp, cnn, rnn, lstm, gru, vae, decoder or encoder; `size` tiny, small, medium or base. It
        trains for `seconds` or for `steps` updates, three minutes where neither is given. `start` is the name of a
        model to begin with. On a server for others, `visitor` is a secret of the caller's own, as Python's
        secrets.token_urlsafe(32) makes it: whoever has it sees the runs. `language`, "en" or "zh", is that of errors.
        """
        spoken = calls.spoken(language, request)
        more = {"seed": seed} | ({"start": start} if start is not None else {})
        with calls.told("/train", spoken):
            owner = _owner(workbench, visitor)
            _check({"text": text, "family": family, "name": name}, {"steps": steps, "seconds": seconds})
            config = workbench.runs.plan(
                owner, paste=text, family=family, size=size, steps=steps, seconds=seconds, name=name, more=more
            )
            return record(workbench.runs.start(owner, config), spoken)

    def runs(
        name: str | None = None, visitor: str = "", language: str | None = None, request: gr.Request | None = None
    ) -> list[dict[str, Any]]:
        """The state of the caller's runs, the newest first, or of the one called `name`; see `/train`."""
        spoken = calls.spoken(language, request)
        with calls.told("/runs", spoken):
            owner = _owner(workbench, visitor)
            found = (
                workbench.runs.list(owner) if name is None else [workbench.runs.get(owner, calls.text("name", name))]
            )
            return [record(run, spoken) for run in found]

    gr.events.api(train, api_name="train", concurrency_limit=None)
    gr.events.api(runs, api_name="runs", concurrency_limit=None)


def record(run: RunState, language: Language) -> dict[str, Any]:
    """A run's state as JSON, what went wrong and what there is to know as sentences."""
    told = [say(language, f"notices.{one['code']}", **one["facts"]) for one in run.notices]
    error = explain(run.error, language) if run.error else None
    return {field.name: getattr(run, field.name) for field in dataclasses.fields(run)} | {
        "error": error,
        "notices": told,
    }


def _owner(workbench: Workbench, visitor: Any) -> str:
    """Whose runs are meant: on a server for this computer alone, those of everyone at it."""
    if workbench.settings.is_local:
        return ""
    if not isinstance(visitor, str) or not _TOKEN.fullmatch(visitor):
        raise UserError("value_unusable", name="visitor", value="")
    return visitor


def _check(texts: dict[str, Any], numbers: dict[str, Any]) -> None:
    """Gradio does not look at the values of an API call; the rest of them TrainConfig looks at."""
    for name, value in texts.items():
        calls.text(name, value)
    if not texts["text"].strip():
        raise UserError("text_empty")
    if all(numbers.values()):
        raise UserError("steps_or_seconds")
    for name, value in numbers.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
            raise UserError("value_unusable", name=name, value=str(value)[:40])
