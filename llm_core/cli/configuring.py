"""What the command line of `train` asks for, as a configuration: files of text, or a recipe with flags over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from llm_core.errors import UserError
from llm_core.values import refused, shown, shown_path

if TYPE_CHECKING:
    from llm_core.training.config import TrainConfig
    from llm_core.workbench.runs import Runs

RECIPES = Path(__file__).parents[2] / "recipes"
SUFFIXES = (".yaml", ".yml")
NAMES = {"family": "--family", "size": "--size", "objective": "--objective", "start": "--start",
         "seed": "--seed", "name": "--name", "folds": "--folds",
         "budget.steps": "--steps", "budget.seconds": "--seconds"}  # fmt: skip


def configured(
    runs: Runs,
    arguments: Sequence[str],
    texts: Sequence[str],
    samples: Sequence[str],
    flags: Mapping[str, str | None],
    budget: Mapping[str, str | None],
    entries: Sequence[str],
    data: str | None,
) -> TrainConfig:
    """The configuration that was asked for.

    Args:
        runs: plans what is not said.
        arguments: one recipe; or more files of text after --text.
        texts: files of text.
        samples: names of corpora that ship with the project.
        flags: top entries of a configuration; None where it was not given.
        budget: `steps` and `seconds`, of which at most one is given.
        entries: KEY=VALUE, a key being a path such as batch.context.
        data: the folder that `${data}` in a recipe stands for.

    Raises:
        UserError: whatever does not fit, by its flag or entry.
    """
    if all(budget.values()):
        raise UserError("steps_or_seconds")
    given = {key: value for key, value in flags.items() if value is not None}
    if not texts and not samples and (recipe := _recipe(arguments)):
        length = {"budget": dict(budget)} if any(budget.values()) else {}
        return _from_recipe(recipe, _merged(_merged(given, length), _entries(entries)), data)
    files = [Path(file).absolute() for file in (*texts, *arguments)]
    for file in files:
        if not file.exists():
            raise UserError("source_missing", path=shown_path(file))
    form: dict[str, Any] = {key: given.pop(key) for key in ("name", "family", "size") if key in given}
    form["steps"] = _whole(budget["steps"], "--steps")
    form["seconds"] = _number(budget["seconds"], "--seconds")
    return runs.plan("", texts=files, samples=samples, names=NAMES, more=_merged(given, _entries(entries)), **form)


def _merged(entries: dict[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """The entries with others in their place; those of a part one by one."""
    parts = {key: {**(entries.get(key) or {}), **value} for key, value in others.items() if isinstance(value, dict)}
    return entries | dict(others) | parts


def _recipe(arguments: Sequence[str]) -> Path | None:
    """A file, or the name of a recipe that ships with the project."""
    if len(arguments) != 1:
        return None
    shipped = RECIPES / f"{arguments[0]}.yaml"
    given = Path(arguments[0])
    if given.suffix in SUFFIXES and given.is_file():
        return given
    if given.name == arguments[0] and shipped.is_file():
        return shipped
    raise UserError("source_missing", path=shown_path(given))


def _from_recipe(path: Path, given: dict[str, Any], data: str | None) -> TrainConfig:
    import yaml
    from pydantic import ValidationError

    from llm_core.training.config import TrainConfig

    try:
        text = path.read_text("utf-8")
        entries = yaml.safe_load(Template(text).substitute({"data": str(Path(data).absolute())} if data else {}))
    except KeyError:
        raise UserError("recipe_variable", path=shown_path(path)) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError("recipe_unreadable", path=shown_path(path), reason=shown(reason)) from None
    if not isinstance(entries, dict):
        raise UserError("recipe_unreadable", path=shown_path(path), reason=type(entries).__name__)
    try:
        config = TrainConfig.model_validate(_merged(entries, given))
    except ValidationError as error:
        raise refused(TrainConfig, error, NAMES) from None
    return _with_whole_paths(config, path.absolute().parent)


def _with_whole_paths(config: TrainConfig, folder: Path) -> TrainConfig:
    """Paths as seen from here, or else from beside the recipe; the run's process works elsewhere."""
    sources = []
    for source in config.sources:
        if source.path.parts:
            here = source.path.absolute()
            source = source.model_copy(update={"path": here if here.exists() else folder / source.path})
            if not source.path.exists():
                raise UserError("source_missing", path=shown_path(source.path))
        sources.append(source)
    return config.model_copy(update={"sources": tuple(sources)})


def _entries(entries: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE as nested entries; a value is read as YAML reads it."""
    import yaml

    found: dict[str, Any] = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not equals:
            raise UserError("entry_unusable", value=shown(entry))
        place = found
        *parts, last = key.strip().split(".")
        for part in parts:
            place = place.setdefault(part, {})
        try:
            place[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError("value_unusable", name=shown(key), value=shown(value)) from None
    return found


def _whole(text: str | None, flag: str) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not int(text):
        raise UserError("value_whole", name=flag, value=shown(text), least="1", most="∞")
    return int(text)


def _number(text: str | None, flag: str) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UserError("value_number", name=flag, value=shown(text), least="0", most="∞")
    return number
