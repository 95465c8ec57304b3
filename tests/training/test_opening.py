"""Which model a name means, and that it is nobody else's."""

from pathlib import Path

import pytest

from llm_core.errors import UserError
from llm_core.models.opening import context_of, parameters_of
from llm_core.settings import Settings
from llm_core.training.config import Source, TrainConfig
from llm_core.training.opening import find_causal
from llm_core.training.plan import plan
from llm_core.training.state import State
from llm_core.workbench.runs import Runs


def test_a_name_means_a_run_a_bundled_model_or_a_file(tmp_path: Path, tiny_gguf: Path) -> None:
    runs = tmp_path / "runs"
    assert find_causal("decoder-zh-en", runs).name == "decoder-zh-en"
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.gguf").write_bytes(tiny_gguf.read_bytes())
    found = find_causal("mine", runs)
    assert found == tmp_path / "models" / "mine.gguf"
    assert parameters_of(found) > 50_000
    assert context_of(find_causal("decoder-zh-en", runs)) == 256
    for name in ("nobody", "../models/mine", "mine/../mine"):
        with pytest.raises(UserError):
            find_causal(name, runs)


def test_nobody_begins_with_the_run_of_another(settings: Settings, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("A fox.", "utf-8")
    State("done", owner="ann").write(settings.paths.run("private"))
    runs = Runs(settings.model_copy(update={"host": "0.0.0.0"}))
    config = TrainConfig(
        name="b", family="decoder", sources=(Source(path=text),), budget={"steps": 1}, start="private"
    )
    for ask in (runs.start, runs.estimate):
        with pytest.raises(UserError, match="start_unknown"):
            ask("bob", config)


def test_a_model_that_has_learned_before_learns_in_small_steps(tmp_path: Path) -> None:
    talks = tmp_path / "talks.jsonl"
    talks.write_text('{"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}\n')
    fresh = plan("a", [Source(path=talks)])
    tuned = plan("a", [Source(path=talks)], more={"start": "decoder-zh-en", "objective": "chat"})
    assert tuned.optimize.learning_rate < fresh.optimize.learning_rate / 10
    assert (tuned.prompts, tuned.batch.context) == (("Why?",), 256)
