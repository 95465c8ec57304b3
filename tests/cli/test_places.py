"""The command line from a folder with blanks and Chinese in its name, with a home of that kind, in a bare locale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORY = " ".join(f"Boat {n * n % 997} left berth {n} with the tide, and crew {n * 7 % 89} sang." for n in range(500))
NAME = "My papers 我的 文件 (1)"


@pytest.fixture
def run(tmp_path, tiny_gguf):
    """Runs a command there, as somebody whose console knows no Chinese."""
    folder, home = tmp_path / NAME, tmp_path / f"家 {NAME}"
    (home / "models").mkdir(parents=True)
    folder.mkdir()
    shutil.copy(tiny_gguf, home / "models" / "小 模型.gguf")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    env |= {"LLM_CORE_HOME": str(home), "LLM_CORE_OFFLINE": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C"}

    def command(*arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "llm_core", *arguments],
            cwd=folder,
            env=env,
            input=text.encode(),
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return done.stdout.decode("utf-8")

    command.folder, command.home = folder, home
    return command


def test_models_and_documents_are_found_and_written_there(run):
    (run.folder / "港口 记录.txt").write_text(
        "港口分三期建成。第一期用花岗岩。第二期用石灰岩。最早的堤墙是花岗岩。", "utf-8"
    )
    assert "小 模型" in run("models")
    assert "花岗岩" in run("summarize", "港口 记录.txt", "--sentences", "1")
    assert run("chat", "--model", str(run.home / "models" / "小 模型.gguf"), "--max-tokens", "4", "你好")
    (run.folder / "story 故事.txt").write_text(STORY, "utf-8")
    run("train", "--text", "story 故事.txt", "--family", "ngram", "--name", "潮水 1")
    assert list((run.home / "runs" / "潮水 1").rglob("card.json"))


def test_everything_kept_is_deleted_there_and_models_stay(run):
    (run.folder / "story 故事.txt").write_text(STORY, "utf-8")
    run("train", "--text", "story 故事.txt", "--family", "ngram", "--name", "潮水 1")
    run("forget")  # nobody is there to say yes
    assert (run.home / "runs" / "潮水 1").exists()
    run("forget", "--yes")
    assert not (run.home / "runs").exists()
    assert (run.home / "models" / "小 模型.gguf").exists()
