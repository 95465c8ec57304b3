"""Everything of one visitor: how much there is, deleting all of it at once, and keeping it under a passphrase."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm_core.errors import UserError
from llm_core.store.owners import hashed

if TYPE_CHECKING:
    from llm_core.store.sealed import Seals, State
    from llm_core.workbench import Workbench

UPLOADS_MAX = 10_000  # that are remembered; Gradio deletes its uploads after a day by itself


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a visitor has here. Behind a passphrase that was not entered, only runs are counted."""

    seal: State  # whether there is a passphrase, and whether it was entered
    conversations: int = 0
    documents: int = 0
    runs: int = 0
    labels: int = 0
    translation: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is something to delete."""
        counts = self.conversations + self.documents + self.runs + self.labels
        return bool(counts or self.translation or self.seal != "none")


class Mine:
    """What a visitor can do with all of it. `owner` is the visitor's token everywhere.

    Args:
        workbench: whose parts keep it.
    """

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._uploads: dict[str, list[Path]] = defaultdict(list)
        self._lock = threading.Lock()

    def holdings(self, owner: str) -> Holdings:
        """How much there is."""
        here, n_runs = self._workbench, len(self._workbench.runs.list(owner))
        state, translation = self._seals.state(hashed(owner)), here.translations.work(owner) is not None
        n_labels = len(here.analyses.own_labels(owner))
        return Holdings(state, here.chats.count(owner), here.libraries.count(owner), n_runs, n_labels, translation)

    def uploaded(self, owner: str, paths: list[Path]) -> None:
        """Remember files that the visitor sent and that stay where they are until they are needed."""
        with self._lock:
            self._uploads[owner].extend(paths)
            while sum(map(len, self._uploads.values())) > UPLOADS_MAX:
                del self._uploads[next(iter(self._uploads))]

    def delete_everything(self, owner: str) -> Holdings:
        """Stop what is under way for the visitor and delete all that is kept of them; says what that was.

        At this computer itself that includes what was trained from the command line, which the page shows as well.
        """
        had, here = self.holdings(owner), self._workbench
        here.jobs.forget(owner)
        here.chats.delete_all(owner)
        here.libraries.delete_everything(owner)
        here.translations.forget(owner)
        here.summaries.forget(owner)
        here.insights.forget(owner)
        here.analyses.forget(owner)
        here.analysis_desk.forget(owner)
        here.runs.delete_all(owner)
        with self._lock:
            uploads = self._uploads.pop(owner, [])
        for path in uploads:
            path.unlink(missing_ok=True)
        self._seals.forget(hashed(owner))
        return had

    # ---------------------------------------------------------------- passphrase

    def set_passphrase(self, owner: str, passphrase: str, again: str) -> None:
        """Keep conversations and documents under a passphrase from now on, those that are there too.

        Where there is one already that was entered, it becomes another.

        Raises:
            UserError: `passphrase_differs`, `passphrase_short`, `passphrase_long`, `sealed_locked`, `disk_full`.
        """
        if passphrase != again:
            raise UserError("passphrase_differs")
        name = hashed(owner)
        if self._seals.state(name) != "none":
            self._seals.change(name, passphrase)
            return
        self._seals.begin(name, passphrase)
        self._rewrite(owner)

    def unlock(self, owner: str, passphrase: str) -> None:
        """Enter the passphrase; what a power cut left unsealed is sealed now.

        Raises:
            UserError: `passphrase_wrong`, `passphrase_wait`.
        """
        self._seals.unlock(hashed(owner), passphrase)
        self._rewrite(owner)

    def lock(self, owner: str) -> None:
        """Forget the key, and what of theirs is in memory; what is under way for the visitor is stopped."""
        self._workbench.jobs.forget(owner)
        self._seals.lock(hashed(owner))

    def end_passphrase(self, owner: str) -> None:
        """Keep everything without a passphrase again.

        Raises:
            UserError: `sealed_locked`.
        """
        with self._seals.ending(hashed(owner)):
            self._rewrite(owner)

    def _rewrite(self, owner: str) -> None:
        self._workbench.jobs.stop(owner)
        self._workbench.chats.rewrite(owner)
        self._workbench.libraries.rewrite(owner)

    @property
    def _seals(self) -> Seals:
        return self._workbench.seals
