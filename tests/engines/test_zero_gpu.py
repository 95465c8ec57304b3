"""A borrowed GPU: who asks for it, what happens where there is none, and the reply that comes from the CPU then.

The Space's own package runs on its machines alone; in its place stands a module that does as its documentation says.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest

from llm_core.engines import zero_gpu
from llm_core.errors import UserError
from llm_core.settings import Settings


@pytest.fixture
def loans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The seconds of each loan; a loan of a visitor without quota ends as the Space ends it."""
    asked: list[int] = []

    def gpu(duration: int):
        def decorated(function):
            def lent(*arguments):
                asked.append(duration)
                if arguments[1] == {}:
                    raise RuntimeError("You have exceeded your GPU quota (60s requested vs. 0s left).")
                yield from function(*arguments)

            return lent

        return decorated

    monkeypatch.setitem(sys.modules, "spaces", types.SimpleNamespace(GPU=gpu))  # type: ignore[arg-type]
    monkeypatch.setattr(zero_gpu, "_steps", lambda causal, *rest: iter([causal, *rest]))
    yield asked
    zero_gpu.prepare(Settings())


def test_elsewhere_nobody_is_asked(loans: list[int]) -> None:
    zero_gpu.prepare(Settings())
    assert list(zero_gpu.write("model", {0: [1]}, "sampling", 64)) == ["model", {0: [1]}, "sampling", 64]  # type: ignore[arg-type]
    assert loans == []


def test_on_such_a_space_the_model_is_found_by_whoever_has_the_gpu(loans: list[int]) -> None:
    zero_gpu.prepare(Settings(zero_gpu=True))
    assert list(zero_gpu.write("model", {0: [1]}, "sampling", 64)) == ["model", {0: [1]}, "sampling", 64]  # type: ignore[arg-type]
    assert loans == [zero_gpu.SECONDS]


def test_a_quota_that_is_used_up_has_its_own_error(loans: list[int]) -> None:
    zero_gpu.prepare(Settings(zero_gpu=True))
    with pytest.raises(UserError, match="gpu_refused"):
        list(zero_gpu.write("model", {}, "sampling", 64))  # type: ignore[arg-type]
