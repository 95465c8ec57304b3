"""What an engine cannot do is said in words, in either language."""

import pytest

from llm_core.engines.base import Capability, Message, Sampling
from llm_core.errors import UserError
from llm_core.events import collect
from llm_core.messages import LANGUAGES, explain
from llm_core.settings import Settings
from llm_core.workbench import Workbench
from llm_core.workbench.replies import LACKS

ASKED = [Sampling(json_schema={"type": "object"}), Sampling(grammar='root ::= "yes"')]


@pytest.mark.parametrize("sampling", ASKED)
def test_what_is_asked_for_and_lacking_is_named(home, sampling):
    with Workbench(Settings(home=home, offline=True)) as workbench, pytest.raises(UserError) as refused:
        collect(workbench.complete([Message("user", "Hello")], sampling, model="decoder-zh-en"))
    [capability] = sampling.needs()
    assert refused.value.code == LACKS[capability]
    for language in LANGUAGES:
        said = explain(refused.value, language)
        assert "decoder-zh-en" in said and "json_schema" not in said


def test_everything_that_can_be_asked_for_has_its_sentence():
    every = Sampling(json_schema={}, grammar="", alternatives=1).needs()
    assert every == set(LACKS) and Capability.EXACT_SEED not in every
