"""Translators in int8 by CTranslate2 (Marian, M2M100 and NLLB, T5), four times as fast on a processor as torch.

A copy that does not agree with its original is not used: then Transformers translates, as slowly as it does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from llm_core.engines import ct2_cache
from llm_core.engines.base import SEARCH, Search, Translated
from llm_core.errors import UserError

POSITIONS = 512  # of a source that does not say how long it may be; what lies behind is cut
BATCH_TOKENS = 4096  # measured: 6 times torch, 4.6 times in batches of 16 sentences


Row: TypeAlias = tuple[list[int], float]  # the tokens of a translation, their mean log-probability


class SentenceTranslator:
    """A `Translator` over one folder. Opened with the first sentences; safe from several threads.

    Args:
        folder: of Transformers.
        caches: where its converted copy stands or is made.
        threads: for computing.
        convert: else torch translates.
    """

    def __init__(self, folder: Path, caches: Path, threads: int, *, convert: bool = True) -> None:
        self._folder, self._caches, self._threads, self._convert = folder, caches, threads, convert
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._fast: Any = None
        self._plain: Any = None

    @property
    def is_int8(self) -> bool:
        """Whether the converted copy translates; opens the model."""
        self._open()
        return self._fast is not None

    @property
    def memory_bytes(self) -> int:
        """What it takes at most once it is open: two bytes a weight on the disk, four where torch computes."""
        return 2 * sum(path.stat().st_size for path in self._folder.glob("*.safetensors"))

    @property
    def is_open(self) -> bool:
        """Whether it has memory now."""
        return self._fast is not None or self._plain is not None

    @property
    def longest(self) -> int:
        """How many tokens it reads of a sentence, its end not counted; opens the model."""
        self._open()
        return self._positions - 1

    def count_tokens(self, sentences: Sequence[str]) -> list[int]:
        """How many tokens each sentence has, its end not counted; opens the model."""
        self._open()
        with self._lock:
            return [len(row) for row in self._tokenizer(list(sentences), add_special_tokens=False)["input_ids"]]

    def translate(
        self, sentences: Sequence[str], *, source: str = "", target: str = "", search: Search = SEARCH
    ) -> list[Translated]:
        """The translation of each sentence, in order. A call cannot be stopped: give a few dozen at a time.

        Args:
            sentences: each by itself; of each only the first `longest` tokens are read.
            source: the code of their language, where the model wants one (M2M100: "en", NLLB: "eng_Latn").
            target: the code of the language wanted, likewise. Marian models of many languages, those trained here
                among them, want `>>zh<<` as a sentence's first word instead, which the caller writes there.
            search: how it is looked for.

        Raises:
            UserError: `model_unusable`, `language_unknown`.
        """
        fast, plain = self._open()
        with self._lock:  # the tokenizer has the source language as a state
            if source and hasattr(self._tokenizer, "src_lang"):
                self._tokenizer.src_lang = source
            ids = self._tokenizer(list(sentences), truncation=True, max_length=self._positions)["input_ids"]
        prefix = self._prefix(target)
        made = self._by_int8(fast, ids, prefix, search) if fast else self._by_torch(plain, ids, prefix, search)
        texts = [str(self._tokenizer.decode(row, skip_special_tokens=True)).strip() for row, _ in made]
        return [Translated(text, logprob) for text, (_, logprob) in zip(texts, made, strict=True)]

    def close(self) -> None:
        """Free the memory; the next sentences open the model again."""
        with self._lock:
            self._fast = self._plain = None

    def _open(self) -> tuple[Any, Any]:
        """The model as CTranslate2 has it, or as torch has it: whoever holds it may finish when it is closed."""
        with self._lock:
            try:
                if not self.is_open:
                    self._open_anew()
            except (OSError, ValueError, RuntimeError, KeyError) as error:  # whatever a folder holds
                reason = str(error).strip().partition("\n")[0][:300]
                raise UserError("model_unusable", model=self._folder.name, reason=reason) from error
            return self._fast, self._plain

    def _open_anew(self) -> None:
        from transformers import AutoConfig, AutoTokenizer

        tokenizers: Any = AutoTokenizer
        safe = {"local_files_only": True, "trust_remote_code": False}
        self._tokenizer = tokenizers.from_pretrained(self._folder, **safe)
        config = AutoConfig.from_pretrained(self._folder, **safe)
        self._positions = int(getattr(config, "max_position_embeddings", 0) or POSITIONS)
        known = self._convert and ct2_cache.architecture(self._folder) in ct2_cache.TRANSLATORS
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

    def _by_int8(self, fast: Any, ids: list[list[int]], prefix: list[int], search: Search) -> list[Row]:
        strings = self._tokenizer.convert_ids_to_tokens
        drawn = {"sampling_topk": 0, "sampling_temperature": search.temperature} if search.temperature else {}
        results = fast.translate_batch(
            [strings(row) for row in ids],
            target_prefix=[strings(prefix)] * len(ids) if prefix else None,
            beam_size=1 if drawn else search.beams,
            max_batch_size=BATCH_TOKENS,
            batch_type="tokens",
            max_input_length=self._positions,
            max_decoding_length=self._written_max(search),
            repetition_penalty=search.repetition_penalty,
            no_repeat_ngram_size=search.no_repeat_ngram,
            return_scores=True,  # a mean over the tokens, as the length penalty is 1
            **drawn,
        )
        return [
            (self._tokenizer.convert_tokens_to_ids(made.hypotheses[0]), float(made.scores[0])) for made in results
        ]

    def _by_torch(self, plain: Any, ids: list[list[int]], prefix: list[int], search: Search) -> list[Row]:
        import torch

        how: dict[str, Any] = {"forced_bos_token_id": prefix[0]} if prefix else {}
        how |= {"do_sample": True, "temperature": search.temperature} if search.temperature else {"do_sample": False}
        found = []
        for row in ids:
            given = torch.tensor([row])
            with torch.inference_mode():
                out = plain.generate(
                    input_ids=given,
                    num_beams=1 if search.temperature else search.beams,
                    max_new_tokens=self._written_max(search),
                    repetition_penalty=search.repetition_penalty,
                    no_repeat_ngram_size=search.no_repeat_ngram,
                    **how,
                )
                # Read once more: what a search counts has its penalties in it.
                logits = plain(input_ids=given, decoder_input_ids=out[:, :-1]).logits[0, len(prefix) :]
            written = out[0, 1 + len(prefix) :]
            nats = logits.log_softmax(-1).gather(-1, written[:, None]).mean()
            found.append((out[0].tolist(), float(nats)))
        return found

    def _written_max(self, search: Search) -> int:
        return min(search.max_tokens or self._positions, self._positions - 1)
