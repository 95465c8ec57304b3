"""The table of what was measured: from the models' own files, and the same in both readmes."""

import json
import shutil
from pathlib import Path

import pytest

from llm_core.catalog import bundled
from llm_core.errors import UserError
from llm_core.evaluation import scores_table

ROOT = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with one model and what was measured of it."""
    folder = tmp_path / "models" / "translator-zh-en"
    folder.mkdir(parents=True)
    shutil.copyfile(bundled.FOLDER / "translator-zh-en" / "card.json", folder / "card.json")
    return folder.parent


def test_each_task_of_a_model_has_a_row_and_a_file_is_filled_once(models: Path, tmp_path: Path) -> None:
    card = json.loads((models / "translator-zh-en" / "card.json").read_text("utf-8"))
    bleu = card["scores"]["translation"]["technical zh-en"]["bleu"]
    assert f"technical zh-en {bleu:.1f}" in scores_table.table("en", models)
    for name, head in (("README.md", "| task |"), ("README.zh-CN.md", "| 任务 |")):
        file = tmp_path / name
        file.write_text(f"before\n{scores_table.BEGIN}\nold\n{scores_table.END}\nafter\n", "utf-8")
        scores_table.fill(file, models)
        once = file.read_text("utf-8")
        assert head in once and "old" not in once and once.startswith("before") and once.endswith("after\n")
        scores_table.fill(file, models)
        assert file.read_text("utf-8") == once
    with pytest.raises(UserError, match="marks_missing"):
        plain = tmp_path / "plain.md"
        plain.write_text("no marks", "utf-8")
        scores_table.fill(plain, models)


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh")])
def test_the_readme_tells_what_was_measured(name: str, language: str) -> None:
    """Mended by: python -m llm_core evaluate table --data README.md --data README.zh-CN.md"""
    text = (ROOT / name).read_text("utf-8")
    written = text.partition(scores_table.BEGIN)[2].partition(scores_table.END)[0]
    assert written.strip() == scores_table.table(language).strip()
