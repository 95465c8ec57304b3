"""`models`: what is here, what can be had, and how to have it."""

import json

import pytest

from tests.catalog.hubs import put_repository
from tests.catalog.servers import Site, serving
from tests.catalog.test_found import put_ollama


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


def test_the_short_catalogue_asks_nobody(run):
    ran = run("models", "search", "translate", "zh", language="zh")
    assert (ran.code, ran.err) == (0, "")
    assert "Helsinki-NLP/opus-mt-zh-en" in ran.out
    assert "Qwen3" not in ran.out


@pytest.fixture
def hub(monkeypatch, tiny_gguf):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    site = Site()
    put_repository(site, "who/tiny-GGUF", {"new-q4_k_m.gguf": tiny_gguf.read_bytes(), "new-q8_0.gguf": b"GGUF"})
    with serving(site):
        yield {"HF_ENDPOINT": site.url, "LLM_CORE_SOURCES": "hub", "LLM_CORE_OFFLINE": 0}


def test_a_model_of_the_hub_is_looked_up(run, hub):
    ran = run("models", "look", "who/tiny-GGUF", **hub)
    assert (ran.code, ran.err) == (0, "")
    assert "apache-2.0" in ran.out
    assert ran.out.index("new-q4_k_m") < ran.out.index("new-q8_0")


def test_a_model_of_the_hub_is_fetched_after_its_facts_were_said(run, hub, home, tiny_gguf):
    ran = run("models", "get", "who/tiny-GGUF", **hub)
    assert ran.code == 0
    assert "441 kB, apache-2.0, needs about" in ran.err
    assert ran.out.strip() == str(home / "models" / "new-q4_k_m.gguf")
    assert "new-q4_k_m" in run("models").out
    assert run("models", "remove", "new-q4_k_m").code == 0


def test_what_cannot_be_fetched_says_why(run, hub):
    assert "who/nobody" in run("models", "get", "who/nobody", **hub).err
    assert "new-q8_0" in run("models", "get", "who/tiny-GGUF", "--file", "q2", **hub).err
    assert run("models", "look").code == 2


def test_a_model_of_another_program_is_used_and_let_go(run, home, tmp_path, tiny_gguf):
    blob = put_ollama(tmp_path / "ollama", "other", "latest", tiny_gguf.read_bytes())
    place = {"LLM_CORE_OLLAMA_MODELS": tmp_path / "ollama", "LLM_CORE_HUB_CACHE": tmp_path / "none"}
    place["LLM_CORE_LMSTUDIO_MODELS"] = tmp_path / "none"
    assert "other-latest" in run("models", "found", **place).out
    assert str(blob) in run("models", "found", "--use", "other-latest", **place).out
    assert "Ollama" not in run("models", "found", language="zh", **place).out
    ran = run("models", "remove", "other-latest", **place)
    assert (ran.code, ran.err) == (0, "")
    assert str(blob) in ran.out
    assert blob.exists()


def test_sources_are_chosen_and_shown(run, tmp_path):
    ran = run("models", "sources", "--only", "folder,hub,peer", "--peer", "teacher", "--folder", str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    rows = {
        line.split("(")[1].split(")")[0]: line
        for line in run("models", "sources").out.splitlines()[1:]
        if "(" in line
    }
    assert "http://teacher:7860" in rows["peer"]
    assert "no" in rows["index"].split()
    assert "yes" in rows["folder"].split()
    assert run("models", "sources", "--only", "carrier-pigeon").code == 2
    assert run("models", "sources", "--peer", "not an address").code == 2


def test_a_pack_is_written(run, tmp_path):
    ran = run("models", "pack", str(tmp_path / "stick"), "--no-wheels", language="zh")
    assert ran.code == 0
    assert "README" in ran.out
    assert (tmp_path / "stick" / "workbench" / "app.py").is_file()


def test_what_a_stick_holds_beyond_the_list_is_taken_by_its_name(run, hub, home, tmp_path):
    assert run("models", "get", "who/tiny-GGUF", **hub).code == 0
    assert run("models", "pack", str(tmp_path / "stick"), "--no-wheels").code == 0
    other = {
        "LLM_CORE_HOME": tmp_path / "other",
        "LLM_CORE_MODELS_FROM": tmp_path / "stick",
        "LLM_CORE_SOURCES": "folder",
    }
    assert "new-q4_k_m" in run("models", "offers", **other).out
    ran = run("models", "get", "new-q4_k_m", **other)
    assert ran.code == 0
    assert ran.out.strip() == str(tmp_path / "other" / "models" / "new-q4_k_m.gguf")
    assert run("models", "get", "nothing-such", **other).code == 2
