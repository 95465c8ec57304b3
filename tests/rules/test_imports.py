"""Start-up stays light: what is heavy is loaded by those who need it."""

import subprocess
import sys

import pytest

HEAVY = "torch transformers gradio numpy pandas xllamacpp sentencepiece jieba typer httpx pydantic"


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that are loaded after running `statement` in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import llm_core") & set(HEAVY.split()) == set()


@pytest.mark.parametrize("module", ["llm_core.workbench", "llm_core.__main__"])
def test_neither_the_workbench_nor_the_command_line_loads_torch_or_the_page(module):
    assert loaded_by(f"import {module}") & {"torch", "transformers", "gradio", "xllamacpp"} == set()


def test_the_page_loads_no_torch():
    assert "torch" not in loaded_by("import llm_core.web.page")


def test_the_public_names_are_there():
    import llm_core

    for name in llm_core.__all__:
        assert hasattr(llm_core, name), name
    with pytest.raises(AttributeError):
        _ = llm_core.nothing
