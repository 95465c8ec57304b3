"""The models that travel with the repository: small, whole, and honest about themselves."""

from pathlib import Path

import pytest

from llm_core.models.card import ModelCard

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "assets" / "models").glob("*/card.json"))
MEGABYTE = 1_000_000


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_bundled_model_is_what_its_card_says(folder: Path) -> None:
    card = ModelCard.read(folder)
    assert card.id == folder.name
    assert card.damaged(folder) == []
    assert card.sources
    assert card.licence
    assert card.date


MADE_HERE = [folder for folder in FOLDERS if ModelCard.read(folder).recipe]


@pytest.mark.parametrize("folder", MADE_HERE, ids=lambda folder: folder.name)
def test_a_model_made_here_can_be_made_again_and_says_what_it_cannot_do(folder: Path) -> None:
    card = ModelCard.read(folder)
    assert {path.name for path in folder.iterdir()} == {*card.sha256, "card.json"}
    assert (ROOT / card.recipe).is_file()
    assert card.trained
    assert card.scores
    assert card.title.keys() == card.limits.keys() == {"en", "zh"}


def test_a_clone_stays_quick() -> None:
    files = [path for path in (ROOT / "assets" / "models").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 200 * MEGABYTE
    assert all(path.stat().st_size <= 50 * MEGABYTE for path in files)
