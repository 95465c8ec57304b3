"""Making a reply: the model that serves it, the system prompt that suits it, the dials. Keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from llm_core.catalog.listing import Entry
from llm_core.engines.base import Capability, Message, Sampling
from llm_core.errors import UserError
from llm_core.events import Event, Events, Notice
from llm_core.messages import Language
from llm_core.models.served import Served
from llm_core.settings import Settings
from llm_core.tasks import chat, roles
from llm_core.tasks.options import ChatOptions
from llm_core.tasks.waiting import ticking
from llm_core.text.language import language
from llm_core.workbench.models import Models

# What a request may ask for and an engine may lack: the code that says so.
LACKS: Final = {
    Capability.JSON_SCHEMA: "lacks_json_schema",
    Capability.GRAMMAR: "lacks_grammar",
    Capability.LOGPROBS: "lacks_logprobs",
}
Consult: TypeAlias = Callable[[Sequence[Message]], Generator[Event, None, Sequence[Message]]]


class Replies:
    """Turns a conversation and its options into the events of a reply.

    Args:
        models: where the engine comes from.
        settings: limits.
    """

    def __init__(self, models: Models, settings: Settings) -> None:
        self._models = models
        self._settings = settings

    def events(
        self,
        messages: Sequence[Message],
        options: ChatOptions,
        *,
        visitor: str = "",
        alternatives: int = 0,
        consult: Consult | None = None,
    ) -> Events:
        """Answer the last of `messages`.

        Args:
            messages: the turns so far.
            options: the dials.
            visitor: for the waiting line.
            alternatives: with each token, this many of the likeliest ones, where the engine can; costs some speed.
            consult: puts what documents say before the last message.

        Yields:
            As `tasks.chat.reply`, and Notice("model") with the `id` and `title` of the model that answers.
        """
        check_prompt(messages, self._settings)
        check_text(options.system or "", self._settings.system_chars_max)
        entry, generator = yield from self._models.ready("chat", options.model, visitor, mask=options.mask)
        yield Notice("model", {"id": entry.id, "title": entry.title})
        if not any(message.role == "system" for message in messages):
            messages = [*self._system(messages, options, entry), *messages]
        if consult:
            messages = yield from consult(messages)
        if entry.served and not entry.served.is_here:
            yield self._leaving(entry.served, messages, options.mask)
        if alternatives:  # a server may have to be asked what it can
            can = yield from ticking(lambda: generator.capabilities, "opening")
            alternatives = alternatives if Capability.LOGPROBS in can else 0
        sampling = options.sampling(max_tokens=self._settings.reply_tokens_max, alternatives=alternatives)
        try:
            yield from chat.reply(generator, messages, sampling, visitor=visitor)
        except UserError as error:
            instead = self._models.on_processor() if error.code == "gpu_refused" else None
            if instead is None:
                raise
            yield Notice("gpu_refused", {"model": instead.id})
            yield Notice("model", {"id": instead.id, "title": instead.title})
            yield from chat.reply(self._models.engine(instead), messages, sampling, visitor=visitor)

    def completion(
        self, messages: Sequence[Message], sampling: Sampling, *, model: str | None = None, visitor: str = ""
    ) -> Events:
        """Answer messages as the caller wrote them, with dials as the caller set them.

        Yields:
            As `tasks.chat.complete`, and Notice("model").

        Raises:
            UserError: `model_not_ready` while it is being fetched, one of LACKS where its engine cannot do what
                `sampling` asks for.
        """
        for message in messages:
            check_text(message.content, self._settings.message_chars_max)
        state = self._models.fetching()
        if state and state.state == "running" and self._models.choice("chat", model, visitor).entry.path is None:
            raise UserError("model_not_ready", name=state.id, done=state.done, total=state.total)
        entry, generator = yield from self._models.ready("chat", model, visitor)
        yield Notice("model", {"id": entry.id, "title": entry.title})
        for capability in sampling.needs() - generator.capabilities:
            raise UserError(LACKS[capability], model=entry.id)
        sampling = replace(sampling, max_tokens=min(sampling.max_tokens, self._settings.reply_tokens_max))
        yield from chat.complete(generator, messages, sampling, visitor=visitor)

    def _leaving(self, served: Served, messages: Sequence[Message], mask: bool | None) -> Notice:
        """That the text leaves this computer, for where, and how much of it is masked."""
        from llm_core.workbench.masked import Mask

        if not (self._settings.remote_mask if mask is None else mask):
            return Notice("leaves", {"host": served.host})
        return Notice("leaves_masked", {"host": served.host, "n": len(Mask(m.content for m in messages))})

    def _system(self, messages: Sequence[Message], options: ChatOptions, entry: Entry) -> list[Message]:
        if options.system is not None:
            return [Message("system", options.system)] if options.system.strip() else []
        spoken: Language = language(messages[0].content) or "en"  # stays the same for the whole conversation
        role = roles.role(options.role)
        name = entry.served.model if entry.served else entry.title[spoken]
        return [Message("system", role.prompt(spoken, parameters=entry.parameters, model=name))]


def check_prompt(messages: Sequence[Message], settings: Settings) -> None:
    """Refuse what no model should see.

    Raises:
        UserError: `text_empty`, `text_too_long`, `text_unusable`.
    """
    if not messages or messages[-1].role != "user":
        raise UserError("text_empty")
    check_message(messages[-1].content, settings)
    for message in messages[:-1]:
        check_text(message.content, settings.message_chars_max)


def check_message(text: str, settings: Settings) -> None:
    """Refuse what cannot be said to a model, silence too.

    Raises:
        UserError: `text_empty`, `text_too_long`, `text_unusable`.
    """
    if not text.strip():
        raise UserError("text_empty")
    check_text(text, settings.message_chars_max)


def check_text(text: str, chars_max: int) -> None:
    """Refuse text that cannot be kept or sent.

    Raises:
        UserError: `text_too_long`, `text_unusable` for half characters (lone surrogates).
    """
    if len(text) > chars_max:
        raise UserError("text_too_long", chars=len(text), limit=chars_max)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError("text_unusable", place=error.start + 1) from None
