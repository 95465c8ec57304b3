"""A causal language model in a Transformers folder, open with torch: token ids in, logits out. Imported late.

What a model class of ours does to be used here, whatever its family:

- `forward(input_ids [B, T], past_key_values=state, use_cache=True)` returns `logits` [B, T, V] and, as
  `past_key_values`, the state after these T tokens. The state is opaque: a cache of keys and values for a
  Transformer, a `models.state.State` for a recurrent network. None is the state before the first token. So one more
  token costs one step, whatever came before.
- `forward(input_ids)` without a state gives the same logits as the same tokens one by one (a test of each family).
- No token sees a later one, so that padding on the right changes nothing and no mask is needed.
- A class may offer `begin(input_ids [B, T])`, the state before the first token of a text to continue, whose beginning
  it may look at: a sentence VAE puts its z there.

Code from a folder is never run (no `trust_remote_code`), and weights come from safetensors alone.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from llm_core.engines.base import Score
from llm_core.engines.windows import windows
from llm_core.models import lora, register
from llm_core.models.opening import GGUF, open_causal, open_tokenizer

State: TypeAlias = Any

BATCH_LOGITS = 2**25  # of one batch: 128 MB


class _Row(NamedTuple):
    """Tokens of a text that are read together; those from `judged` on count."""

    text: int
    ids: list[int]
    judged: int


class Causal:
    """An open model and its tokenizer. Safe from several threads: nothing of it changes.

    Args:
        folder: config.json, safetensors and a tokenizer that Transformers knows.
        context: the longest sequence, in tokens.
        threads: for computing.
        device: where; a card where torch finds one, unless it is said.
        half: 16 bits a weight: bfloat16 where the device computes in it, else float16.
    """

    def __init__(
        self, folder: Path, context: int, threads: int, device: str | None = None, *, half: bool = False
    ) -> None:
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        register()
        safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        models: Any = AutoModelForCausalLM
        tokenizers: Any = AutoTokenizer
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        # Else 32 bits: a CPU computes in nothing faster, and scores are compared to the third digit.
        dtype = half_of(self.device) if half else torch.float32
        if base := lora.base_of(folder):
            model: Any = open_causal(base, dtype)
            lora.load(model, folder)
        elif folder.suffix == GGUF:
            model = open_causal(folder, dtype)
        else:
            model = models.from_pretrained(folder, dtype=dtype, use_safetensors=True, **safe)
        self.model: Any = model.to(self.device).eval()
        self.tokenizer: Any = (
            open_tokenizer(folder) if folder.suffix == GGUF else tokenizers.from_pretrained(folder, **safe)
        )
        self.context = context
        self.threads = threads
        self.vocabulary = int(model.config.vocab_size)
        self.ends = self._ends()
        begin = [self.tokenizer.bos_token_id, self.tokenizer.eos_token_id]
        self.begin: int | None = next((mark for mark in begin if mark is not None), None)
        self._begin: Callable[[Tensor], State] | None = getattr(model, "begin", None)
        self._last_only = "logits_to_keep" in inspect.signature(model.forward).parameters

    def ids(self, text: str) -> list[int]:
        """Tokens of a text, without marks; marks spelled out in it are its characters."""
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    @torch.inference_mode()
    def step(self, ids: Sequence[Sequence[int]], state: State = None) -> tuple[Tensor, State]:
        """Read some more tokens.

        Args:
            ids: [B, T], at least one token in each row and the same number in all.
            state: after the tokens before these; it may be changed, so that it can be used once only.

        Returns:
            Logits of what follows the last token [B, V], on the CPU, and the state after it.
        """
        self._take_threads()
        given = torch.tensor(ids, device=self.device)
        if state is None and self._begin is not None:
            state = self._begin(given)
        only = {"logits_to_keep": 1} if self._last_only else {}
        out = self.model(input_ids=given, past_key_values=state, use_cache=True, **only)
        return out.logits[:, -1].float().cpu(), out.past_key_values

    def score(self, texts: Sequence[str]) -> list[Score]:
        """See `base.Scorer`. Texts of like length share a batch."""
        all_ids = [self.ids(text) for text in texts]
        unmarked = self.begin is None
        totals = [-math.log(self.vocabulary) if unmarked and ids else 0.0 for ids in all_ids]
        hits = [0] * len(texts)
        rows = [row for text, ids in enumerate(all_ids) for row in self._rows(text, ids)]
        for batch in self._batches(rows):
            for row, (nats, right) in zip(batch, self._log_likelihoods(batch), strict=True):
                totals[row.text] += nats
                hits[row.text] += right
        return [Score(total, len(ids), hit) for total, ids, hit in zip(totals, all_ids, hits, strict=True)]

    def _rows(self, text: int, ids: list[int]) -> Iterator[_Row]:
        marked = ids if self.begin is None else [self.begin, *ids]
        for window in windows(len(marked), self.context):
            yield _Row(text, marked[window.start : window.end], window.judged - window.start)

    def _batches(self, rows: list[_Row]) -> Iterator[list[_Row]]:
        batch: list[_Row] = []
        for row in sorted(rows, key=lambda row: len(row.ids)):
            if batch and len(row.ids) * (len(batch) + 1) * self.vocabulary > BATCH_LOGITS:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    @torch.inference_mode()
    def _log_likelihoods(self, batch: list[_Row]) -> list[tuple[float, int]]:
        """Sum of ln P of the judged tokens of each row, and how many of them were the likeliest."""
        self._take_threads()
        longest = max(len(row.ids) for row in batch)
        padded = [row.ids + [0] * (longest - len(row.ids)) for row in batch]
        ids = torch.tensor(padded, device=self.device)  # B, T
        logits = self.model(input_ids=ids[:, :-1], use_cache=False).logits.float()  # B, T - 1, V
        own = logits.gather(-1, ids[:, 1:, None])[..., 0]
        nats = (own - logits.logsumexp(-1)).double().cpu()  # B, T - 1
        right = (own >= logits.amax(-1)).cpu()  # B, T - 1
        judged = [slice(row.judged - 1, len(row.ids) - 1) for row in batch]
        return [(float(nats[n, place].sum()), int(right[n, place].sum())) for n, place in enumerate(judged)]

    def _ends(self) -> frozenset[int]:
        """Tokens after which nothing more is said."""
        given = self.model.generation_config.eos_token_id
        listed = given if isinstance(given, list) else [given]
        return frozenset(int(end) for end in (*listed, self.tokenizer.eos_token_id) if end is not None)

    def _take_threads(self) -> None:
        """Torch counts threads for each thread that calls it."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)


def half_of(device: torch.device) -> torch.dtype:
    """The 16 bits that a device computes in: bfloat16 holds every weight, float16 where there is nothing else."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.float16 if device.type == "mps" else torch.bfloat16
