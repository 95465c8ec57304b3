"""What the named functions of the API share: whose call it is, the language of its errors, signs of life, trouble."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from llm_core.errors import UserError
from llm_core.events import Event, Events
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, language_of
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request

BEAT_S = 0.5  # Gradio can only stop a generator where it yields, so it does, also while nothing is new


def spoken(language: Any, request: gr.Request | None) -> Language:
    """The language of errors: the one asked for, or that of the program's request."""
    return language_of(language) if isinstance(language, str) else language_of_request(request)


def caller(request: gr.Request | None) -> str:
    """Whose turn it is in the waiting line: one machine counts as one visitor."""
    return f"api {request.client.host if request and request.client else ''}"


def text(name: str, value: Any) -> str:
    """The argument `name`, for Gradio does not look at the values of an API call.

    Raises:
        UserError: `value_unusable`.
    """
    if not isinstance(value, str):
        raise UserError("value_unusable", name=name, value="")
    return value


@contextlib.contextmanager
def told(where: str, language: Language) -> Iterator[None]:
    """What goes wrong in the function `where`, as a sentence that Gradio passes on."""
    try:
        yield
    except UserError as error:
        raise gr.Error(explain(error, language), print_exception=False) from None
    except Exception:
        raise gr.Error(explain(unexpected(where), language), print_exception=False) from None


def beats(events: Events, every: tuple[type, ...]) -> Iterator[Event]:
    """The events of these kinds, and any other one as a sign of life; closing it stops the work."""
    last = time.monotonic()
    try:
        for event in events:
            if isinstance(event, every) or time.monotonic() - last > BEAT_S:
                last = time.monotonic()
                yield event
    finally:
        events.close()  # only signals: Gradio runs this in its event loop
