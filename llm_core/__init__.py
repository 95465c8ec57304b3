"""The LLM Workbench: train, chat, summarize, translate, ask, analyze; in Chinese and English; on your own machine.

The public Python API. Names are loaded when first used, so that `import llm_core` stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_core.errors import UserError
    from llm_core.events import Delta, Done, Event, Item, Notice, Progress, Tick, collect
    from llm_core.settings import Settings
    from llm_core.workbench import Workbench

_HOME_OF = {
    "UserError": "errors",
    **dict.fromkeys(("Delta", "Done", "Event", "Item", "Notice", "Progress", "Tick", "collect"), "events"),
    "Settings": "settings",
    "Workbench": "workbench",
}

__all__ = [
    "Delta",
    "Done",
    "Event",
    "Item",
    "Notice",
    "Progress",
    "Settings",
    "Tick",
    "UserError",
    "Workbench",
    "collect",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"llm_core.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
