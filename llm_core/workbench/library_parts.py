"""What libraries are made of: database, passage store, encoder. Imported when documents are first used."""

from __future__ import annotations

from pathlib import Path

from llm_core import machine
from llm_core.engines.base import Encoder
from llm_core.engines.encoder import E5
from llm_core.settings import Settings
from llm_core.store import libraries
from llm_core.store.database import Database
from llm_core.store.libraries import Libraries
from llm_core.store.sealed import Seals
from llm_core.store.tantivy_passages import TantivyPassages
from llm_core.workbench.disk import MayKeep
from llm_core.workbench.intake import Intake

ENCODER = Path(__file__).parents[2] / "assets" / "models" / "e5-zh-en"


def encoder(settings: Settings) -> E5:
    """The bundled encoder; nothing is opened yet."""
    return E5(ENCODER, settings.paths.conversions, settings.threads or machine.cores())


def intake(encoder: Encoder, seals: Seals, settings: Settings, may_keep: MayKeep) -> Intake:
    """The way into the libraries under LLM_CORE_HOME; nothing is opened yet."""

    def store() -> Libraries:
        folder = settings.paths.libraries
        database = Database(folder / "libraries.sqlite3", libraries.SCHEMA, version=1)
        return Libraries(database, folder, seals, TantivyPassages, documents_max=settings.library_documents_max)

    return Intake(store, encoder, settings, may_keep)
