"""Only the owner of this computer may point at a file of it; a visitor names models of the list."""

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.workbench import Workbench


@pytest.fixture
def elsewhere(tiny_gguf, tmp_path, monkeypatch):
    """A folder that the server happens to run in, with a model file in it."""
    (tmp_path / "secret.gguf").write_bytes(tiny_gguf.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "secret.gguf"


@pytest.mark.parametrize(
    "name", ["secret.gguf", "./secret.gguf", "SECRET.GGUF", "..\\secret.gguf", "c:secret.gguf", None]
)
def test_a_visitor_cannot_name_a_path(elsewhere, settings, name):
    with Workbench(settings) as workbench, pytest.raises(UserError) as refused:
        workbench.models.choice("chat", name or str(elsewhere))
    assert refused.value.code == "model_unknown"


def test_the_settings_can(elsewhere, settings):
    with Workbench(Settings(home=settings.home, offline=True, model=str(elsewhere))) as workbench:
        assert workbench.models.choice("chat").entry.path == elsewhere
        assert workbench.models.choice("chat", "chat").entry.path == elsewhere
