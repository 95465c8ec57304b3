"""A reply as the OpenAI protocol writes it, whole or in chunks, and errors in its shape."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llm_core.engines.base import Choice, Token
from llm_core.errors import UserError
from llm_core.events import Delta, Done, Event, Item, Notice
from llm_core.messages import Language, explain
from llm_core.tasks.chat import Reply
from llm_core.web.openai_request import Request

DONE = b"data: [DONE]\n\n"
CODES = {
    "prompt_too_long": "context_length_exceeded",
    "model_unknown": "model_not_found",
    "key_required": "invalid_api_key",
}


class Writer:
    """Turns the events of one reply into what the caller reads.

    Args:
        request: what was asked for.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())
        self._model = request.model
        self._held = ""  # text whose tokens have not come yet

    def whole(self, reply: Reply) -> dict[str, Any]:
        """The answer to a request that is not streamed."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": reply.text, "refusal": None},
            "logprobs": self._logprobs(reply.tokens),
            "finish_reason": reply.finish,
        }
        return {**self._head("chat.completion"), "choices": [choice], "usage": _usage(reply)}

    def chunks(self, event: Event) -> Iterator[bytes]:
        """What one event adds to the stream."""
        match event:
            case Notice("model"):
                self.take_model(event)
                yield self._chunk({"role": "assistant", "content": ""})
            case Delta() if self._request.logprobs:
                yield from self._release()
                self._held = event.text
            case Delta():
                yield self._chunk({"content": event.text})
            case Item():
                text, self._held = self._held, ""
                yield self._chunk({"content": text}, self._logprobs(event.value))
            case Done():
                yield from self._release()
                yield self._chunk({}, finish=event.result.finish)
                if self._request.include_usage:
                    yield sse({**self._head("chat.completion.chunk"), "choices": [], "usage": _usage(event.result)})
                yield DONE

    def take_model(self, event: Event) -> None:
        """Which model answers."""
        if isinstance(event, Notice) and event.code == "model":
            self._model = event.facts["id"]

    def _release(self) -> Iterator[bytes]:
        if self._held:
            yield self._chunk({"content": self._held})
            self._held = ""

    def _chunk(self, delta: Mapping[str, Any], logprobs: Any = None, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        usage = {"usage": None} if self._request.include_usage else {}
        return sse({**self._head("chat.completion.chunk"), "choices": [choice], **usage})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}

    def _logprobs(self, tokens: Iterable[Token]) -> dict[str, Any] | None:
        if not self._request.logprobs:
            return None
        most = self._request.top_logprobs or 0
        content = [{**_token(token), "top_logprobs": [_token(c) for c in token.choices[:most]]} for token in tokens]
        return {"content": content, "refusal": None}


def sse(record: Mapping[str, Any]) -> bytes:
    """One event of the stream."""
    return f"data: {json.dumps(record, ensure_ascii=False)}\n\n".encode()


def error_record(error: UserError, language: Language) -> dict[str, Any]:
    """An error as the protocol's clients expect it, with our sentence in it."""
    kind = "server_error" if error.http_status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": explain(error, language),
            "type": "rate_limit_error" if error.http_status == 429 else kind,
            "param": error.facts.get("name") if error.code.startswith(("value_", "not_offered")) else None,
            "code": CODES.get(error.code, error.code),
        }
    }


def _token(token: Token | Choice) -> dict[str, Any]:
    return {"token": token.text, "logprob": token.logprob, "bytes": list(token.text.encode())}


def _usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.reply_tokens,
        "total_tokens": reply.prompt_tokens + reply.reply_tokens,
    }
