"""What people think of replies: kept with the message, taken back, written down to train on, seen by nobody else."""

from __future__ import annotations

import json

import pytest

from llm_core.errors import UserError
from llm_core.settings import Settings
from llm_core.store.branches import ChatMessage
from llm_core.web.chat.thread import thread
from llm_core.workbench import Workbench


def talk(workbench: Workbench, owner: str) -> tuple[str, str]:
    """A question with two replies; the conversation, and the reply that is shown."""
    workbench.chats.list(owner)  # opens the store
    asked = [
        ChatMessage("q", None, "user", "Why?"),
        ChatMessage("a", "q", "assistant", "So.", facts={"reply_tokens": 2}),
        ChatMessage("b", "q", "assistant", "不知道。"),
    ]
    store = workbench.chats._store
    found = store.restore(owner, title="t", options={}, head="b", messages=asked)
    return found.id, found.messages[-1].id


def test_a_thumb_stays_with_its_reply_and_can_be_taken_back(settings: Settings) -> None:
    with Workbench(settings) as workbench:
        chats = workbench.chats
        conversation, reply = talk(workbench, "ann")
        chats.rate("ann", conversation, reply, -1)
        found = chats.get("ann", conversation)
        assert found.messages[-1].facts == {"thumb": -1}
        shown = thread(found, "zh", {}, running=False)
        assert 'data-do="poor" aria-pressed="true"' in shown
        assert 'data-do="good" aria-pressed="false"' in shown
        other = found.messages[-1].siblings[0]
        chats.rate("ann", conversation, other, 1)
        chats.rate("ann", conversation, reply, -1)
        path = chats.save_thumbs("")
        assert path
        assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [
            {
                "messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}],
                "thumb": 1,
            }
        ]
        with pytest.raises(UserError, match="message_unknown"):
            chats.rate("ann", conversation, found.messages[0].id, 1)


def test_on_a_server_for_others_each_sees_their_own(settings: Settings) -> None:
    with Workbench(settings.model_copy(update={"host": "0.0.0.0"})) as workbench:
        conversation, reply = talk(workbench, "ann")
        workbench.chats.rate("ann", conversation, reply, 1)
        with pytest.raises(UserError, match="conversation_unknown"):
            workbench.chats.rate("bob", conversation, reply, -1)
        assert workbench.chats.save_thumbs("bob") is None
        assert workbench.chats.save_thumbs("ann") is not None
