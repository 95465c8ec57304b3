"""The menu of models of the tabs in which a model writes, and how it keeps up with what is here."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.messages import say
from llm_core.web.chat import picker
from llm_core.web.frame import PRIVATE, Frame
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request, t

if TYPE_CHECKING:
    from llm_core.messages import Language
    from llm_core.models.served import Served
    from llm_core.workbench import Workbench
    from llm_core.workbench.models import Models


def build(elem_id: str) -> gr.Dropdown:
    """The menu, before it is known what is here."""
    unknown = [("…", picker.BY_ITSELF)]
    return gr.Dropdown(unknown, value=picker.BY_ITSELF, label=t("chat.model"), elem_id=elem_id, interactive=True)


def filled(models: Models, language: Language, picked: str | None, task: str = "chat") -> Any:
    """The menu with what is here and does `task`; a model that went leaves the choice to the workbench."""
    menu = picker.choices(models, language, tasks=picker.INSTRUCTED | {task}, task=task)
    known = {value for _, value in menu}
    picked = picked if picked in known else picker.BY_ITSELF
    return gr.update(choices=menu, value=picked, info=_told(models, picked or "", language, task))


def trust(workbench: Workbench, language: Language) -> str:
    """Whether what a visitor gives stays here: the sentence before the first text, on every tab that has one.

    It stands there while models are picked and servers are added, so it is true for each; the menu has the rest.
    """
    models = workbench.models
    served = _served(models, picker.BY_ITSELF)
    if served and not served.is_here:
        return say(language, "page.trust_away", host=served.host)
    elsewhere = any(entry.served and not entry.served.is_here for entry in models.listing())
    place = "here" if workbench.settings.is_local else "server"
    unless = "_unless" if elsewhere or models.may_enter_servers() else ""
    return say(language, f"page.trust_{place}{unless}")


def keep_up(menu: gr.Dropdown, workbench: Workbench, frame: Frame, task: str = "chat") -> None:
    """Fill the menu again whenever a model came or went."""

    def refresh(picked: str, request: gr.Request) -> Any:
        return filled(workbench.models, language_of_request(request), picked, task)

    def tell(picked: str, request: gr.Request) -> Any:
        return gr.update(info=_told(workbench.models, picked, language_of_request(request), task))

    frame.header.models_changed(refresh, menu, menu, **PRIVATE, trigger_mode="multiple")
    menu.input(tell, menu, menu, **PRIVATE, trigger_mode="multiple")


def _told(models: Models, picked: str, language: Language, task: str) -> str | None:
    """What is to be known of the model that is picked, or taken where none is."""
    with contextlib.suppress(UserError):
        choice = models.choice(task, picked or None)
        if choice.entry.translates:
            by_itself = choice.reason == "models.reason_draft"
            return say(language, choice.reason) if by_itself else choice.entry.limits[language]
    return _leaving(models, picked, language)


def _leaving(models: Models, picked: str, language: Language) -> str | None:
    """For which server text leaves this computer with that model; None where it stays."""
    served = _served(models, picked)
    return say(language, "chat.leaves", host=served.host) if served and not served.is_here else None


def _served(models: Models, picked: str) -> Served | None:
    """The server on which that model runs; None where it is a file, or nothing is here."""
    with contextlib.suppress(UserError):
        return models.choice("chat", picked or None).entry.served
    return None
