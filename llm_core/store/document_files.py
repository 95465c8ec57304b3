"""The files of one library: each document's text as it was read, and its passages, plain or sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from llm_core.atomic import writing
from llm_core.documents.document import Document
from llm_core.store import sealed_passages
from llm_core.store.sealed import Seals


@dataclass(frozen=True)
class DocumentFiles:
    """Where they are, and what seals them. Ids are of our own making: known ones only get here.

    Args:
        library: the library's folder.
        seals: who keeps theirs under a passphrase.
        owner: of the library, as the database names them.
    """

    library: Path
    seals: Seals
    owner: str

    def write(self, name: str, document: Document) -> None:
        """Keep a document.

        Raises:
            UserError: `disk_full`, `sealed_locked`.
        """
        seal = self.seals.writer(self.owner)
        text = json.dumps(document.to_json(), ensure_ascii=False).encode()
        with writing(self._sealed(name) if seal else self._plain(name)) as file:
            file.write(seal.close(text, _place(name)) if seal else text)
        (self._plain(name) if seal else self._sealed(name)).unlink(missing_ok=True)

    def read(self, name: str) -> Document:
        """A document that was kept.

        Raises:
            UserError: `sealed_locked`, `sealed_damaged`.
            OSError, ValueError, KeyError: there is none, or it is damaged.
        """
        if self._plain(name).exists():
            return Document.from_json(json.loads(self._plain(name).read_bytes()))
        sealed = self._sealed(name).read_bytes()
        return Document.from_json(json.loads(self.seals.reader(self.owner).open(sealed, _place(name))))

    def delete(self, name: str) -> None:
        """Nothing happens where there is none."""
        for path in (self._plain(name), self._sealed(name)):
            path.unlink(missing_ok=True)

    def rewrite(self) -> None:
        """Keep all of them, and their passages, as they are to be kept now.

        Raises:
            UserError: `sealed_locked`, `sealed_damaged`, `disk_full`.
        """
        seal, passages = self.seals.writer(self.owner), self.library / "passages"
        for path in (self.library / "documents").glob("[!.]*.json" if seal else "[!.]*.sealed"):
            self.write(path.stem, self.read(path.stem))
        if not passages.exists():
            return
        if seal:
            sealed_passages.seal_up(passages, seal)
        else:
            sealed_passages.break_seal(passages)

    def _plain(self, name: str) -> Path:
        return self.library / "documents" / f"{name}.json"

    def _sealed(self, name: str) -> Path:
        return self.library / "documents" / f"{name}.sealed"


def _place(name: str) -> str:
    return f"text of {name}"
