"""An embedded full-text index (tantivy) of passages by their words. Holds nothing that could not be made again.

The words are cut before they go in (text/search_words.py), and what a person types is never parsed as a query.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from llm_core.store.passages import Hit, Passage
from llm_core.text.search_words import STOP_TERMS, terms

HEAP_BYTES = 20_000_000  # a writer of one thread takes no less than 15 MB
SATURATION = 2.2  # k1 + 1 of tantivy's BM25: what one term can add is its rarity times this
QUERY_TERMS_MAX = 256  # a question longer than a document must not take longer than a document


class Damaged(Exception):
    """The folder holds no index that can be read."""


class WordIndex:
    """The index in `folder`, which is made where it is missing; None for one in memory alone.

    Raises:
        Damaged: it cannot be read, or is of another version; delete the folder and make it again.
    """

    def __init__(self, folder: Path | None) -> None:
        import tantivy

        self._t: Any = tantivy
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("document", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("number", stored=True)
        builder.add_text_field("words", stored=False, tokenizer_name="whitespace", index_option="freq")
        self._index: Any
        self._searcher: Any
        try:
            if folder is None:
                self._index = tantivy.Index(builder.build())
            else:
                folder.mkdir(parents=True, exist_ok=True)
                self._index = tantivy.Index(builder.build(), path=str(folder), reuse=True)
            self._searcher = self._index.searcher()
        except (ValueError, OSError) as error:
            raise Damaged(str(folder)) from error

    def __len__(self) -> int:
        """How many passages it holds."""
        return int(self._searcher.num_docs)

    def refresh(self) -> None:
        """See what another process wrote."""
        self._index.reload()
        self._searcher = self._index.searcher()

    def add(self, documents: Iterable[tuple[str, Sequence[Passage]]]) -> None:
        """Index the passages of each document, in place of those that it had."""
        writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
        for document, passages in documents:
            writer.delete_documents_by_term("document", document)
            for number, passage in enumerate(passages):
                entry = self._t.Document()
                entry.add_text("document", document)
                entry.add_integer("number", number)
                entry.add_text("words", " ".join(terms(passage.text)))
                writer.add_document(entry)
        writer.commit()
        writer.wait_merging_threads()
        self.refresh()

    def search(self, text: str, limit: int) -> list[Hit]:
        """See `Passages.by_words`."""
        wanted = _asked_for(text)
        searcher, schema = self._searcher, self._index.schema
        best = SATURATION * sum(self._rarity(searcher, term) for term in wanted)
        if not wanted or not best:
            return []
        parts = [
            (self._t.Occur.Should, self._t.Query.term_query(schema, "words", term, index_option="freq"))
            for term in wanted
        ]
        hits = searcher.search(self._t.Query.boolean_query(parts), limit, count=False).hits
        found = ((searcher.doc(address), score) for score, address in hits)
        return [Hit(entry["document"][0], entry["number"][0], score / best) for entry, score in found]

    @staticmethod
    def _rarity(searcher: Any, term: str) -> float:
        """The term's inverse document frequency, as tantivy reckons it."""
        holding = searcher.doc_freq("words", term)
        return math.log(1 + (searcher.num_docs - holding + 0.5) / (holding + 0.5))


def _asked_for(text: str) -> list[str]:
    """The terms that a question is about. "What is" would count as missing from every passage that answers it."""
    every = list(dict.fromkeys(terms(text)))
    return ([term for term in every if term not in STOP_TERMS] or every)[:QUERY_TERMS_MAX]


def remade(folder: Path, documents: Iterable[tuple[str, Sequence[Passage]]]) -> WordIndex:
    """A new index of all these documents, in place of whatever is in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    index = WordIndex(folder)
    index.add(documents)
    return index
