"""The frame of the command line: help in two languages, one line for every mistake, a number for every bug."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from llm_core import messages
from llm_core.cli import columns, main, streams
from llm_core.cli.commands import COMMANDS
from llm_core.errors import UserError
from llm_core.tasks import roles
from llm_core.terminal import width
from llm_core.training import config
from llm_core.training.samples import SAMPLES

CLI = Path(main.__file__).parent
CALLS = [[], ["models"], *([name] for name in COMMANDS), ["models", "get"], ["models", "remove"]]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
@pytest.mark.parametrize(("language", "usage"), [("en", "Usage:"), ("zh", "用法：")])
def test_every_command_explains_itself_in_the_readers_language(run, call, language, usage):
    ran = run(*call, "--help", language=language)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{usage} python -m llm_core")
    if language == "zh":
        prose = re.sub(r"[“(].*?[”)]|python -m llm_core.*", "", ran.out)
        assert not re.search(r"[a-z]{4,} [a-z]{3,} [a-z]{3,}", prose), "no English sentence is left"


def test_without_a_command_there_is_help(run):
    assert run().out == run("--help").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chta"], "是不是：chat？"),
        (["models", "gte", "x"], "是不是：get？"),
        (["chat", "--modle", "x"], "是不是：--model？"),
        (["--verbose"], "--verbose"),
        (["chat", "--model"], "--model"),
        (["doctor", "now"], "doctor --help"),
        (["models", "remove"], "缺少NAME"),
        (["serve", "--port", "99999"], "0到65535之间的整数"),
        (["chat", "--lines", "--seed"], "--seed"),
    ],
)
def test_a_mistake_is_one_line(run, arguments, said):
    ran = run(*arguments, language="zh")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


def test_a_setting_that_does_not_fit_is_named(run):
    ran = run("models", language="zh", LLM_CORE_CONTEXT_TOKENS="many")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "LLM_CORE_CONTEXT_TOKENS" in ran.err


def test_a_bug_has_a_number_and_its_traceback_is_in_the_log(run, tmp_path, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("llm_core.catalog.listing.entries", broken)
    ran = run("models")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    number = re.search(r"number: (\w{6})", ran.err)
    assert number
    log = (tmp_path / "home" / "workbench.log").read_text("utf-8")
    assert number[1] in log
    assert "ZeroDivisionError: a bug" in log


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "no space", "/data/x"), "磁盘已满"),
        (PermissionError(13, "denied", "/data/x"), "LLM_CORE_HOME"),
        (OSError(30, "read-only", "/data/x"), "/data/x"),
        (NotADirectoryError(20, "not a directory", "/data/x"), "/data/x"),
        (UserError("text_empty"), "没有文字"),
    ],
)
def test_trouble_with_the_disk_has_its_sentence(run, monkeypatch, error, said):
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("llm_core.catalog.listing.entries", failing)
    ran = run("models", language="zh")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err


def test_an_interrupted_command_ends_with_130(run, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_core.catalog.listing.entries", interrupted)
    assert run("models").code == 130


def test_a_reader_that_leaves_is_no_error(run, monkeypatch):
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError(32, "gone")

    monkeypatch.setattr("llm_core.catalog.listing.entries", gone)
    ran = run("models")
    assert (ran.code, ran.err) == (1, "")


def test_serve_takes_its_options_and_what_the_environment_says(run, served):
    run("serve", "--port", "8001", "--host", "::1")
    run("serve", LLM_CORE_PORT="8002", LLM_CORE_OFFLINE="0")
    run("serve", "--offline", LLM_CORE_OFFLINE="0")
    assert [(each.port, each.host, each.offline) for each in served] == [
        (8001, "::1", True), (8002, "127.0.0.1", False), (8002, "127.0.0.1", True),
    ]  # fmt: skip


def test_every_text_of_the_command_line_is_used_and_there():
    text = "\n".join(path.read_text("utf-8") for path in [*CLI.glob("*.py"), CLI.parent / "__main__.py"])
    strings = {
        n.value
        for n in ast.walk(ast.parse(text.replace("from __future__ import annotations", "")))
        if isinstance(n, ast.Constant)
    }
    keys = [key.removeprefix("cli.") for key in messages.table() if key.startswith("cli.")]
    unused = [key for key in keys if not {key, f"cli.{key}"} & strings and not key.endswith("_help")]
    assert unused == []


def test_the_help_names_every_role():
    for text in messages.table()["cli.chat_role"].values():
        assert [name for name in roles.table() if name not in text] == []


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("train_family", get_args(config.Family)),
        ("train_size", get_args(config.Size)),
        ("train_objective", get_args(config.Objective)),
        ("train_sample", tuple(SAMPLES)),
    ],
)
def test_the_help_names_all_that_can_be_trained(key: str, names: tuple[str, ...]):
    for text in messages.table()[f"cli.{key}"].values():
        assert [name for name in names if name not in text] == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("你好".encode(), "你好"),
        ("﻿你好".encode(), "你好"),
        ("你好".encode("utf-16"), "你好"),
        (b"\xfe\xff" + "你好".encode("utf-16-be"), "你好"),
        (b"", ""),
    ],
)
def test_text_is_read_in_the_encodings_that_other_programs_write(content, text):
    assert streams.decoded(content, "stdin") == text


def test_chinese_characters_take_two_columns():
    assert width("a你e\u0301") == 4
    lines = columns.table([["你好", "1"], ["abc", "22"]], right=[1])
    assert lines == ["你好   1", "abc   22"]
    assert columns.wrapped("你好，世界 hello", 6) == ["你好，", "世界", "hello"]
    assert columns.wrapped("", 10) == [""]
