"""A few hundred of the generated files of `hostile.py`; the full count is `python -m tests.documents.hostile`."""

from tests.documents import hostile


def test_no_generated_file_brings_down_more_than_its_own_process():
    outcomes, faults = hostile.survey(200, seed=1)
    assert faults == []
    assert outcomes.total() >= 200
    kinds = {outcome.partition(" ")[0] for outcome in outcomes}
    assert {"txt", "md", "html", "docx", "pdf", "gguf"} <= kinds


def test_the_same_number_is_the_same_file():
    assert hostile.sample(17, seed=3) == hostile.sample(17, seed=3) != hostile.sample(18, seed=3)
