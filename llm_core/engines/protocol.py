"""The OpenAI protocol, spelled as each server wants it: a request out of `Sampling`, and steps out of a stream.

Text in, steps out: knows nothing of connections, threads or waiting.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from llm_core.engines.base import Choice, Finished, FinishReason, Prompt, Reading, Sampling, Step, Token, Writing
from llm_core.errors import UserError

SLACK = 64  # pieces of a reply beyond what was asked for, before a server is taken for one that does not count
TOKEN_CHARS_MAX = 64  # a run of blanks is one token, and one of 64 is as long as any
SEED_MAX = 2**32 - 1  # llama.cpp draws a seed of its own for this one and cuts larger ones
# How OpenAI's own server and vLLM say it; neither gives the numbers by themselves.
_TOO_LONG = re.compile(r"maximum context length is (\d+) tokens.*?(\d+)", re.DOTALL)


class Dialect(StrEnum):
    """Whose server it is: they agree on the protocol but not on what goes beyond it."""

    LLAMA_CPP = "llama.cpp"
    VLLM = "vllm"
    SGLANG = "sglang"
    OLLAMA = "ollama"
    OPENAI = "openai"


_OWNERS = {"llamacpp": Dialect.LLAMA_CPP, "vllm": Dialect.VLLM, "sglang": Dialect.SGLANG, "library": Dialect.OLLAMA}
# What a request can do without, in the order in which servers are known to refuse it.
_OPTIONAL = ("stream_options", "top_logprobs", "logprobs", "temperature", "top_p", "seed", "stop")


@dataclass(frozen=True, slots=True)
class Listed:
    """A model that a server says it has."""

    name: str
    dialect: Dialect
    context_tokens: int  # 0: it does not say


def listed(answer: Any) -> list[Listed]:
    """The models of an answer to /v1/models; who owns one tells whose server it is.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it does not speak the protocol.
    """
    models = []
    for row in answer["data"]:
        dialect = _OWNERS.get(str(row.get("owned_by")), Dialect.OPENAI)
        context = int(row.get("max_model_len") or (row.get("meta") or {}).get("n_ctx") or 0)
        models.append(Listed(str(row["id"]), dialect, max(0, context)))
    return models


def simpler(body: Mapping[str, Any], answer: Any) -> dict[str, Any] | None:
    """The same request without what the server's error names; None where it names nothing that can go."""
    error = answer.get("error") if isinstance(answer, dict) else answer
    text = json.dumps(error)
    if "max_completion_tokens" in text and "max_tokens" in body:  # how OpenAI's newer models call it
        renamed = {name: value for name, value in body.items() if name != "max_tokens"}
        return renamed | {"max_completion_tokens": body["max_tokens"]}
    named = next((name for name in _OPTIONAL if name in body and re.search(rf"\b{name}\b", text)), None)
    if named is None:
        return None
    gone = {"logprobs", "top_logprobs"} if "logprobs" in named else {named}
    return {name: value for name, value in body.items() if name not in gone}


def request(model: str, prompt: Prompt, sampling: Sampling, dialect: Dialect) -> dict[str, Any]:
    """The body of a streamed chat completion.

    Raises:
        UserError: `text_unusable`.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": messages(prompt),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        **_beyond_the_protocol(sampling, dialect, continued=bool(prompt) and prompt[-1].role == "assistant"),
    }
    if sampling.seed is not None:
        body["seed"] = sampling.seed % SEED_MAX
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.json_schema is not None:
        schema = {"name": "reply", "strict": True, "schema": sampling.json_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if sampling.alternatives:
        body |= {"logprobs": True, "top_logprobs": sampling.alternatives}
    return body


def messages(prompt: Prompt) -> list[dict[str, str]]:
    """A conversation as the protocol writes it.

    Raises:
        UserError: `text_unusable`, where some text holds half a surrogate pair and so has no UTF-8; `place` from 1.
    """
    for message in prompt:
        try:
            message.content.encode()
        except UnicodeEncodeError as error:
            raise UserError("text_unusable", place=error.start + 1) from None
    return [{"role": message.role, "content": message.content} for message in prompt]


def _beyond_the_protocol(sampling: Sampling, dialect: Dialect, *, continued: bool) -> dict[str, Any]:
    match dialect:
        case Dialect.LLAMA_CPP:
            extra: dict[str, Any] = {
                "top_k": sampling.top_k,
                "min_p": sampling.min_p,
                "repeat_penalty": sampling.repetition_penalty,
                "return_progress": True,
                # What was cached changes the sums in their last digit, and with them, sooner or later, a token.
                "cache_prompt": sampling.seed is None,
            }
            return extra | ({"grammar": sampling.grammar} if sampling.grammar is not None else {})
        case Dialect.VLLM | Dialect.SGLANG:
            extra = {
                "top_k": sampling.top_k or -1,  # both count to -1 what we count to 0: all
                "min_p": sampling.min_p,
                "repetition_penalty": sampling.repetition_penalty,
            }
            if sampling.grammar is not None and dialect is Dialect.VLLM:
                extra["structured_outputs"] = {"grammar": sampling.grammar}
            if continued:  # llama.cpp does so by itself
                extra |= {"continue_final_message": True, "add_generation_prompt": False}
            return extra
        case Dialect.OLLAMA | Dialect.OPENAI:
            return {}


@dataclass
class Reply:
    """One reply as it comes in. Feed it the server's lines; it says what they mean for `prompt`."""

    prompt: int
    model: str
    alternatives: int
    most: int = 10**9  # tokens that were asked for
    ended: bool = False  # the server said that this was all, or goes on where it was to end
    _reason: FinishReason | None = None
    _usage: Mapping[str, Any] = field(default_factory=dict)
    _deltas: int = 0
    _chars: int = 0
    _thinking: bool = False
    _first: float = 0.0  # seconds of our own clock: the server's would tell what was cached
    _last: float = 0.0

    def take(self, line: bytes) -> Iterator[Step]:
        """The steps in one line of the stream; comments, pings and empty lines have none.

        Raises:
            UserError: the server reports trouble in the middle of the stream.
            ValueError: it does not speak the protocol.
        """
        if not line.startswith(b"data:"):
            return
        data = line[5:].strip()
        if data == b"[DONE]":
            self.ended = True
            return
        chunk = json.loads(data)
        if not isinstance(chunk, dict):
            raise ValueError("a chunk is not an object")
        if "error" in chunk:
            raise refusal(self.model, chunk)
        yield from self._steps(chunk)

    def _steps(self, chunk: Mapping[str, Any]) -> Iterator[Step]:
        if progress := chunk.get("prompt_progress"):
            yield self._reading(progress)
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk.get("choices") or ():
            text = self._text(choice.get("delta") or {})
            logprobs = (choice.get("logprobs") or {}).get("content") or ()
            if text or logprobs:
                self._last = time.perf_counter()
                self._first = self._first or self._last
                self._deltas, self._chars = self._deltas + 1, self._chars + len(text)
                yield Writing(self.prompt, text, tokens(logprobs) if self.alternatives else ())
            if reason := choice.get("finish_reason"):
                self._reason = "length" if reason == "length" else "stop"
        if self._deltas > 2 * self.most + SLACK or self._chars > TOKEN_CHARS_MAX * (self.most + SLACK):
            self.ended, self._reason = True, "length"  # it does not keep to what was asked for

    def _text(self, delta: Mapping[str, Any]) -> str:
        """The reply; thoughts that a server keeps apart stand before it in the tags that others leave in the text."""
        thought, text = delta.get("reasoning_content") or "", delta.get("content") or ""
        opened = "<think>" if thought and not self._thinking else ""
        closed = "</think>" if text and (thought or self._thinking) else ""
        self._thinking = bool(thought or self._thinking) and not closed
        return opened + thought + closed + text

    def _reading(self, progress: Mapping[str, Any]) -> Reading:
        """What is left of the prompt, stretched over the whole: a share that was cached stays untold."""
        total, cached = int(progress["total"]), int(progress["cache"])
        done = (int(progress["processed"]) - cached) / max(1, total - cached)
        return Reading(self.prompt, round(total * done), total)

    def finished(self) -> Finished:
        """The last step, once the stream is over.

        Raises:
            UserError: `reply_broken_off`, where the stream ended before the reply did.
        """
        if self._reason is None:
            raise UserError("reply_broken_off", model=self.model)
        written = int(self._usage.get("completion_tokens", self._deltas))
        seconds = self._last - self._first
        return Finished(
            prompt=self.prompt,
            reason=self._reason,
            prompt_tokens=int(self._usage.get("prompt_tokens", 0)),
            reply_tokens=written,
            tokens_per_second=(written - 1) / seconds if written > 1 and seconds > 0 else 0.0,
        )


def tokens(entries: Any) -> tuple[Token, ...]:
    """Written tokens and their alternatives from `logprobs.content`."""
    return tuple(_token(entry) for entry in entries)


def _token(entry: Mapping[str, Any]) -> Token:
    """llama.cpp joins the tokens of one character into one entry with the last one's probability, but leaves the
    alternatives as bare bytes: what stood before the last token is put before them again."""
    whole = _bytes(entry)
    others = entry.get("top_logprobs") or ()
    before = b""
    if whole.decode(errors="ignore").encode() == whole:
        own = next((_bytes(other) for other in others if other.get("id", -1) == entry.get("id")), whole)
        before = whole.removesuffix(own)
    choices = tuple(Choice(_text(_bytes(other), before), float(other["logprob"])) for other in others)
    return Token(whole.decode(errors="replace"), float(entry["logprob"]), choices)


def _bytes(entry: Mapping[str, Any]) -> bytes:
    return bytes(entry["bytes"]) if entry.get("bytes") is not None else str(entry["token"]).encode()


def _text(own: bytes, before: bytes) -> str:
    try:
        return own.decode()
    except UnicodeDecodeError:
        return (before + own).decode(errors="replace")


def refusal(model: str, answer: Any, status: int = 0) -> UserError:
    """What the server's error means for a person; `status` is the answer's, where it came instead of a stream."""
    told = {"status": status} if status else {}
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return UserError("engine_refused", model=model, reason=str(error or answer)[:300], **told)
    if error.get("type") == "exceed_context_size_error":
        return UserError("prompt_too_long", n_prompt=error.get("n_prompt_tokens", 0), n_ctx=error.get("n_ctx", 0))
    text = str(error.get("message", ""))
    if too_long := _TOO_LONG.search(text):
        return UserError("prompt_too_long", n_prompt=int(too_long[2]), n_ctx=int(too_long[1]))
    return UserError("engine_refused", model=model, reason=text[:300], **told)
