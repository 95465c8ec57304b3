"""The thread: the messages of the shown branch as HTML. Knows conversations, not where they come from.

The questions are sans, the replies serif; what can be done with a message stands as words in the line below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llm_core.errors import UserError
from llm_core.messages import Language, explain, say
from llm_core.store.branches import ChatMessage
from llm_core.store.conversations import Conversation
from llm_core.text.language import language as language_of_text
from llm_core.web import markdown
from llm_core.web.ask import pieces
from llm_core.web.frame import escape
from llm_core.web.i18n import LOCALES
from llm_core.workbench.answers import Piece
from llm_core.workbench.attachments import named

SHOWN_MESSAGES = 60  # older ones are asked for; each costs the browser some milliseconds
LONG_QUESTION_CHARS = 3000
LONG_SHOWN_CHARS = 600
STARTS = 3

Quotes = Callable[[Sequence[Mapping[str, Any]]], Sequence[Piece]]


def thread(
    conversation: Conversation | None,
    language: Language,
    titles: Mapping[str, str],
    *,
    running: bool,
    everything: bool = False,
    quotes: Quotes | None = None,
    attached: bool = False,
    beside: Sequence[ChatMessage] = (),
    trust: str = "",
) -> str:
    """The whole thread. A reply that is being written is left to the live bubble.

    Args:
        conversation: None for the empty page.
        language: of the visitor.
        titles: the models' names by their ids.
        running: whether a reply is being written.
        everything: whether to show older messages than the last SHOWN_MESSAGES, too.
        quotes: the sentences at the places that a reply read, as far as their documents are still there.
        attached: whether the conversation has documents.
        beside: two replies to the last question, to go on with one of them.
        trust: whether what is written stays here, said on the empty page.
    """
    if conversation is None or not conversation.messages:
        return _marked(conversation, language, running, _empty(language, trust, attached=attached))
    messages = conversation.messages
    if running and messages[-1].role == "assistant":
        messages = messages[:-1]
    first = 0 if everything else max(0, len(messages) - SHOWN_MESSAGES)
    parts = [_earlier(first, language)] if first else []
    unread = _unread(messages)
    model = ""
    for place, message in enumerate(messages):
        changed = message.model if message.model != model else ""
        model = message.model or model
        if place < first:
            continue
        if place and place == unread:
            parts.append(f'<p class="cut">{say(language, "chat.left_out_above")}</p>')
        last = not running and place == len(messages) - 1
        if last and beside:
            parts.append(_beside(beside, message.id, language, titles, quotes))
            continue
        parts.append(_turn(message, language, titles.get(changed, changed), quotes, last=last))
    return _marked(conversation, language, running, "".join(parts))


def thoughts(blocks: Sequence[str], language: Language, *, under_way: bool = False) -> str:
    """What the model thought aloud, folded unless it still does."""
    opened = " open" if under_way else ""
    label = say(language, "chat.reasoning")
    return f'<details class="thoughts"{opened}><summary>{label}</summary>{"".join(blocks)}</details>'


def spoken(text: str) -> str:
    """A `lang` attribute for a text."""
    found = language_of_text(text[:2000])
    return f' lang="{LOCALES[found]}"' if found else ""


def figures(facts: dict[str, Any], language: Language) -> list[str]:
    """Speed, length and how full the context is, each as a piece of a meter."""
    parts: list[str] = []
    if facts.get("tokens_per_second"):
        parts.append(
            f"<span><b>{facts['tokens_per_second']:.1f}</b> {say(language, 'chat.tokens_per_second')}</span>"
        )
    if facts.get("reply_tokens"):
        parts.append(f"<span><b>{facts['reply_tokens']:,}</b> {say(language, 'chat.tokens')}</span>")
    if context := facts.get("context_tokens"):
        used = facts.get("prompt_tokens", 0) + facts.get("reply_tokens", 0)
        parts.append(
            f'<span class="context">{say(language, "chat.context")} <i style="--w:{min(1, used / context):.3f}"></i> '
            f"<b>{used:,}</b> / {context:,}</span>"
        )
    return parts


def _marked(conversation: Conversation | None, language: Language, running: bool, inside: str) -> str:
    """The thread as static/thread.js reads it."""
    identity = escape(conversation.id) if conversation else ""
    labels = "".join(f' data-{name}="{say(language, f"chat.{name}")}"' for name in ("edit", "save", "keep", "copied"))
    data = f'data-conversation="{identity}" data-running="{int(running)}"{labels}'
    return f'<div class="thread" role="log" {data}>{inside}</div>'


def _empty(language: Language, trust: str, *, attached: bool) -> str:
    """What stands there before the first message: what can be asked, of documents where there are some."""
    start, head = ("start_attached", "attached") if attached else ("start", "empty")
    why = say(language, "chat.attached_why") + ("" if language == "zh" else " ") if attached else ""
    asked = (say(language, f"chat.{start}_{number}") for number in range(1, STARTS + 1))
    starts = "".join(
        f'<li><button data-do="start" lang="{LOCALES[language]}">{escape(each)}</button></li>' for each in asked
    )
    return (
        f'<section class="empty"><h2>{say(language, f"chat.{head}_title")}</h2>'
        f'<p>{why}{escape(trust)}</p><ul class="starts">{starts}</ul></section>'
    )


def _earlier(n: int, language: Language) -> str:
    return f'<button class="quiet earlier" data-do="earlier">{say(language, "chat.show_earlier", n=n)}</button>'


def _unread(messages: Sequence[ChatMessage]) -> int:
    """How many of the oldest messages the latest reply was made without."""
    replies = [message for message in messages if message.role == "assistant" and message.facts]
    return int(replies[-1].facts.get("left_out", 0)) if replies else 0


# ------------------------------------------------------------------ one message


def _turn(message: ChatMessage, language: Language, model: str, quotes: Quotes | None, *, last: bool) -> str:
    """One message and the line below it."""
    if message.role == "user":
        body, below = _question(message, language), _below_question(language, last)
    else:
        body = _reply(message, language) + _consulted(message, language, quotes)
        below = _below_reply(message, language, model, last)
    return (
        f'<article class="turn {message.role}" data-id="{escape(message.id)}">{body}'
        f'<div class="below">{below}{_branches(message, language)}</div></article>'
    )


def _beside(
    pair: Sequence[ChatMessage], shown: str, language: Language, titles: Mapping[str, str], quotes: Quotes | None
) -> str:
    """Two replies side by side, each under its model's name; one of them is gone on with."""
    columns = []
    for message in pair:
        model = titles.get(message.model, message.model)
        if message.id == shown:
            act = f'<b class="taken">{say(language, "chat.taken")}</b>'
        else:
            label, place = say(language, "chat.take"), escape(message.id)
            act = f'<button class="quiet take" data-do="pick" data-id="{place}">{label}</button>'
        turn = _turn(message, language, "", quotes, last=False)
        columns.append(f'<section><header><b class="who">{escape(model)}</b>{act}</header>{turn}</section>')
    return f'<div class="beside">{"".join(columns)}</div>'


def _question(message: ChatMessage, language: Language) -> str:
    text = message.content
    if len(text) <= LONG_QUESTION_CHARS:
        return f'<div class="said"{spoken(text)}>{escape(text)}</div>'
    more = say(language, "chat.show_all", n=len(text))
    return (
        f'<details class="long"><summary><span class="said"{spoken(text)}>{escape(text[:LONG_SHOWN_CHARS])}…</span>'
        f'<span class="quiet">{more}</span></summary><div class="said"{spoken(text)}>{escape(text)}</div></details>'
    )


def _reply(message: ChatMessage, language: Language) -> str:
    aloud, text = markdown.split_reasoning(message.content)
    folded = "" if aloud is None else thoughts(markdown.blocks(aloud), language)
    body = "".join(markdown.blocks(text))
    # Focusable, because the words of a reply can be stepped through.
    reply = f'<div class="text reply" tabindex="0"{spoken(text)}>{body}</div>' if body else ""
    return folded + reply + _failed(message, language)


def _consulted(message: ChatMessage, language: Language, quotes: Quotes | None) -> str:
    """Which documents the reply read, and, folded, the sentences with their places."""
    places = message.facts.get("consulted")
    if not places:
        return ""
    if isinstance(places, str):  # of a conversation that was kept when only their names were
        return f'<p class="consulted">{escape(say(language, "chat.consulted", names=places))}</p>'
    told = escape(say(language, "chat.consulted", names=named(places, language)))
    found = quotes(places) if quotes else ()
    if not found:  # the documents have been removed
        return f'<p class="consulted">{told}</p>'
    cites = pieces.evidence(found, message.id, language)
    return f'<details class="consulted"><summary>{told}</summary>{cites}</details>'


def _failed(message: ChatMessage, language: Language) -> str:
    if message.state != "failed":
        return ""
    error = UserError(message.facts.get("error", "unexpected"), **message.facts.get("error_facts", {}))
    return f'<div class="notice"><p>{escape(explain(error, language))}</p></div>'


def _below_question(language: Language, last: bool) -> str:
    again = _act("retry", "chat.retry", language) if last else ""
    return (
        f'<span class="acts">{again}{_act("edit", "chat.edit", language)}{_act("copy", "chat.copy", language)}</span>'
    )


def _below_reply(message: ChatMessage, language: Language, model: str, last: bool) -> str:
    facts = dict(message.facts) if last else {k: v for k, v in message.facts.items() if k != "context_tokens"}
    parts = figures(facts, language)
    if message.state == "stopped":
        parts.append(f"<span>{say(language, 'chat.stopped')}</span>")
    if message.facts.get("consulted") == []:
        parts.append(f"<span>{say(language, 'chat.consulted_none')}</span>")
    if message.facts.get("sent_to"):
        parts.append(f"<span>{_sent(message.facts, language)}</span>")
    if message.facts.get("finish") == "length":
        parts.append(f"<span>{say(language, 'chat.at_limit')}</span>")
    if model:
        parts.append(f"<span>{escape(model)}</span>")
    acts = _act("retry", "chat.retry", language) + (_act("undo", "chat.undo", language) if last else "")
    acts += _thumbs(message, language) if message.state in ("whole", "stopped") else ""
    return (
        f'<p class="meter">{"".join(parts)}</p><span class="acts">{acts}{_act("copy", "chat.copy", language)}</span>'
    )


def _sent(facts: Mapping[str, Any], language: Language) -> str:
    """Where the question was answered, and how much of it was masked on the way."""
    key = "chat.sent_masked" if facts.get("masked") else "chat.sent"
    return escape(say(language, key, host=facts["sent_to"], n=facts.get("masked", 0)))


def _thumbs(message: ChatMessage, language: Language) -> str:
    """Two words, the chosen one pressed: what a model can be trained on later."""
    thumb = message.facts.get("thumb", 0)
    return "".join(
        f'<button class="quiet" data-do="{do}" aria-pressed="{str(thumb == meant).lower()}" '
        f'title="{say(language, "chat.thumbs_hint")}">{say(language, f"chat.{do}")}</button>'
        for do, meant in (("good", 1), ("poor", -1))
    )


def _branches(message: ChatMessage, language: Language) -> str:
    """‹ 2/3 › where the conversation branches."""
    if len(message.siblings) < 2:
        return ""
    at, total = message.siblings.index(message.id), len(message.siblings)
    before = message.siblings[at - 1] if at else None
    after = message.siblings[at + 1] if at + 1 < total else None
    return (
        f'<span class="branches" role="group" aria-label="{say(language, "chat.branch", n=at + 1, total=total)}">'
        f"{_arrow('‹', before, 'chat.branch_previous', language)}<b>{at + 1}/{total}</b>"
        f"{_arrow('›', after, 'chat.branch_next', language)}</span>"
    )


def _arrow(sign: str, to: str | None, label: str, language: Language) -> str:
    where = f'data-to="{escape(to)}"' if to else "disabled"
    return f'<button data-do="switch" {where} aria-label="{say(language, label)}">{sign}</button>'


def _act(do: str, label: str, language: Language) -> str:
    return f'<button class="quiet" data-do="{do}">{say(language, label)}</button>'
