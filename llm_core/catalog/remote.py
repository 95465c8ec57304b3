"""Models on servers: picked by name, never taken by themselves, for what they read leaves this computer."""

from __future__ import annotations

from collections.abc import Mapping

from llm_core.errors import UserError
from llm_core.messages import LANGUAGES, Language, say
from llm_core.models import served
from llm_core.models.served import Served
from llm_core.settings import Settings


def models(settings: Settings) -> list[Served]:
    """Those that are known; nobody is asked whether they are up. Of unusable settings doctor speaks."""
    try:
        return served.servers(settings)
    except UserError:
        return []


def titles(model: Served) -> Mapping[Language, str]:
    """What a menu shows: the model, and where it runs."""
    where = "models.on_this_computer" if model.is_here else "models.elsewhere"
    name = model.model.rpartition("/")[2] or model.host
    return {language: say(language, where, name=name, host=model.host) for language in LANGUAGES}
