"""My things: what a visitor has here, the passphrase, and deleting all of it, in a sheet that the header opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.jobs import unexpected
from llm_core.messages import Language, explain, say
from llm_core.store.owners import hashed
from llm_core.web.frame import PRIVATE, STATIC, Frame, escape, html
from llm_core.web.gradio import gr
from llm_core.web.i18n import both, language_of_request

if TYPE_CHECKING:
    from llm_core.workbench import Workbench
    from llm_core.workbench.mine import Holdings

ANEW = '<i data-then="reload"></i>'  # what the page shows has changed everywhere: static/mine.js opens it anew
PASSPHRASE_CHARS_MAX = 1001  # one more than may be, so that too long a one is refused with its own sentence


def build(workbench: Workbench, frame: Frame) -> None:
    """The sheet, and what its buttons do."""
    sheet = Sheet(workbench)
    template = (
        f'<dialog class="mine" aria-labelledby="mine-title"><header><h2 id="mine-title">{both("mine.title")}</h2>'
        f'<button class="quiet" data-act="mine-close">{both("mine.close")}</button></header><div></div></dialog>'
    )
    script = (STATIC / "mine.js").read_text("utf-8")
    panel = html("", elem_id="mine", html_template=template, js_on_load=script)
    panel.act(sheet.act, frame.visitor, panel, **PRIVATE)
    frame.opened.then(sheet.closed, frame.visitor, panel, **PRIVATE)


class Sheet:
    """Handlers, and the inside of the sheet as HTML."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._mine = workbench.mine

    def closed(self, visitor: str) -> str:
        """Before it is opened: only whether something is locked, which the header says."""
        return f'<div data-state="{self._workbench.seals.state(hashed(visitor))}"></div>'

    def act(self, visitor: str, event: gr.EventData, request: gr.Request) -> str:
        """A button was clicked."""
        language, sent = language_of_request(request), event._data if isinstance(event._data, Mapping) else {}
        first, again = (str(sent.get(name, ""))[:PASSPHRASE_CHARS_MAX] for name in ("first", "again"))
        acts: dict[str, Callable[[], str]] = {
            "look": lambda: self._written(visitor, language),
            "set": lambda: self._anew(self._mine.set_passphrase, visitor, first, again),
            "change": lambda: self._changed(visitor, first, again, language),
            "unlock": lambda: self._anew(self._mine.unlock, visitor, first),
            "lock": lambda: self._anew(self._mine.lock, visitor),
            "end": lambda: self._anew(self._mine.end_passphrase, visitor),
            "delete": lambda: self._deleted(visitor, language),
        }
        try:
            return acts.get(str(sent.get("do")), acts["look"])()
        except UserError as error:
            told = explain(error, language)
        except Exception:
            told = explain(unexpected("a handler of My things"), language)
        return self._written(visitor, language, f'<div class="notice" role="alert"><p>{escape(told)}</p></div>')

    def _anew(self, work: Callable[..., object], *arguments: str) -> str:
        work(*arguments)
        return ANEW

    def _changed(self, visitor: str, first: str, again: str, language: Language) -> str:
        self._mine.set_passphrase(visitor, first, again)
        return self._written(visitor, language, f'<p class="why" role="status">{say(language, "mine.changed")}</p>')

    def _deleted(self, visitor: str, language: Language) -> str:
        had = self._mine.delete_everything(visitor)
        facts = {"conversations": had.conversations, "documents": had.documents, "runs": had.runs}
        return f'<p role="status" data-then="forget">{say(language, "mine.deleted", **facts)}</p>'

    # ---------------------------------------------------------------- how it looks

    def _written(self, visitor: str, language: Language, told: str = "") -> str:
        had = self._mine.holdings(visitor)
        parts = [told, self._had(had, language), self._passphrase(had, language)]
        if had.anything:
            parts.append(_delete(language))
        if self._workbench.settings.auth or self._workbench.settings.auth_file:
            parts.append(f'<p class="out"><a href="logout">{say(language, "mine.logout")}</a></p>')
        return f'<div data-state="{had.seal}">{"".join(parts)}</div>'

    def _had(self, had: Holdings, language: Language) -> str:
        settings = self._workbench.settings
        place = "local" if settings.is_local else "space" if settings.space_id else "server"
        where = escape(say(language, f"mine.where_{place}", **({"home": settings.home} if place == "local" else {})))
        counts = {"conversations": had.conversations, "documents": had.documents, "runs": had.runs}
        counts["labels"] = had.labels
        counts["translation"] = int(had.translation)
        rows = "".join(f"<dt>{say(language, f'mine.{name}')}</dt><dd>{n:,}</dd>" for name, n in counts.items() if n)
        listed = f'<dl class="facts">{rows}</dl>' if rows else f"<p>{say(language, 'mine.nothing')}</p>"
        return f'<section>{listed}<p class="why">{where}</p></section>'

    def _passphrase(self, had: Holdings, language: Language) -> str:
        def tell(key: str, kind: str = "why", **facts: Any) -> str:
            return f'<p class="{kind}">{say(language, f"mine.{key}", **facts)}</p>'

        new = _field("first", "passphrase_new", "new-password", language)
        new += _field("again", "passphrase_again", "new-password", language)
        lost = f'<div class="notice doubt"><p>{say(language, "mine.passphrase_lost")}</p></div>'
        match had.seal:
            case "none":
                inside = tell("passphrase_why") + lost + _form("set", new, language) + tell("passphrase_limits")
            case "locked":
                entered = _field("first", "passphrase_enter", "current-password", language)
                inside = tell("locked", "") + _form("unlock", entered, language) + tell("passphrase_lost")
            case _:
                acts = _button("lock", language) + _button("end", language, sure="mine.end_sure")
                inside = tell("open", "", t=self._workbench.settings.sealed_idle_s) + f'<p class="acts">{acts}</p>'
                inside += (
                    f"<details><summary>{say(language, 'mine.change')}</summary>{_form('change', new, language)}"
                )
                inside += "</details>" + tell("passphrase_limits")
        return f"<section><h3>{say(language, 'mine.passphrase')}</h3>{inside}</section>"


def _delete(language: Language) -> str:
    sure = escape(say(language, "mine.delete_sure"))
    return (
        f'<section class="last"><h3>{say(language, "mine.delete")}</h3><p class="why">'
        f'{say(language, "mine.delete_why")}</p><button class="danger" data-do="delete" data-confirm="{sure}">'
        f"{say(language, 'mine.delete')}</button></section>"
    )


def _form(do: str, fields: str, language: Language) -> str:
    return f'<form data-do="{do}">{fields}<button class="plain">{say(language, f"mine.{do}")}</button></form>'


def _field(name: str, label: str, autocomplete: str, language: Language) -> str:
    return (
        f'<label>{say(language, f"mine.{label}")}<input type="password" name="{name}" required '
        f'autocomplete="{autocomplete}"></label>'
    )


def _button(do: str, language: Language, sure: str = "") -> str:
    confirm = f' data-confirm="{escape(say(language, sure))}"' if sure else ""
    return f'<button class="quiet" data-do="{do}"{confirm}>{say(language, f"mine.{do}")}</button>'
