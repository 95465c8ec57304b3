"""What every test can have: a tiny real model, and settings whose home is a folder of the test's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from llm_core.settings import Settings
from tests.tiny_gguf import write_tiny_gguf

# A copy in int8 is made beside the first reply of a model; only its own tests (tests/engines/test_ct2.py) want that.
os.environ.setdefault("LLM_CORE_CONVERT", "false")


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF of random weights: opens in 0.2 s, writes ASCII without meaning, up to max_tokens."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture
def home(tmp_path: Path, tiny_gguf: Path) -> Path:
    """A home folder with the tiny model in it, known as `tiny`."""
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    shutil.copy(tiny_gguf, models)
    return models.parent


@pytest.fixture(scope="session")
def converted_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled encoder as CTranslate2 wants it: made once, since it takes seconds."""
    from llm_core.workbench.library_parts import encoder

    settings = Settings(home=tmp_path_factory.mktemp("converted"), offline=True)
    opened = encoder(settings)
    opened.encode(["a boat"], "query")
    opened.close()
    return settings.paths.conversions


@pytest.fixture
def home_with_encoder(home: Path, converted_encoder: Path) -> Path:
    """`home`, where the encoder need not be converted first."""
    shutil.copytree(converted_encoder, home / "conversions", copy_function=os.link)
    return home


@pytest.fixture(scope="session")
def understanding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny models that read and analyze, trained once, since it takes half a minute."""
    from tests.tiny_understanding import write_models

    return write_models(tmp_path_factory.mktemp("understanding"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Nothing is fetched, and nothing of the person who runs the tests is touched."""
    return Settings(home=tmp_path / "home", offline=True)


@pytest.fixture(scope="session")
def conversions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bundled encoder is converted once for all tests, which takes seconds."""
    return tmp_path_factory.mktemp("conversions")
