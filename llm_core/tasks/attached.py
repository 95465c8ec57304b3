"""Chat with documents: what they say about the last message is put before it, rather than the documents themselves.

The conversation that is kept stays as it was typed; only the model reads the passages, and only for this turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from llm_core.engines.base import Message
from llm_core.messages import Language
from llm_core.tasks import confidence
from llm_core.tasks.answer_prompt import table, windows
from llm_core.tasks.retrieval import Evidence
from llm_core.text.language import language

SURE_MIN = 0.15  # below it the message is taken to be about something else: thanks, a greeting, a new subject


def with_passages(
    messages: Sequence[Message], evidence: Sequence[Evidence], text_of: Callable[[str], str]
) -> tuple[list[Message], list[str]]:
    """The messages with passages before the last one, and the ids of the documents that they are from.

    Args:
        messages: the turns so far; the last one is the user's.
        evidence: what the documents say about it.
        text_of: the whole text of a document by its id.
    """
    asked = messages[-1].content
    if not evidence or confidence.found(asked, evidence) < SURE_MIN:
        return list(messages), []
    spoken: Language = language(asked) or "en"
    passages = "\n".join(windows(evidence, text_of))
    content = table()["attached"][spoken].replace("{question}", asked).replace("{passages}", passages)
    used = list(dict.fromkeys(one.found.document for one in evidence))
    return [*messages[:-1], replace(messages[-1], content=content)], used
