"""What a plan fills in for an encoder that learns from examples."""

from pathlib import Path

from llm_core.training.config import Source
from llm_core.training.plan import ENCODER, plan, reasons
from llm_core.training.start import BUNDLED


def test_an_encoder_begins_with_the_one_that_comes_along(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\nlovely,good\nbroken,bad\n", encoding="utf-8")
    config = plan("a", [Source(path=path)], family="encoder", more={"objective": "label"})
    assert config.start == ENCODER
    assert (BUNDLED / ENCODER / "config.json").is_file()
    assert "runs.reason_start" in dict(reasons(config))

    fresh = plan("a", [Source(path=path)], family="encoder", more={"objective": "label", "start": "none"})
    assert fresh.start is None
    assert fresh.optimize.learning_rate > config.optimize.learning_rate
    assert "runs.reason_fresh" in dict(reasons(fresh))
    assert plan("a", [Source(path=path)], family="encoder").start is None
