"""The house stays readable: small files, small functions, a first line that says the subject."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("llm_core", "benchmarks") for path in (ROOT / folder).rglob("*.py")] + [ROOT / "app.py"]
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 80
FUNCTION_LINES_P90_MAX = 40


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(n.name, (n.end_lineno or 0) - n.lineno + 1) for n in ast.walk(tree) if isinstance(n, kinds)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_subject(path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= FILE_LINES_MAX
    assert ast.get_docstring(ast.parse(text)), "the first line says what the file is about"
    assert [name for name, lines in functions(path) if lines > FUNCTION_LINES_MAX] == []


def test_most_functions_fit_on_a_screen():
    lengths = sorted(lines for path in FILES for _, lines in functions(path))
    assert lengths[int(len(lengths) * 0.9)] <= FUNCTION_LINES_P90_MAX


def test_no_name_that_says_nothing():
    empty = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base2", "data", "info"}
    assert [path for path in FILES if path.stem in empty] == []
