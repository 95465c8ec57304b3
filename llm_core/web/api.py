"""What the page offers to programs: named, typed functions, for gradio_client and HTTP (/gradio_api/call/v2/chat).

The events of the page itself are private. Gradio does not look at the values of an API call, so they are all looked
at here. Nothing that is said is kept, and no call sees another one's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_core.engines.base import Message
from llm_core.errors import UserError
from llm_core.events import Delta
from llm_core.web import api_analyze, api_ask, api_summarize, api_train, api_translate, calls
from llm_core.web.gradio import gr
from llm_core.web.openai_request import turn

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

EVERY_S = 0.05  # a program that reads along gains nothing from more
HISTORY_MAX = 2000


def publish(workbench: Workbench) -> None:
    """Offer `/chat`. To be called inside the page's Blocks."""

    def chat(
        message: str,
        history: list[dict[str, Any]] | None = None,
        system: str | None = None,
        role: str = "assistant",
        model: str | None = None,
        temperature: float | None = None,
        top_p: float = 0.9,
        top_k: int = 40,
        min_p: float = 0.0,
        repetition_penalty: float = 1.05,
        max_tokens: int = 512,
        seed: int | None = None,
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[str]:
        """Reply to a message; streams the whole text so far.

        `history` holds the earlier turns as {"role": "user" or "assistant", "content": text}. Without `system` the
        role's own prompt is taken (assistant, news, email, story, tutor), without `temperature` the role's; `model`
        is a name from the list of models. With a `seed` the same call gives the same reply. `language`, "en" or
        "zh", is that of errors.
        """
        options = {
            "system": system, "role": role, "model": model, "temperature": temperature, "top_p": top_p,
            "top_k": top_k, "min_p": min_p, "repetition_penalty": repetition_penalty, "max_tokens": max_tokens,
            "seed": seed,
        }  # fmt: skip
        with calls.told("/chat", calls.spoken(language, request)):
            yield from _grown(workbench, _turns(message, history), options, calls.caller(request))

    gr.events.api(chat, api_name="chat", concurrency_limit=None)
    api_ask.publish(workbench)
    api_analyze.publish(workbench)
    api_translate.publish(workbench)
    api_summarize.publish(workbench)
    api_train.publish(workbench)


def _grown(workbench: Workbench, turns: list[Message], options: dict[str, Any], caller: str) -> Iterator[str]:
    """The text so far, whenever some time has passed, and in the end."""
    events = workbench.chat(turns, visitor=caller, **options)
    text, told, last = "", "", time.monotonic()
    try:
        for event in events:
            if isinstance(event, Delta):
                text += event.text
            if time.monotonic() - last >= (calls.BEAT_S if text == told else EVERY_S):
                told, last = text, time.monotonic()
                yield text
        if text != told or not text:
            yield text
    finally:
        events.close()  # only signals: Gradio runs this in its event loop


def _turns(message: Any, history: Any) -> list[Message]:
    if not isinstance(history, list | None) or len(history or ()) > HISTORY_MAX:
        raise UserError("value_unusable", name="history", value="")
    earlier = [turn(f"history.{place}", one) for place, one in enumerate(history or ())]
    return [*earlier, Message("user", calls.text("message", message))]
