"""`models export`: what is written, and what is said where nothing can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

MODEL = "decoder-zh-en"


def test_from_the_command_line(run: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = run("models", "export", MODEL, "--format", "gguf", "--out", str(out))
    assert (ran.code, ran.out.strip()) == (0, str(out / f"{MODEL}.gguf"))
    modelfile = (out / "Modelfile").read_text("utf-8")
    assert modelfile.startswith(f'FROM ./{MODEL}.gguf\nTEMPLATE """<|endoftext|>{{{{ .Prompt }}}}"""\n')
    assert 'PARAMETER stop "<|endoftext|>"' in modelfile
    assert run("models", "export", MODEL).out.startswith("vllm serve ")
    assert "--format cannot be" in run("models", "export", MODEL, "--format", "onnx").err
    assert "HF_TOKEN" in run("models", "export", MODEL, "--push", "me/m", HF_TOKEN="").err
