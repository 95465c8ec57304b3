"""Whatever a person reads exists in both languages, with the same facts in it, and is used."""

import ast
import string
from pathlib import Path

import pytest

from llm_core import messages
from llm_core.terminal import INTERNAL

SOURCE = Path(messages.__file__).parents[1]
KINDS = {"UserError": "errors", "Notice": "notices", "Progress": "stages"}


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def said() -> dict[str, str]:
    """Every code that some call names literally -> where."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[f"{KINDS[node.func.id]}.{first.value}"] = f"{path.name}:{node.lineno}"
    return found


@pytest.mark.parametrize("key", sorted(messages.table()))
def test_both_languages_say_the_same(key):
    both = messages.table()[key]
    assert set(both) == set(messages.LANGUAGES)
    between = key.endswith(("_gap", "_mark", "_comma"))  # stands between other words, with its blanks
    assert all(sentence and (between or sentence.strip() == sentence) for sentence in both.values())
    assert facts(both["en"]) == facts(both["zh"])


def test_everything_that_is_said_has_its_sentence():
    missing = {code: where for code, where in said().items() if code not in messages.table()}
    assert {code: where for code, where in missing.items() if code.removeprefix("notices.") not in INTERNAL} == {}


def test_no_sentence_waits_for_a_code_that_nobody_says():
    source = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    unused = [
        key for key in messages.table()
        if key.split(".")[0] in KINDS.values() and f'"{key.split(".", 1)[1]}"' not in source
    ]  # fmt: skip
    assert unused == []


def test_chinese_is_written_with_chinese_marks():
    for key, both in messages.table().items():
        assert "您" not in both["zh"], key
        assert not any(mark in both["zh"] for mark in ("?", "!", ";")), key


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh-Hant-TW", "zh"), ("zh_CN.UTF-8", "zh"), ("fr-FR,zh;q=0.8,en;q=0.5", "zh"), ("en_US:zh", "en"),
     ("de", "en"), ("", "en"), (None, "en")],
)  # fmt: skip
def test_a_reader_gets_the_language_they_asked_for(tag, language):
    assert messages.language_of(tag) == language


def test_units():
    assert messages.write_bytes(1_117_320_768) == "1.1 GB"
    assert messages.write_bytes(491_400_064) == "491 MB"
    assert messages.write_seconds(110, "en") == "1 min 50 s"
    assert messages.write_seconds(7500, "zh") == "2小时5分"
