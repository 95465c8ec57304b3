"""The list of an owner's conversations, and those of them that hold what is searched for."""

from __future__ import annotations

from llm_core.store.conversation_rows import Summary, around, place
from llm_core.store.database import Database
from llm_core.store.sealed import Cells

_LISTED = "SELECT id, title, updated FROM conversations WHERE owner = ? ORDER BY updated DESC"
_FOUND = """
SELECT id, title, updated, text FROM (
  SELECT *, (SELECT content FROM messages WHERE conversation = c.id AND instr(lower(content), ?2)
             ORDER BY number LIMIT 1) AS text
  FROM conversations c WHERE owner = ?1)
WHERE text IS NOT NULL OR instr(lower(title), ?2) ORDER BY updated DESC LIMIT ?3
"""


def summaries(database: Database, cells: Cells, search: str, limit: int) -> list[Summary]:
    """The latest first; with `search`, those whose title or messages hold it, with what stands around it."""
    wanted = search.strip().lower()
    if not wanted:
        rows = database.read(f"{_LISTED} LIMIT ?", (cells.owner, limit))
        titles = (cells.told(row["title"], place("title", row["id"])) for row in rows)
        return [Summary(row["id"], title, row["updated"]) for row, title in zip(rows, titles, strict=True)]
    if cells.seals.state(cells.owner) == "none" and _same_to_sqlite(wanted):
        rows = database.read(_FOUND, (cells.owner, wanted, limit))
        return [
            Summary(row["id"], row["title"], row["updated"], around(row["text"], wanted) if row["text"] else "")
            for row in rows
        ]
    return _one_by_one(database, cells, wanted, limit)


def _same_to_sqlite(wanted: str) -> bool:
    """Whether SQLite, which knows the small letters of ASCII alone, finds what we would."""
    return all(letter.isascii() or letter.lower() == letter.upper() for letter in wanted)


def _one_by_one(database: Database, cells: Cells, wanted: str, limit: int) -> list[Summary]:
    """What is sealed has to be opened to be searched."""
    found: list[Summary] = []
    for row in database.read(_LISTED, (cells.owner,)):
        title = cells.told(row["title"], place("title", row["id"]))
        text = _holding(database, row["id"], wanted, cells)
        if text or wanted in title.lower():
            found.append(Summary(row["id"], title, row["updated"], around(text, wanted) if text else ""))
        if len(found) == limit:
            break
    return found


def _holding(database: Database, conversation: str, wanted: str, cells: Cells) -> str:
    """The first message that holds `wanted`; empty where none does."""
    rows = database.read("SELECT id, content FROM messages WHERE conversation = ? ORDER BY number", (conversation,))
    contents = (cells.told(row["content"], place("content", row["id"])) for row in rows)
    return next((content for content in contents if wanted in content.lower()), "")
