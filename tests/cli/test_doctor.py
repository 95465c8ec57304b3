"""`doctor`: what it finds is said with what to do."""

import ast
import json
from pathlib import Path

from llm_core import messages
from llm_core.workbench import doctor


def test_a_machine_on_which_all_is_well(run, home):
    ran = run("doctor", language="zh", LLM_CORE_PORT="0")
    assert (ran.code, ran.err) == (0, "")
    assert "torch" in ran.out
    assert "tiny" in ran.out
    assert "未询问（离线）" in ran.out
    assert ran.out.endswith("一切正常。\n")


def test_what_is_wrong_is_found(run, home):
    (home / "models" / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf").write_bytes(b"GGUF cut short")
    ran = run("doctor", "--json", LLM_CORE_MODEL="no/such/../model")
    report = json.loads(ran.out)
    found = {finding["code"]: finding for finding in report["findings"]}
    assert ran.code == 2
    assert {"model_path_missing", "model_damaged"} <= set(found)
    assert "models get qwen2.5-coder-0.5b-instruct-q4_k_m" in found["model_damaged"]["message"]
    assert report["chat"] is None
    assert report["packages"]["torch"]


def test_a_home_that_cannot_be_one(run, tiny_gguf):
    ran = run("doctor", language="zh", LLM_CORE_HOME=tiny_gguf)
    assert ran.code == 2
    assert f"无法写入{tiny_gguf}" in ran.out


def test_a_source_that_cannot_be_reached(run, home):
    nowhere = "http://127.0.0.1:9"
    ran = run(
        "doctor", "--json", LLM_CORE_OFFLINE="0", LLM_CORE_HUB_ENDPOINT=nowhere, PIP_INDEX_URL=nowhere,
        PIP_EXTRA_INDEX_URL="", PIP_RETRIES="0", LLM_CORE_FETCH_PROBE_S="0.2",
    )  # fmt: skip
    report = json.loads(ran.out)
    assert "answers" not in report["sources"].values()
    assert "no_source_answers" in {finding["code"] for finding in report["findings"]}


def test_every_finding_has_its_sentence():
    tree = ast.parse(Path(doctor.__file__).read_text("utf-8"))
    codes = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Finding"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(codes) > 5
    assert {f"doctor.{code}" for code in codes} <= set(messages.table())
