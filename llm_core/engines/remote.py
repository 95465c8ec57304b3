"""The client of any server that speaks the OpenAI protocol: llama.cpp in a child of ours, vLLM on another machine.

Requests run in one background loop (background.py); a caller's thread takes steps from a queue and never waits
longer than 0.1 s. Closing the iterator closes the connection, which is how every such server is told to stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from llm_core.engines import background, protocol
from llm_core.engines.background import Result
from llm_core.engines.base import Capability, Prompt, Sampling, Step
from llm_core.engines.line import Caller, Line
from llm_core.engines.protocol import Dialect
from llm_core.engines.under_way import Outbox, UnderWay
from llm_core.errors import UserError

CONNECT_S = 10.0
CONTEXT_TOKENS = 8192  # of a server that does not say; what has more loses only old turns, which are still shown
LINE_BYTES_MAX = 64_000_000  # of one chunk: five alternatives take 1 kB, a whole vocabulary 20 MB
CAPABILITIES = {
    Dialect.LLAMA_CPP: frozenset(
        {Capability.JSON_SCHEMA, Capability.GRAMMAR, Capability.LOGPROBS, Capability.EXACT_SEED}
    ),
    Dialect.VLLM: frozenset({Capability.JSON_SCHEMA, Capability.GRAMMAR, Capability.LOGPROBS}),
    Dialect.SGLANG: frozenset({Capability.JSON_SCHEMA, Capability.LOGPROBS}),
    Dialect.OLLAMA: frozenset({Capability.JSON_SCHEMA}),
    Dialect.OPENAI: frozenset({Capability.JSON_SCHEMA, Capability.LOGPROBS}),
}
PASSING = frozenset({429, 502, 503, 504})  # busy, or being restarted: the same request may be answered in a moment
AGAIN_S, AGAIN_S_MAX = 0.5, 20.0  # before the first further try, doubled with each; and the longest that is waited


@dataclass(frozen=True)
class Server:
    """Where a model is served. `url` with or without its final /v1; `name` is what a person calls the model."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    name: str = ""
    dialect: Dialect = Dialect.OPENAI
    context_tokens: int = 0  # 0: ask the server
    retries: int = 0  # further tries where it is busy or cannot be reached, before anything was answered

    @property
    def root(self) -> str:
        """The URL without /v1: some of what servers offer beyond the protocol stands beside it."""
        return self.url.rstrip("/").removesuffix("/v1")

    @property
    def is_here(self) -> bool:
        """On this machine, where no proxy of the environment has any business."""
        return urlsplit(self.root).hostname in ("127.0.0.1", "::1", "localhost")


class Remote:
    """A `Generator` whose model runs behind `server`."""

    def __init__(self, server: Server, line: Line, *, silence_s: float) -> None:
        """Args: silence_s: a server silent for so long is given up; a batch of a prompt takes a second."""
        self.server = server
        self._line = line
        self._name = server.name or server.model
        self._silence_s = silence_s
        self._timeout = httpx.Timeout(silence_s, connect=CONNECT_S, pool=None)
        self._context_tokens = server.context_tokens
        self._made: httpx.AsyncClient | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this server's dialect can beyond plain text."""
        return CAPABILITIES[self.server.dialect]

    @property
    def context_tokens(self) -> int:
        """The longest prompt and reply together, in tokens.

        Raises:
            UserError: the server does not answer.
        """
        if not self._context_tokens:
            self._context_tokens = self.wait(self._ask_context())
        return self._context_tokens

    def count_tokens(self, prompt: Prompt) -> int:
        """Tokens of the prompt in its template; where the server cannot count, an estimate that is rather too high.

        Raises:
            UserError: `text_unusable`, or the server does not answer.
        """
        return self.wait(self._ask_count(prompt))

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`."""
        caller = self._line.enter(visitor)
        try:
            yield from self.replies(prompts, sampling, caller)
        finally:
            caller.leave()

    def replies(self, prompts: Sequence[Prompt], sampling: Sampling, caller: Caller) -> Generator[Step, None, None]:
        """Reply to each prompt for somebody who is in the line already."""
        bodies = [self._body(prompt, sampling) for prompt in prompts]

        def begin(prompt: int, outbox: Outbox, ended: Callable[[], None]) -> background.Call:
            reply = protocol.Reply(prompt, self._name, sampling.alternatives, sampling.max_tokens)
            return background.Call(self.stream(bodies[prompt], reply, outbox), ended)

        # What is computed side by side changes the sums in their last digit, and with them, now and then, a token.
        alone = sampling.seed is not None and Capability.EXACT_SEED in self.capabilities
        under_way = UnderWay(len(prompts), begin, caller, self._line.slots, alone=alone)
        try:
            yield from under_way.steps()
        finally:
            under_way.stop()

    def close(self) -> None:
        """Let go of the client; requests under way break off."""
        made, self._made = self._made, None
        if made is not None:
            background.wait_for(made.aclose(), CONNECT_S)

    def _body(self, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        return protocol.request(self.server.model, prompt, sampling, self.server.dialect)

    def _client(self) -> httpx.AsyncClient:
        """No connection outlives its request: llama.cpp closes idle ones, sometimes just as they are used again."""
        if self._made is None:  # made and used in the loop alone, so that no lock is needed
            key = {"Authorization": f"Bearer {self.server.key}"} if self.server.key else {}
            self._made = httpx.AsyncClient(
                base_url=self.server.root,
                headers=key,
                timeout=self._timeout,
                limits=httpx.Limits(max_keepalive_connections=0),
                trust_env=not self.server.is_here,
            )
        return self._made

    async def stream(self, body: dict[str, Any], reply: protocol.Reply, outbox: Outbox) -> None:
        """One request; its steps, then perhaps the error that ended it, go into `outbox`."""
        tries, wait_s = self.server.retries, AGAIN_S
        try:
            while True:
                try:
                    await self._streamed(body, reply, outbox)
                    break
                except (httpx.ConnectError, httpx.ConnectTimeout, _NotNow) as passing:
                    if not tries:
                        raise
                    await asyncio.sleep(min(max(wait_s, getattr(passing, "after_s", 0.0)), AGAIN_S_MAX))
                    tries, wait_s = tries - 1, 2 * wait_s
                except _Simpler as wish:
                    body = wish.body
            outbox.put(reply.finished())
        except Exception as error:
            outbox.put(self.told(error))

    async def _streamed(self, body: dict[str, Any], reply: protocol.Reply, outbox: Outbox) -> None:
        async with self._client().stream("POST", "/v1/chat/completions", json=body) as answer:
            await self._check(answer, body)
            async for line in _lines(answer):
                for step in reply.take(line):
                    outbox.put(step)
                if reply.ended:
                    break

    async def _check(self, answer: httpx.Response, body: dict[str, Any] | None = None) -> None:
        """Raise what an answer that is none means."""
        if answer.is_success:
            return
        await answer.aread()
        try:
            said = answer.json()
        except ValueError:
            said = f"{answer.status_code} {answer.text[:200]}"
        refused = protocol.refusal(self._name, said, answer.status_code)
        if answer.status_code in PASSING:
            raise _NotNow(refused, answer.headers.get("retry-after", ""))
        if answer.status_code == 400 and body and (simpler := protocol.simpler(body, said)):
            raise _Simpler(simpler)
        raise refused

    def told(self, error: Exception) -> Exception:
        """What an error means for a person."""
        match error:
            case UserError():
                return self._without_key(error)
            case _NotNow():
                return self._without_key(error.refused)
            case UnicodeEncodeError():  # in a stop sequence, a grammar or a schema
                return UserError("text_unusable", place=error.start + 1)
            case httpx.TimeoutException() | TimeoutError():
                return UserError("engine_timeout", model=self._name)
            case httpx.HTTPError() | httpx.InvalidURL():
                return UserError("engine_died", model=self._name, reason=str(error) or type(error).__name__)
            case (
                ValueError() | KeyError() | TypeError() | AttributeError()
            ):  # JSON of another shape than the protocol's
                return UserError("server_strange", model=self._name)
        return error

    def _without_key(self, error: UserError) -> UserError:
        """Some servers say again the key that they do not know; nobody else is to read it."""
        key, reason = self.server.key, error.facts.get("reason")
        if not key or not isinstance(reason, str) or key not in reason:
            return error
        return UserError(error.code, **error.facts | {"reason": reason.replace(key, "…")})

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run `work`, some requests to the server, and wait for its result; trouble is a `UserError`."""
        try:
            return background.wait_for(work, CONNECT_S + self._silence_s)
        except Exception as error:
            raise self.told(error) from error

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON that the server answers with."""
        answer = await self._client().post(path, json=body)
        await self._check(answer)
        return answer.json()

    async def get(self, path: str) -> Any:
        """The JSON that the server answers with."""
        answer = await self._client().get(path)
        await self._check(answer)
        return answer.json()

    async def models(self) -> list[protocol.Listed]:
        """What the server has.

        Raises:
            UserError, httpx.HTTPError, ValueError: it does not say; see `told`.
        """
        return protocol.listed(await self.get("/v1/models"))

    async def _ask_context(self) -> int:
        if self.server.dialect is Dialect.LLAMA_CPP:
            return int((await self.get("/props"))["default_generation_settings"]["n_ctx"])
        lengths = [model.context_tokens for model in await self.models() if model.name == self.server.model]
        return (lengths[0] if lengths else 0) or CONTEXT_TOKENS

    async def _ask_count(self, prompt: Prompt) -> int:
        turns = protocol.messages(prompt)
        said = {"model": self.server.model, "messages": turns}
        match self.server.dialect:
            case Dialect.LLAMA_CPP:
                return int((await self.post("/v1/chat/completions/input_tokens", said))["input_tokens"])
            case Dialect.VLLM:
                return int((await self.post("/tokenize", said))["count"])
            case _:
                # Three bytes are one Chinese character or most of an English word; each turn has its marks.
                return sum(len(turn["content"].encode()) // 3 + 4 for turn in turns)


class _NotNow(Exception):
    """The server cannot now; it may have said after how many seconds to ask again."""

    def __init__(self, refused: UserError, after: str) -> None:
        super().__init__(refused.code)
        self.refused = refused
        self.after_s = float(after) if after.isdecimal() else 0.0


class _Simpler(Exception):
    """The server knows less than was asked of it: the same without that."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__()
        self.body = body


async def _lines(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Lines of the body without their ends.

    Raises:
        ValueError: one has no end.
    """
    line: list[bytes] = []  # in pieces, joined once: a chunk with every token of a vocabulary has megabytes
    async for piece in answer.aiter_bytes():
        first, *others = piece.split(b"\n")
        line.append(first)
        for other in others:
            yield b"".join(line)
            line = [other]
        if len(line) > 1 and sum(map(len, line)) > LINE_BYTES_MAX:
            raise ValueError("a line without end")
    yield b"".join(line)
