"""What the page offers to programs for analyses: `/analyze` takes texts to pieces, `/read` finds answers in them,
`/own_labels` learns labels from examples.

Nothing of what is sent is kept. `/embed` stands in api_ask.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.events import Done, Events
from llm_core.tasks.graph_export import FORMATS
from llm_core.web import calls
from llm_core.web.gradio import gr

if TYPE_CHECKING:
    from llm_core.workbench import Workbench

TEXTS_MAX = 1000  # of one call
DIGITS = 4
LINE_TASKS = ("sentiment", "topic", "intent", "entities", "relations")


def publish(workbench: Workbench) -> None:
    """Offer all three. To be called inside the page's Blocks."""

    def analyze(
        text: str | list[Any],
        what: list[str] | None = None,
        labels: dict[str, str] | None = None,
        task: str | None = None,
        graph: str | None = None,
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[Any]:
        """Take a Chinese or English text to pieces; or give one task's answer to each of many texts.

        Gives {"language", "keywords", "sentiment", "sentences", "topic", "intent", "entities", "relations",
        "quality", "missing"} at the end, and an empty object until then; places are characters of the text. `what`
        picks parts, `labels` a set of labels for a part, such as {"topic": "thucnews"}. With `graph` "json", "csv" or
        "graphml" it gives {"graph"}, the knowledge graph in that format. With `task` (sentiment, topic, intent,
        entities, relations) `text` is a list, and so is what comes: {"label", "score"} or {"entities": [{"text",
        "type", "start", "end", "score"}]} for each; for relations each of the list has `text`, `head` and `tail`.
        `language`, "en" or "zh", is that of errors.
        """
        with calls.told("/analyze", calls.spoken(language, request)):
            if task is not None:
                yield many(workbench, task, text, labels)
            elif graph is not None:
                yield from _graph(workbench, calls.text("text", text), graph)
            else:
                options = {"what": what} if what is not None else {}
                options |= {"labels": labels} if labels is not None else {}  # type: ignore[dict-item]
                yield from _ended(workbench.analyses.analyze(calls.text("text", text), options))

    def read(
        question: str,
        passages: str | list[str],
        language: str | None = None,
        request: gr.Request | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Find the answer to a question word for word in passages, or say that it is not there.

        Gives {"answer", "source", "start", "end", "score", "abstained", "others", "passages", "left_out", "quality"}
        at the end, and an empty object until then; `source` is the number of the passage, counted from 0, and places
        are its characters. `language`, "en" or "zh", is that of errors.
        """
        with calls.told("/read", calls.spoken(language, request)):
            texts = _texts("passages", [passages] if isinstance(passages, str) else passages, workbench)
            sources = [(str(number), one) for number, one in enumerate(texts) if one.strip()]
            yield from _ended(workbench.analyses.read(calls.text("question", question), sources))

    def own_labels(
        examples: list[Any], texts: list[str], language: str | None = None, request: gr.Request | None = None
    ) -> Iterator[dict[str, Any]]:
        """Learn labels from a dozen examples each and give them to texts; nothing is kept.

        `examples` is a list of {"text", "label"}. Gives {"labels", "examples", "accuracy", "majority", "by_label",
        "found"} at the end, and an empty object until then; `accuracy` is cross-validated, `majority` that of always
        saying the most frequent label, both percent; `found` has {"label", "score"} for each of `texts`. `language`,
        "en" or "zh", is that of errors.
        """
        with calls.told("/own_labels", calls.spoken(language, request)):
            given = _texts("texts", texts, workbench)
            taught = workbench.analyses.teach([_example(one) for one in _listed("examples", examples)])
            for event in calls.beats(taught, (Done,)):
                if isinstance(event, Done):
                    found = workbench.analyses.labelled(event.result, given)
                    told = [{"label": one.label, "score": round(one.score, DIGITS)} for one in found]
                    yield event.result.report() | {"found": told}
                else:
                    yield {}

    gr.events.api(analyze, api_name="analyze", concurrency_limit=None)
    gr.events.api(own_labels, api_name="own_labels", concurrency_limit=None)
    gr.events.api(read, api_name="read", concurrency_limit=None)


def many(workbench: Workbench, task: Any, texts: Any, labels: Any) -> list[dict[str, Any]]:
    """One task's answer to each text that came from outside.

    Raises:
        UserError: `value_unusable`, `text_too_long`, `understanding_missing`, `label_set_unknown`.
    """
    if task not in LINE_TASKS:
        raise UserError("value_unusable", name="task", value=str(task)[:40])
    if not isinstance(labels, dict | None):
        raise UserError("value_unusable", name="labels", value="")
    asked = (labels or {}).get(task)
    if not isinstance(asked, str | None):
        raise UserError("value_unusable", name="labels", value="")
    tools = workbench.analyses.tools
    if task == "relations":
        return tools.relations([_pair(one) for one in _listed("text", texts)], asked)
    given = _texts("text", texts, workbench)
    return tools.names(given, asked) if task == "entities" else tools.labels(task, given, asked)


def _graph(workbench: Workbench, text: str, form: str) -> Iterator[dict[str, Any]]:
    if form not in FORMATS:
        raise UserError("graph_format", name=str(form)[:40])
    for event in calls.beats(workbench.analyses.graph(text), (Done,)):
        yield {"graph": FORMATS[form](event.result)} if isinstance(event, Done) else {}


def _ended(events: Events) -> Iterator[dict[str, Any]]:
    for event in calls.beats(events, (Done,)):
        yield event.result.to_json() if isinstance(event, Done) else {}


def _texts(name: str, value: Any, workbench: Workbench) -> list[str]:
    texts = _listed(name, value)
    if not all(isinstance(one, str) for one in texts):
        raise UserError("value_unusable", name=name, value="")
    limit = workbench.settings.message_chars_max
    if (chars := sum(map(len, texts))) > limit:
        raise UserError("text_too_long", chars=chars, limit=limit)
    return texts


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > TEXTS_MAX:
        raise UserError("value_unusable", name=name, value="")
    return value


def _example(value: Any) -> tuple[str, str]:
    try:
        text, label = value["text"], value["label"]
        if isinstance(text, str) and isinstance(label, str):
            return text, label
    except (KeyError, TypeError):
        pass
    raise UserError("value_unusable", name="examples", value="")


def _pair(value: Any) -> dict[str, Any]:
    try:
        text = value["text"]
        ends = {side: {"text": value[side]["text"], "start": int(value[side]["start"])} for side in ("head", "tail")}
        if all(isinstance(one, str) for one in (text, *(end["text"] for end in ends.values()))):
            return {"text": text, **ends}
    except (KeyError, TypeError, ValueError):
        pass
    raise UserError("value_unusable", name="text", value="")
