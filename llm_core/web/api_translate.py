"""What the page offers to programs for translation: `/translate` gives the text, `/translate_sentences` all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_core.events import Done, Item
from llm_core.messages import Language
from llm_core.tasks.segments import Growing, direction
from llm_core.tasks.translation import Translation
from llm_core.web import calls
from llm_core.web.gradio import gr

if TYPE_CHECKING:
    from llm_core.workbench import Workbench


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
        for made in _made(workbench, text, options, so_far, calls.spoken(language, request), calls.caller(request)):
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
        "doubtful", "draft"} at the end, and an empty object until then.
        """
        options = {"to": to, "glossary": glossary or {}, "model": model}
        for made in _made(
            workbench, text, options, _Text(text, to), calls.spoken(language, request), calls.caller(request)
        ):
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
    with calls.told("/translate", language):
        events = workbench.translate(calls.text("text", text), visitor=caller, **options)
        for event in calls.beats(events, (Item, Done)):
            if isinstance(event, Item):
                so_far.add(event)
            yield event.result if isinstance(event, Done) else so_far.text
