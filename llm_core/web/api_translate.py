"""What the page offers to programs for translation: `/translate` gives the text, `/translate_sentences` all of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Done, Events, Item
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, language_of
from llm_core.tasks.segments import Growing, direction
from llm_core.tasks.translation import Translation
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

BEAT_S = 0.5  # Gradio can only stop a generator where it yields, so it does, also while nothing is new


def publish(workbench: Workbench) -> None:
    """Offer both. To be called inside the page's Blocks."""

    def translate(
        text: str,
        to: str | None = None,
        glossary: dict[str, str] | None = None,
        model: str | None = None,
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[str]:
        """Translate between Chinese and English; streams the translation so far, sentence by sentence.

        `to` is "en" or "zh"; without it the other language than that of the text. `glossary` maps terms to their
        translations. `model` is a name from the list of models. `language`, "en" or "zh", is that of errors.
        """
        so_far = _Text(text, to)
        options = {"to": to, "glossary": glossary or {}, "model": model}
        for made in _made(workbench, text, options, so_far, _spoken(language, request), _caller(request)):
            yield made.text if isinstance(made, Translation) else made

    def translate_sentences(
        text: str,
        to: str | None = None,
        glossary: dict[str, str] | None = None,
        model: str | None = None,
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Translate as `/translate`, and say of each sentence where it stands and what is doubtful about it.

        Gives {"text", "to", "sentences": [{"number", "start", "end", "source", "target", "kept", "doubts"}],
        "doubtful"} at the end, and an empty object until then.
        """
        options = {"to": to, "glossary": glossary or {}, "model": model}
        for made in _made(workbench, text, options, _Text(text, to), _spoken(language, request), _caller(request)):
            yield made.to_json() if isinstance(made, Translation) else {}

    gr.events.api(translate, api_name="translate", concurrency_limit=None)
    gr.events.api(translate_sentences, api_name="translate_sentences", concurrency_limit=None)


class _Text:
    """The translation as far as it has come."""

    def __init__(self, text: Any, to: Any) -> None:
        known = isinstance(text, str) and to in (None, "en", "zh")
        self._growing = Growing(text, to or direction(text)) if known else None
        self.text = ""

    def add(self, event: Item) -> None:
        """One more sentence."""
        self.text += self._growing.add(event.value) if self._growing else ""


def _made(
    workbench: Workbench, text: Any, options: dict[str, Any], so_far: _Text, language: Language, caller: str
) -> Iterator[str | Translation]:
    try:
        if not isinstance(text, str):
            raise UserError("value_unusable", name="text", value="")
        yield from _grown(workbench.translate(text, visitor=caller, **options), so_far)
    except UserError as error:
        raise gr.Error(explain(error, language), print_exception=False) from None
    except Exception:
        raise gr.Error(explain(unexpected("/translate"), language), print_exception=False) from None


def _grown(events: Events, so_far: _Text) -> Iterator[str | Translation]:
    last = time.monotonic()
    try:
        for event in events:
            match event:
                case Item():
                    so_far.add(event)
                    last = time.monotonic()
                    yield so_far.text
                case Done():
                    yield event.result
                case _ if time.monotonic() - last > BEAT_S:
                    last = time.monotonic()
                    yield so_far.text
    finally:
        events.close()  # only signals: Gradio runs this in its event loop


def _spoken(language: Any, request: gr.Request | None) -> Language:
    return language_of(language) if isinstance(language, str) else language_of_request(request)


def _caller(request: gr.Request | None) -> str:
    """Whose turn it is in the waiting line: one machine counts as one visitor."""
    return f"api {request.client.host if request and request.client else ''}"
