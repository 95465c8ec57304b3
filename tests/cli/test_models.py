"""`models`: what is here, what can be had, and how to have it."""

import json

import pytest


def test_the_list_says_what_is_here_and_what_can_be_had(run, home):
    ran = run("models", language="zh")
    assert (ran.code, ran.err) == (0, "")
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line}
    assert "已在本机" in rows["tiny"]
    assert "可下载" in rows["smollm2-135m-instruct-q4_1"]
    assert "98 MB" in rows["smollm2-135m-instruct-q4_1"]
    assert "Apache-2.0" in rows["qwen2.5-coder-0.5b-instruct-q4_k_m"]
    assert "对话使用tiny" in ran.out


def test_with_nothing_here_the_list_says_how_to_begin(run):
    assert "python -m llm_core models get recommended" in run("models").out


def test_the_list_as_json(run, home):
    listed = json.loads(run("models", "--json").out)
    assert listed["chat"] == "tiny"
    by_id = {model["id"]: model for model in listed["models"]}
    assert by_id["tiny"]["path"] == str(home / "models" / "tiny.gguf")
    assert by_id["smollm2-135m-instruct-q4_1"]["state"] == "can_be_had"


def test_a_model_is_removed(run, home):
    ran = run("models", "remove", "tiny")
    assert (ran.code, ran.err) == (0, "")
    assert not (home / "models" / "tiny.gguf").exists()


@pytest.mark.parametrize("command", ["get", "remove"])
def test_a_wrong_name_names_the_nearest(run, command):
    ran = run("models", command, "qwen9")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "qwen3-4b" in ran.err


def test_what_is_not_here_cannot_be_removed(run):
    ran = run("models", "remove", "smollm", language="zh")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "smollm2-135m-instruct-q4_1" in ran.err


def test_offline_nothing_is_fetched(run):
    ran = run("models", "get", "recommended", language="zh")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
