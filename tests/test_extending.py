"""docs/extending.md is true: one dummy of each part that can be added works by its file and its line in a table.

A source of models is added in tests/catalog/test_new_source.py.
"""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from llm_core.documents import formats
from llm_core.documents.formats import Format, format_of
from llm_core.documents.reading import Reading
from llm_core.engines import pool
from llm_core.engines.base import Capability, Finished, Message, Prompt, Sampling, Score, Step, Writing
from llm_core.events import Done, Events, Item, Progress, collect
from llm_core.jobs import Job
from llm_core.settings import Settings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")


# ------------------------------------------------------------------ an engine


class Echo:
    """An engine that says again what it was told; its model is any file."""

    capabilities: frozenset[Capability] = frozenset()
    context_tokens = 100
    memory_bytes = 0
    is_open = True

    def __init__(self, name: str, path: Path, settings: Settings) -> None:
        pass

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(message.content.split()) for message in prompt)

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = "") -> Iterator[Step]:
        for number, prompt in enumerate(prompts):
            yield Writing(number, prompt[-1].content)
            yield Finished(number, "stop", self.count_tokens(prompt), 1, 1.0)

    def score(self, texts: Sequence[str], *, visitor: str = "") -> list[Score]:
        return [Score(0.0, len(text.split())) for text in texts]

    def close(self) -> None:
        pass


def test_an_engine_is_one_class_and_one_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pool.ENGINES, "echo", Echo)
    models = pool.Pool(settings)
    model = models.generator("parrot", tmp_path / "parrot", format="echo")
    steps = list(model.generate([[Message("user", "Ahoy!")]], Sampling()))
    assert "".join(step.text for step in steps if isinstance(step, Writing)) == "Ahoy!"
    assert model.score(["a b"]) == [Score(0.0, 2)]
    models.close()


# ------------------------------------------------------------------ a reader


def read_subtitles(data: bytes, reading: Reading) -> None:
    """Each subtitle is a paragraph; its number and its times are not text."""
    for block in data.decode("utf-8").split("\n\n"):
        reading.add(" ".join(block.splitlines()[2:]))


def test_a_reader_is_one_module_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("llm_core.documents.srt")
    vars(module)["read"] = read_subtitles
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(formats, "FORMATS", (Format("srt", (".srt",)), *formats.FORMATS))
    data = b"1\n00:00:01 --> 00:00:02\nAll aboard!\n\n2\n00:00:03 --> 00:00:04\nCast off."
    found, reading = format_of(data, "film.srt"), Reading()
    found.reader().read(data, reading)
    assert found.name == "srt"
    assert reading.document("film.srt", found.name).text == "All aboard!\n\nCast off."


# ------------------------------------------------------------------ a family, an objective


def tiny(tmp_path: Path, **changes: Any) -> Any:
    """A run of four updates over sentences of the project."""
    from llm_core.training.config import TrainConfig
    from llm_core.training.run import Run

    config = TrainConfig.model_validate(
        {
            "name": "tiny",
            "family": "mlp",
            "size": "tiny",
            "sources": [{"sample": "sentences-en", "characters": 6000}],
            "tokenizer": {"kind": "byte-bpe", "vocabulary": 300},
            "validation_fraction": 0.2,
            "batch": {"context": 16, "micro_tokens": 128},
            "optimize": {"learning_rate": 0.01, "warmup_steps": 2},
            "budget": {"steps": 4, "evaluate_every": 4},
            "prompts": ["The"],
        }
    )
    run = Run(config.model_copy(update=changes), tmp_path / "tiny")
    run.prepare()
    return run


@pytest.mark.timeout(300)
def test_a_family_is_one_module_and_one_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    from llm_core.training.families import FAMILIES
    from tests import mean_family

    monkeypatch.setitem(
        FAMILIES,  # type: ignore[arg-type] # nothing in the product changes it
        "mean",
        dataclasses.replace(FAMILIES["mlp"], sizes=mean_family.SIZES, build=mean_family.build),
    )
    config, model = mean_family.CLASSES
    AutoConfig.register(config.model_type, config, exist_ok=True)
    AutoModelForCausalLM.register(config, model, exist_ok=True)

    run = tiny(tmp_path, family="mean")
    outcome = collect(run.train())
    assert outcome.family == "mean"
    assert outcome.valid_loss > 0
    models = pool.Pool(settings)
    engine = models.generator("mean", run.folder / "model", format="transformers")
    steps = list(engine.generate([[Message("user", "The")]], Sampling(temperature=0, max_tokens=5)))
    assert [step.reply_tokens for step in steps if isinstance(step, Finished)] == [5]
    models.close()


@pytest.mark.timeout(300)
def test_an_objective_is_one_class_and_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_core.training import describe
    from llm_core.training.objectives import OBJECTIVES
    from llm_core.training.objectives.base import Judgement
    from llm_core.training.objectives.language import Language

    class Terse(Language):
        """Running text, judged by how long its samples are as well."""

        def judge(self, model: Any) -> Judgement:
            judged = super().judge(model)
            return dataclasses.replace(judged, extra={"length": float(sum(map(len, judged.samples)))})

    monkeypatch.setitem(OBJECTIVES, "terse", Terse)  # type: ignore[arg-type]
    run = tiny(tmp_path, objective="terse")
    monkeypatch.setitem(describe.TASKS, "terse", "fill")
    looks = [event.value for event in run.train() if isinstance(event, Item) and hasattr(event.value, "samples")]
    assert looks[-1].extra["length"] > 0
    written = (run.folder / "metrics.jsonl").read_text("utf-8").splitlines()
    assert "length" in [json.loads(line) for line in written if "valid_loss" in line][-1]["extra"]


# ------------------------------------------------------------------ a task, its command, its tab


def counted(text: str) -> Events:
    """How many words a text has."""
    words = text.split()
    for done, _ in enumerate(words, 1):
        yield Progress("counting", done, len(words))
    yield Done(len(words))


def test_a_task_is_a_generator_that_whoever_asks_can_drive() -> None:
    assert collect(counted("one two three")) == 3
    job = Job(counted("one two"), owner="ada", subject="text", unwatched_s=60, limit_s=60)
    *_, (_, last) = job.watch()
    assert last == Done(2)


def test_a_command_is_one_module_and_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from llm_core.cli import commands
    from llm_core.cli.main import main

    def words(text: list[str]) -> None:
        print(collect(counted(" ".join(text))))

    module = types.ModuleType("llm_core.cli.words")
    vars(module)["app"] = commands.command(words, "words")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(commands, "COMMANDS", (*commands.COMMANDS, "words"))
    assert main(["words", "one", "two"], serve=lambda settings: None) == 0
    assert capsys.readouterr().out == "2\n"


TAB = """
import json, sys
from llm_core import messages
from llm_core.settings import Settings
from llm_core.web import frame, page
from llm_core.workbench import Workbench
messages.table()["page.tab_words"] = {"en": "Words", "zh": "字数"}
def build(workbench, of):
    frame.html("<p>How many words?</p>", elem_id="words")
page.TABS += (page.Tab("words", build),)
built = page.build(Workbench(Settings(home=sys.argv[1], offline=True)))
print(json.dumps([part["props"].get("elem_id") for part in built.get_config_file()["components"]]))
"""


def test_a_tab_is_one_module_and_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAB, str(tmp_path / "home")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    assert {"tab-words", "words"} <= set(json.loads(done.stdout))


# ------------------------------------------------------------------ the page itself


def test_every_place_that_the_page_names_is_there() -> None:
    places = set(re.findall(r"`((?:llm_core|tests)/[\w./-]*)`", PAGE))
    assert len(places) > 20
    assert sorted(place for place in places if "NAME" not in place and not (ROOT / place).exists()) == []
    tables = re.findall(r"`([A-Z]{3,})` in\s+`(llm_core/[\w/]+\.py)`", PAGE)
    assert len(tables) > 7
    assert [name for name, place in tables if not re.search(rf"^{name}\b", read(place), re.MULTILINE)] == []


def read(place: str) -> str:
    return (ROOT / place).read_text("utf-8")
