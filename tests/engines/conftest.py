"""Engines over the tiny model, closed after their tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_core.engines.llama import Llama
from llm_core.settings import Settings


@pytest.fixture(scope="module")
def engine(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """One open model with two slots for all tests of a file; a prompt may have 32,768 tokens."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), offline=True, context_tokens=32_768)
    engine = Llama("tiny", tiny_gguf, settings)
    yield engine
    engine.close()


@pytest.fixture
def own_engine(tiny_gguf: Path, settings: Settings) -> Iterator[Llama]:
    """An engine that a test may break."""
    engine = Llama("tiny", tiny_gguf, settings)
    yield engine
    engine.close()
