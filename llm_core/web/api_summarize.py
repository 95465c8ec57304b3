"""What the page offers to programs for summaries: `/summarize`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Done, Events
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, language_of
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

BEAT_S = 0.5  # Gradio can only stop a generator where it yields, so it does, also while nothing is new


def publish(workbench: Workbench) -> None:
    """Offer `/summarize`. To be called inside the page's Blocks."""

    def summarize(
        text: str,
        sentences: int | None = None,
        ratio: float | None = None,
        method: str = "key",
        form: str = "paragraph",
        to: str | None = None,
        model: str | None = None,
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Summarize a Chinese or English text.

        `method` "key" takes sentences of the text itself, "rewrite" has the language model write; `sentences` or
        `ratio` say how many key sentences. `form` is that of rewriting: sentence, paragraph, points or headline; `to`
        its language, "en" or "zh". `language`, "en" or "zh", is that of errors. Gives {"summary", "sentences":
        [{"text", "start", "end"}], "keywords", "covered", "sections"} at the end, and an empty object until then.
        """
        options = {"sentences": sentences, "ratio": ratio, "method": method, "form": form, "to": to, "model": model}
        spoken = language_of(language) if isinstance(language, str) else language_of_request(request)
        caller = f"api {request.client.host if request and request.client else ''}"
        yield from _told(workbench, text, options, spoken, caller)

    gr.events.api(summarize, api_name="summarize", concurrency_limit=None)


def _told(
    workbench: Workbench, text: Any, options: dict[str, Any], language: Language, caller: str
) -> Iterator[dict[str, Any]]:
    try:
        if not isinstance(text, str):
            raise UserError("value_unusable", name="text", value="")
        yield from _made(workbench.summarize(text, visitor=caller, **options))
    except UserError as error:
        raise gr.Error(explain(error, language), print_exception=False) from None
    except Exception:
        raise gr.Error(explain(unexpected("/summarize"), language), print_exception=False) from None


def _made(events: Events) -> Iterator[dict[str, Any]]:
    last = time.monotonic()
    try:
        for event in events:
            if isinstance(event, Done):
                yield event.result.to_json()
            elif time.monotonic() - last >= BEAT_S:
                last = time.monotonic()
                yield {}
    finally:
        events.close()  # only signals: Gradio runs this in its event loop
