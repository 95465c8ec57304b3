"""The list of conversations: by day, the open one with what can be done with it, and what can be done with all."""

from __future__ import annotations

import time
from collections.abc import Sequence

from llm_core.messages import Language, say
from llm_core.store.conversations import Summary
from llm_core.web.frame import escape

DAY_S = 86_400


def rail(summaries: Sequence[Summary], language: Language, *, current: str | None, search: str = "") -> str:
    """The list as HTML."""
    label = say(language, "chat.conversations")
    if not summaries:
        key = "chat.none_found" if search.strip() else "chat.none_yet"
        empty = escape(say(language, key, search=search.strip()[:60]))
        return f'<nav class="list" aria-label="{label}"><p class="why">{empty}</p></nav>{_all(0, language)}'
    parts: list[str] = []
    heading = ""
    for summary in summaries:
        if (day := _day(summary.updated)) != heading:
            parts.append(("</ul>" if heading else "") + f"<h4>{say(language, day)}</h4><ul>")
            heading = day
        parts.append(_line(summary, language, current=summary.id == current))
    total = 0 if search.strip() else len(summaries)
    return f'<nav class="list" aria-label="{label}">{"".join(parts)}</ul></nav>{_all(total, language)}'


def _line(summary: Summary, language: Language, *, current: bool) -> str:
    title = escape(summary.title or say(language, "chat.untitled"))
    snippet = f"<small>{escape(summary.snippet)}</small>" if summary.snippet else ""
    mark = ' aria-current="true"' if current else ""
    return (
        f'<li data-id="{escape(summary.id)}"><button class="open" data-do="open"{mark}>'
        f'<span class="title">{title}</span>{snippet}</button>{_acts(language) if current else ""}</li>'
    )


def _acts(language: Language) -> str:
    rename = f'<button class="quiet" data-do="rename">{say(language, "chat.rename")}</button>'
    delete = _delete("chat.delete", say(language, "chat.delete_sure"), language)
    return f'<div class="acts">{rename}{delete}{_formats("chat.export", language)}</div>'


def _delete(label: str, sure: str, language: Language) -> str:
    return f'<button class="quiet" data-do="delete" data-confirm="{sure}">{say(language, label)}</button>'


def _all(n: int, language: Language) -> str:
    if not n:
        return ""
    return (
        f'<div class="acts all">{_formats("chat.export_all", language)}'
        f"{_delete('chat.delete_all', say(language, 'chat.delete_all_sure', n=n), language)}</div>"
    )


def _formats(label: str, language: Language) -> str:
    choices = "".join(
        f' <button class="quiet" data-do="save" data-format="{form}">{name}</button>'
        for form, name in (("markdown", "Markdown"), ("json", "JSON"))
    )
    return f"<span>{say(language, label)}{choices}</span>"


def _day(updated: float) -> str:
    """The heading that a time stands under; a day is what the server's clock calls one."""
    now = time.localtime()
    midnight = time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))
    if updated >= midnight:
        return "chat.today"
    return "chat.this_week" if updated >= midnight - 6 * DAY_S else "chat.earlier"
