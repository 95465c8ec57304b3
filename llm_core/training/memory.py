"""When memory runs out in the middle of a run: tell it apart from other trouble, and go on with smaller passes."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

from llm_core.errors import UserError
from llm_core.training.config import TrainConfig

# What allocators say that raise nothing of their own: DefaultCPUAllocator, cuBLAS, mmap
WORDS = ("not enough memory", "out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")


class OutOfMemory(Exception):
    """A pass did not fit."""


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Raise `OutOfMemory` for whatever the allocators raise; it holds on to nothing of the pass that failed."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not is_out_of_memory(error):
            raise
    else:
        return
    raise OutOfMemory


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or any(w in text for w in WORDS)
    )


def with_smaller_passes(config: TrainConfig) -> TrainConfig:
    """Half the tokens in a pass, twice the passes in an update: the same update in half the memory.

    Raises:
        UserError: `memory_short_for_run`, a pass already is a single sequence.
    """
    batch = config.batch
    half = batch.micro_tokens // 2
    if half < batch.context:
        raise UserError("memory_short_for_run", tokens=batch.micro_tokens)
    smaller = batch.model_copy(update={"micro_tokens": half, "accumulate": 2 * batch.accumulate})
    return config.model_copy(update={"batch": smaller})


def release() -> None:
    """Give back what the pass that failed still holds."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
