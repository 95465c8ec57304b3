"""A model on somebody's server as an engine: finds out what server it is, and says in a person's words what failed.

The protocol itself is remote.py's. What is sent leaves this computer, unless the server is here: those who call know
(`models.served`), and mask before they call (workbench/masked.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from llm_core.engines.background import Result
from llm_core.engines.base import Capability, Prompt, Sampling, Score, Step
from llm_core.engines.line import Line
from llm_core.engines.protocol import Dialect, Listed
from llm_core.engines.remote import CONTEXT_TOKENS, Remote, Server
from llm_core.errors import UserError
from llm_core.models import served
from llm_core.models.served import Served
from llm_core.settings import Settings

LISTING_S = 10.0  # a server that is up lists its models at once
SHOWN_MODELS = 5
_BY_STATUS = {401: "server_key", 403: "server_key", 404: "server_lacks_model", 429: "server_busy"}


class ServedModel:
    """A `Generator` whose model runs on the server that `models.served` knows by this name."""

    memory_bytes = 0  # of this computer's
    is_open = False

    def __init__(self, name: str, path: Path, settings: Settings) -> None:
        """Args: name: the server's id, by which it is looked up with the first request; `path` says nothing here."""
        self._name = name
        self._settings = settings
        self._line = Line(settings.remote_parallel, settings.waiting_max, settings.waiting_per_visitor_max)
        self._lock = threading.Lock()
        self._made: Remote | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this kind of server can beyond plain text; the first time, the server is asked what it is."""
        return self._remote().capabilities

    @property
    def context_tokens(self) -> int:
        """The longest prompt and reply together.

        Raises:
            UserError: `server_unreachable`, `server_key`, `server_strange`, `server_gone`.
        """
        return self._told(lambda: self._remote().context_tokens)

    def count_tokens(self, prompt: Prompt) -> int:
        """See `base.Generator`."""
        return self._told(lambda: self._remote().count_tokens(prompt))

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`; also `server_unreachable`, `server_key`, `server_busy`, `server_lacks_model`."""
        remote = self._remote()
        try:
            yield from remote.generate(prompts, sampling, visitor=visitor)
        except UserError as error:
            raise _plain(error, remote.server.root, self._name) from error

    def score(self, texts: Sequence[str], *, visitor: str = "") -> list[Score]:
        """No server of this protocol says how likely it finds a given text.

        Raises:
            UserError: `lacks_score`.
        """
        raise UserError("lacks_score", model=self._name)

    def close(self) -> None:
        """Let go of the connection; the next request asks anew what server it is."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _remote(self) -> Remote:
        """The one connection; a server is asked beside the lock, so that a silent one holds up nobody else."""
        with self._lock:
            made = self._made
        if made is not None:
            return made
        server = _server(served.find(self._name, self._settings), self._settings)
        remote = Remote(server, self._line, silence_s=self._settings.engine_silence_s)
        with self._lock:
            made = self._made = self._made or remote
        if made is not remote:
            remote.close()
        return made

    def _told(self, ask: Callable[[], Result]) -> Result:
        try:
            return ask()
        except UserError as error:
            raise _plain(error, served.find(self._name, self._settings).url, self._name) from error


def models(asked: Served) -> list[Listed]:
    """What the server at this address has; its `model` is not looked at.

    Raises:
        UserError: `server_unreachable`, `server_key`, `server_strange`.
    """
    remote = Remote(Server(asked.url, asked.model, asked.key), Line(1, 1, 1), silence_s=LISTING_S)
    try:
        return remote.wait(remote.models())
    except UserError as error:
        raise _plain(error, asked.url, asked.host) from error
    finally:
        remote.close()


def recognised(asked: Served) -> Served:
    """The same with the model's name, the server's kind and its context, as the server says.

    Raises:
        UserError: as `models`; `server_lacks_model` where it has another one, or several and none was named.
    """
    known = models(asked)
    wanted = asked.model or (known[0].name if len(known) == 1 else "")
    for model in known:
        if model.name in (wanted, f"{wanted}:latest") and wanted:  # Ollama's way to say the newest
            context = asked.context_tokens or model.context_tokens
            return Served(asked.url, model.name, asked.key, model.dialect.value, context, asked.from_settings)
    names = ", ".join(model.name for model in known[:SHOWN_MODELS])
    raise UserError("server_lacks_model", host=asked.host, model=asked.model or "?", known=names or "–")


def _server(found: Served, settings: Settings) -> Server:
    """As remote.py wants it; what is not known is asked, and where the server does not say, the plain protocol."""
    if not found.dialect or not found.model:
        try:
            if not found.model:
                found = Served(found.url, models(found)[0].name, found.key, "", found.context_tokens)
            found = recognised(found)
        except IndexError:
            raise UserError("server_lacks_model", host=found.host, model="?", known="–") from None
        except UserError as error:
            if error.code not in ("server_strange", "server_lacks_model") or not found.model:
                raise
    return Server(
        found.url,
        model=found.model,
        key=found.key,
        name=found.id,
        dialect=Dialect(found.dialect or Dialect.OPENAI),
        context_tokens=found.context_tokens or (0 if found.dialect == Dialect.LLAMA_CPP else CONTEXT_TOKENS),
        retries=settings.remote_retries,
    )


def _plain(error: UserError, url: str, name: str) -> UserError:
    """What failed as it looks from here, where the server is somebody else's."""
    host = url.partition("://")[2]
    if error.code == "engine_died":
        return UserError("server_unreachable", host=host, reason=error.facts.get("reason", ""))
    code = _BY_STATUS.get(error.facts.get("status", 0))
    if error.code != "engine_refused" or code is None:
        return error
    return UserError(code, host=host, model=name, known="–", reason=error.facts.get("reason", ""))
