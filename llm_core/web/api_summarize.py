"""What the page offers to programs for summaries: `/summarize`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_core.events import Done
from llm_core.web import calls
from llm_core.web.gradio import gr

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


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
        with calls.told("/summarize", calls.spoken(language, request)):
            events = workbench.summarize(calls.text("text", text), visitor=calls.caller(request), **options)
            for event in calls.beats(events, (Done,)):
                yield event.result.to_json() if isinstance(event, Done) else {}

    gr.events.api(summarize, api_name="summarize", concurrency_limit=None)
