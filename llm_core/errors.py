"""Foreseen trouble, told to a person in one sentence of their language, which stands in messages/errors.toml."""

from __future__ import annotations

from typing import Any

# What the OpenAI-style API answers for each code; every other code is 400, the caller's request.
HTTP_STATUS = {
    "unexpected": 500,
    "model_unknown": 404,
    "model_missing": 409,
    "model_not_ready": 503,
    "conversation_unknown": 404,
    "library_unknown": 404,
    "library_document_unknown": 404,
    "conversation_moved": 409,
    "key_required": 401,
    "origin_refused": 403,
    "key_unset": 403,
    "path_unknown": 404,
    "request_too_large": 413,
    "too_busy": 429,
    "address_busy": 429,
    "disk_full": 507,
    "engine_died": 502,
    "engine_timeout": 504,
    "model_unusable": 502,
    "encoder_unusable": 502,
    "memory_short": 503,
    "reply_broken_off": 502,
    "server_strange": 502,
    "server_unreachable": 502,
    "server_key": 502,
    "server_busy": 503,
    "server_lacks_model": 502,
    "server_gone": 404,
    "server_not_here": 403,
}


class UserError(Exception):
    """What a person is told: a `code` of messages/errors.toml and the facts that its sentence names.

    Anything else that is raised is a bug: it is logged with its traceback and shown as "something went wrong".
    """

    exit_code = 2

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    @property
    def http_status(self) -> int:
        """The status an HTTP face answers with."""
        return HTTP_STATUS.get(self.code, 400)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}({facts})"
