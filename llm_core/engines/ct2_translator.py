"""Translators in int8 by CTranslate2 (Marian, M2M100 and NLLB, T5), four times as fast on a processor as torch.

A copy that does not agree with its original is not used: then Transformers translates, as slowly as it does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_core.engines import ct2_cache
from llm_core.errors import UserError

POSITIONS = 512  # of a source that does not say how long it may be; what lies behind is cut
BATCH_TOKENS = 4096  # measured: 6 times torch, 4.6 times in batches of 16 sentences
BEAMS = 2


class SentenceTranslator:
    """A `Translator` over one folder. Opened with the first sentences; safe from several threads.

    Args:
        folder: of Transformers.
        caches: where its converted copy stands or is made.
        threads: for computing.
    """

    def __init__(self, folder: Path, caches: Path, threads: int) -> None:
        self._folder, self._caches, self._threads = folder, caches, threads
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._fast: Any = None
        self._plain: Any = None

    @property
    def is_int8(self) -> bool:
        """Whether the converted copy translates; opens the model."""
        self._open()
        return self._fast is not None

    def translate(
        self, sentences: Sequence[str], *, source: str = "", target: str = "", beams: int = BEAMS
    ) -> list[str]:
        """The translation of each sentence, in order. A call cannot be stopped: give a few dozen at a time.

        Args:
            sentences: each by itself.
            source: the code of their language, where the model wants one (M2M100: "en", NLLB: "eng_Latn").
            target: the code of the language wanted, likewise. Marian models of many languages, those trained here
                among them, want `>>zh<<` as a sentence's first word instead, which the caller writes there.
            beams: how many beginnings are followed at the same time.

        Raises:
            UserError: `model_unusable`, `language_unknown`.
        """
        self._open()
        with self._lock:  # the tokenizer has the source language as a state
            if source and hasattr(self._tokenizer, "src_lang"):
                self._tokenizer.src_lang = source
            ids = self._tokenizer(list(sentences), truncation=True, max_length=self._positions)["input_ids"]
        prefix = self._prefix(target)
        return self._by_int8(ids, prefix, beams) if self._fast is not None else self._by_torch(ids, prefix, beams)

    def close(self) -> None:
        """Free the memory; the next sentences open the model again."""
        with self._lock:
            self._fast = self._plain = None

    def _open(self) -> None:
        with self._lock:
            if self._fast is not None or self._plain is not None:
                return
            try:
                self._open_anew()
            except (OSError, ValueError, RuntimeError, KeyError) as error:  # whatever a folder holds
                reason = str(error).strip().partition("\n")[0][:300]
                raise UserError("model_unusable", model=self._folder.name, reason=reason) from error

    def _open_anew(self) -> None:
        from transformers import AutoConfig, AutoTokenizer

        tokenizers: Any = AutoTokenizer
        safe = {"local_files_only": True, "trust_remote_code": False}
        self._tokenizer = tokenizers.from_pretrained(self._folder, **safe)
        config = AutoConfig.from_pretrained(self._folder, **safe)
        self._positions = int(getattr(config, "max_position_embeddings", 0) or POSITIONS)
        known = ct2_cache.architecture(self._folder) in ct2_cache.TRANSLATORS
        folder = ct2_cache.converted(self._folder, self._caches) if known else None
        if folder is not None:
            import ctranslate2

            self._fast = ctranslate2.Translator(
                str(folder), device="cpu", compute_type="int8", intra_threads=self._threads
            )
            return
        import torch
        from transformers import AutoModelForSeq2SeqLM

        models: Any = AutoModelForSeq2SeqLM
        torch.set_num_threads(self._threads)
        self._plain = models.from_pretrained(self._folder, dtype=torch.float32, use_safetensors=True, **safe).eval()

    def _prefix(self, target: str) -> list[int]:
        """The token of the wanted language, which begins the translation where the model has one."""
        if not target:
            return []
        with contextlib.suppress(AttributeError, KeyError):
            return [int(self._tokenizer.get_lang_id(target))]
        token = self._tokenizer.convert_tokens_to_ids(target)
        if token is None or token == self._tokenizer.unk_token_id:
            raise UserError("language_unknown", model=self._folder.name, language=target[:40])
        return [int(token)]

    def _by_int8(self, ids: list[list[int]], prefix: list[int], beams: int) -> list[str]:
        strings = self._tokenizer.convert_ids_to_tokens
        results = self._fast.translate_batch(
            [strings(row) for row in ids],
            target_prefix=[strings(prefix)] * len(ids) if prefix else None,
            beam_size=beams,
            max_batch_size=BATCH_TOKENS,
            batch_type="tokens",
            max_input_length=self._positions,
            max_decoding_length=self._positions,
        )
        written = [self._tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in results]
        return [self._text(row) for row in written]

    def _by_torch(self, ids: list[list[int]], prefix: list[int], beams: int) -> list[str]:
        import torch

        forced = {"forced_bos_token_id": prefix[0]} if prefix else {}
        found = []
        for row in ids:
            with torch.inference_mode():
                out = self._plain.generate(
                    input_ids=torch.tensor([row]), num_beams=beams, max_new_tokens=self._positions - 1, **forced
                )
            found.append(self._text(out[0].tolist()))
        return found

    def _text(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True)).strip()
