"""The documents of a conversation as chips above the composer, also while they are being read."""

from __future__ import annotations

from collections.abc import Sequence

from llm_core.messages import Language, say
from llm_core.store.libraries import Entry
from llm_core.web.ask.view import Added
from llm_core.web.frame import escape


def chips(entries: Sequence[Entry], language: Language, *, busy: str = "") -> str:
    """One chip a document: a name that opens it, its size, and a cross that removes it."""
    lines = "".join(_chip(entry, language) for entry in entries)
    if not lines and not busy:
        return ""
    return f'<ul class="chips" aria-label="{say(language, "chat.attached")}">{lines}{busy}</ul>'


class Attaching(Added):
    """Files that are being read for a conversation."""

    def picture(self) -> str:
        """The chip of the file under way."""
        told, share = self.stage()
        style = f' style="--w:{share:.4f}"' if share is not None else ' class="runs"'
        return (
            f'<li class="busy"><b>{escape(self.name)}</b><span role="status">{escape(told)}</span>'
            f"{_cross('stop', 'chat.stop_attaching', self.name, self.language)}<i{style}></i></li>"
        )


def _chip(entry: Entry, language: Language) -> str:
    if entry.pages is not None:
        size = say(language, "ask.n_pages", n=entry.pages)
    else:
        size = say(language, "chat.n_chars", n=entry.chars)
    name = escape(entry.name)
    label = escape(say(language, "chat.open_document", name=entry.name))
    return (
        f'<li data-id="{escape(entry.id)}"><button class="open" data-do="open" title="{label}"><b>{name}</b>'
        f"<span>{size}</span></button>{_cross('remove', 'chat.detach', entry.name, language)}</li>"
    )


def _cross(do: str, label: str, name: str, language: Language) -> str:
    said = escape(say(language, label, name=name))
    return f'<button class="cross" data-do="{do}" aria-label="{said}" title="{said}">×</button>'
