"""The menu of models of the tabs in which a model writes, and how it keeps up with what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_core.web.chat import picker
from llm_core.web.frame import PRIVATE, Frame
from llm_core.web.gradio import gr
from llm_core.web.i18n import language_of_request, t

if TYPE_CHECKING:
    from llm_core.messages import Language
    from llm_core.workbench import Workbench
    from llm_core.workbench.models import Models


def build(elem_id: str) -> gr.Dropdown:
    """The menu, before it is known what is here."""
    unknown = [("…", picker.BY_ITSELF)]
    return gr.Dropdown(unknown, value=picker.BY_ITSELF, label=t("chat.model"), elem_id=elem_id, interactive=True)


def filled(models: Models, language: Language, picked: str | None) -> Any:
    """The menu with what is here; a model that went leaves the choice to the workbench."""
    menu = picker.choices(models, language, tasks=picker.INSTRUCTED)
    known = {value for _, value in menu}
    return gr.update(choices=menu, value=picked if picked in known else picker.BY_ITSELF)


def keep_up(menu: gr.Dropdown, workbench: Workbench, frame: Frame) -> None:
    """Fill the menu again whenever a model came or went."""

    def refresh(picked: str, request: gr.Request) -> Any:
        return filled(workbench.models, language_of_request(request), picked)

    frame.header.models_changed(refresh, menu, menu, **PRIVATE, trigger_mode="multiple")
