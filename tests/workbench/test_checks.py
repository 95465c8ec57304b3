"""What cannot be said to a model is refused before anything is opened, fetched or kept."""

import pytest

from llm_core.engines.base import Message
from llm_core.errors import UserError
from llm_core.workbench import Workbench


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "text_empty"), (" \n", "text_empty"), ("a\ud800", "text_unusable"), (">" * 400_001, "text_too_long")],
)
def test_a_message_that_no_model_should_see(settings, text, code):
    with Workbench(settings) as workbench, pytest.raises(UserError) as refused:
        next(workbench.chat([Message("user", text)]))
    assert refused.value.code == code


def test_a_system_prompt_is_looked_at_too(settings):
    with Workbench(settings) as workbench, pytest.raises(UserError) as refused:
        next(workbench.chat([Message("user", "hello")], system="\udcff"))
    assert refused.value.code == "text_unusable"


def test_a_conversation_needs_no_system_prompt(settings):
    with Workbench(settings) as workbench:
        assert workbench.chats.create("ada").id
