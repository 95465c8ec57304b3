"""Source: ModelScope (settings.modelscope_endpoint), where many makers keep repositories under the same names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from llm_core.catalog.hub import Hub
from llm_core.settings import Settings


@dataclass(frozen=True, slots=True)
class ModelScope(Hub):
    """One file of a repository; its revisions are branches and tags, so the hash alone says which file it is."""

    kind: ClassVar[str] = "modelscope"

    def url(self, settings: Settings) -> str:
        """Where the file stands."""
        base = settings.modelscope_endpoint.rstrip("/")
        return f"{base}/models/{self.repo}/resolve/{self.revision}/{quote(self.file)}"
