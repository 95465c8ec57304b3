"""A chat completion as the OpenAI protocol asks for it: what is taken, what is refused, and what it means here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_core.engines.base import Message, Role, Sampling
from llm_core.errors import UserError
from llm_core.values import refused, shown

ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
STOPS_MAX = 16
# These would change the reply, and no engine here can do them: silence would be a wrong answer. Other fields that
# are not known (store, metadata, user, ...) do not change it and are passed over.
NOT_OFFERED = ("tools", "functions", "audio", "prediction", "logit_bias", "presence_penalty", "frequency_penalty")
Stop = str | list[str] | None


class StreamOptions(BaseModel):
    """How it is streamed."""

    include_usage: bool = False


class Request(BaseModel):
    """The fields that are taken; `top_k`, `min_p` and `repetition_penalty` go beyond the protocol, as in vLLM."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = Field("chat", max_length=4096)
    messages: list[dict[str, Any]]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, ge=0.5, le=2)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stop: Stop = None
    response_format: dict[str, Any] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)

    @property
    def include_usage(self) -> bool:
        """Whether a last chunk counts the tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def turns(self) -> list[Message]:
        """The messages, text alone.

        Raises:
            UserError: `value_unusable` or `not_offered`, naming the place; `text_empty`, with nothing to answer.
        """
        turns = [turn(f"messages.{place}", message) for place, message in enumerate(self.messages)]
        if not turns or turns[-1].role == "assistant" or not turns[-1].content.strip():
            raise UserError("text_empty")
        return turns

    def sampling(self, tokens_max: int) -> Sampling:
        """The dials; what is not given is as the engine has it, and a reply may have up to `tokens_max` tokens."""
        given: dict[str, Any] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "min_p": self.min_p,
            "repetition_penalty": self.repetition_penalty,
            "seed": self.seed,
            "max_tokens": self.max_completion_tokens or self.max_tokens or tokens_max,
            "stop": self._stops(),
            "json_schema": _schema(self.response_format),
            # the engine tells a token's own probability only together with an alternative
            "alternatives": max(1, self.top_logprobs or 0) if self.logprobs else 0,
        }
        return Sampling(**{name: value for name, value in given.items() if value is not None})

    def _stops(self) -> tuple[str, ...]:
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        if len(stops) > STOPS_MAX or "" in stops:
            raise UserError("value_unusable", name="stop", value=shown(stops))
        return tuple(stops)


def read(body: bytes) -> Request:
    """The request in a body.

    Raises:
        UserError: naming the first field that does not fit, or is not offered.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise UserError("json_unreadable") from None
    if not isinstance(fields, dict):
        raise UserError("json_unreadable")
    for name in NOT_OFFERED:
        if fields.get(name):
            raise UserError("not_offered", name=name)
    try:
        return Request.model_validate(fields)
    except ValidationError as error:
        raise refused(Request, error) from None


def turn(place: str, message: Any) -> Message:
    """One message, text alone; `place` is what an error calls it.

    Raises:
        UserError: `value_unusable`, `not_offered`.
    """
    if not isinstance(message, dict):
        raise UserError("value_unusable", name=place, value=shown(message))
    role, content = message.get("role"), message.get("content")
    if role in ("tool", "function"):
        raise UserError("not_offered", name=f"{place}.role={role}")
    if not isinstance(role, str) or role not in ROLES:
        raise UserError("value_unusable", name=f"{place}.role", value=shown(role))
    if isinstance(content, list):
        content = "".join(_part(place, part) for part in content)
    if not isinstance(content, str):
        raise UserError("value_unusable", name=f"{place}.content", value=shown(content))
    return Message(ROLES[role], content)


def _part(place: str, part: Any) -> str:
    """Text of one part; pictures and sound are refused."""
    if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
        kind = part.get("type") if isinstance(part, dict) else part
        raise UserError("not_offered", name=f"{place}.content ({shown(kind)})")
    return str(part["text"])


def _schema(response_format: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    kind: Literal["text", "json_object", "json_schema"] | Any = (response_format or {}).get("type", "text")
    if kind == "text":
        return None
    if kind == "json_object":
        return {"type": "object"}
    named = (response_format or {}).get("json_schema")
    schema = named.get("schema") if isinstance(named, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise UserError("value_unusable", name="response_format", value=shown(response_format))
    return schema
