"""ZeroGPU: a Space of Hugging Face that lends a GPU for some seconds to whoever asks, as far as their quota goes.

What borrows it is one function, which the Space looks for at its start and runs in a process forked from this one. So
the model is handed over by a key: the fork finds it where this process keeps it. Elsewhere nothing of this happens.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from llm_core.engines.base import Sampling, Step
from llm_core.errors import UserError
from llm_core.settings import Settings

if TYPE_CHECKING:
    from llm_core.engines.causal import Causal

SECONDS = 60  # of one loan; a longer one waits longer for its turn
REFUSALS = ("quota", "no gpu")  # in what the Space says where it lends nothing

_models: dict[int, Causal] = {}
_borrowing: Callable[..., Iterator[Step]] | None = None


def prepare(settings: Settings) -> None:
    """Say which function borrows the GPU, where there is one to be had. Once, before the page is served."""
    global _borrowing
    # The package is part of such a Space, and of no other installation.
    _borrowing = importlib.import_module("spaces").GPU(duration=SECONDS)(_computed) if settings.zero_gpu else None


def write(
    causal: Causal, batch: dict[int, list[int]], sampling: Sampling, prefill: int
) -> Generator[Step, None, None]:
    """As `decoding.write`, on a borrowed GPU where one is lent.

    Raises:
        UserError: `gpu_refused`, where the visitor's quota is used up or no GPU is free.
    """
    if _borrowing is None:
        yield from _steps(causal, batch, sampling, prefill)
        return
    key = id(causal)
    _models[key] = causal
    try:
        yield from _borrowing(key, batch, sampling, prefill)
    except UserError:
        raise
    except Exception as error:
        if any(word in str(getattr(error, "message", error)).lower() for word in REFUSALS):
            raise UserError("gpu_refused") from error
        raise


def _computed(key: int, *rest: Any) -> Iterator[Step]:
    """In the process that has the GPU."""
    yield from _steps(_models[key], *rest)


def _steps(causal: Causal, batch: dict[int, list[int]], sampling: Sampling, prefill: int) -> Iterator[Step]:
    from llm_core.engines import decoding

    return decoding.write(causal, batch, sampling, prefill)
