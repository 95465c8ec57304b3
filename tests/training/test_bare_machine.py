"""Training runs where nothing of the workbench is installed but what llm_core.training names in its first lines."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

CHILD = """
import sys
for name in ("lxml", "pypdfium2", "rjieba", "jieba", "pydantic_settings", "platformdirs", "gradio",
             "ctranslate2", "tantivy", "xllamacpp", "pygments", "latex2mathml"):
    sys.modules[name] = None  # importing it raises ImportError; what transformers brings is not among them

import json
from pathlib import Path
from llm_core.training.config import TrainConfig
from llm_core.training.run import Run

run = Run(TrainConfig.model_validate(json.loads(sys.argv[1])), Path(sys.argv[2]))
run.prepare()
*_, done = run.train()
print(done.result.steps)
"""


def test_a_run_needs_nothing_of_the_workbench(decoder_recipe: dict[str, Any], tmp_path: Path) -> None:
    cleaning = {"noise": True, "simplify": True, "personal": True, "repeated_lines": True, "near_duplicates": True}
    recipe = decoder_recipe | {"cleaning": cleaning, "budget": {"steps": 2}}
    recipe["sources"] = [*recipe["sources"], {"sample": "stories-zh", "characters": 5000}]
    order = json.dumps(recipe, default=str)
    command = [sys.executable, "-c", CHILD, order, str(tmp_path / "run")]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert out.returncode == 0, out.stderr
    assert out.stdout.split()[-1] == "2"
