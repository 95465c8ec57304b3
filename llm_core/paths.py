"""The one place that turns an id into a folder or file under LLM_CORE_HOME."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from llm_core.errors import UserError

NAME_CHARS_MAX = 80
# Letters and digits of any script, then also . _ - and blanks: no separator, no drive, no leading dot.
_NAME = re.compile(r"[^\W_][\w.\- ]*", re.UNICODE)
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The name itself, where it can name a folder on every system.

    Raises:
        UserError: `name_unusable`, for anything that could leave its folder or that some system refuses.
    """
    fits = len(name) <= NAME_CHARS_MAX and _NAME.fullmatch(name) and ".." not in name
    if not fits or name[-1] in ". " or _WINDOWS_DEVICES.fullmatch(name):
        raise UserError("name_unusable", name=name[:NAME_CHARS_MAX])
    return name


@dataclass(frozen=True)
class Paths:
    """Every place under `home`; nothing else of this machine is written."""

    home: Path

    @property
    def models(self) -> Path:
        """GGUF files that were fetched, or put here by hand; folders of Transformers models."""
        return self.home / "models"

    @property
    def downloads(self) -> Path:
        """Parts of files that are being fetched; may be deleted at any time."""
        return self.home / "downloads"

    @property
    def sources(self) -> Path:
        """Which sources of models the person chose."""
        return self.home / "sources.json"

    @property
    def adopted(self) -> Path:
        """Models of other programs on this disk that are used where they are."""
        return self.home / "adopted.json"

    @property
    def conversations(self) -> Path:
        """The SQLite file of all conversations."""
        return self.home / "conversations.sqlite3"

    @property
    def conversions(self) -> Path:
        """Models converted for an engine; may be deleted at any time, and are made again."""
        return self.home / "conversions"

    @property
    def libraries(self) -> Path:
        """A folder for each library of documents, and the SQLite file that says whose they are."""
        return self.home / "libraries"

    @property
    def translations(self) -> Path:
        """The latest translation of each visitor."""
        return self.home / "translations"

    @property
    def own_labels(self) -> Path:
        """Labels that visitors taught, a folder for each visitor."""
        return self.home / "own_labels"

    @property
    def thumbs(self) -> Path:
        """Replies that people found good or not, as text to train on; written anew each time."""
        return self.home / "thumbs"

    @property
    def seals(self) -> Path:
        """A file for each visitor with a passphrase: the key of what they keep, wrapped."""
        return self.home / "seals"

    @property
    def log(self) -> Path:
        """What went wrong, with tracebacks."""
        return self.home / "workbench.log"

    @property
    def runs(self) -> Path:
        """A folder for each training run."""
        return self.home / "runs"

    @property
    def servers(self) -> Path:
        """Servers of models that were entered on the page, with their keys; readable for its owner alone."""
        return self.home / "servers.json"

    def run(self, name: str) -> Path:
        """The folder of the training run `name`."""
        return self.runs / safe_name(name)
