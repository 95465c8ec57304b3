"""Personal data masked before a text leaves this computer, and put back into the reply, also while it streams.

What is masked: numbers of phones, identities and cards, e-mail and network addresses (training/personal.py). Names
of people and streets are not recognised. Each piece becomes a placeholder of its kind with a number, the same piece
always the same one, so that the model can still tell two telephones apart.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator as Generating
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import get_args

from llm_core.engines.base import Capability, Finished, Generator, Idle, Message, Prompt, Sampling, Step, Writing
from llm_core.training import personal

_KINDS = "|".join(kind.upper() for kind in get_args(personal.Kind))
# As we write it, as Markdown escapes it, with the brackets of Chinese, in small letters; bare only exactly as it was.
_PLACEHOLDER = re.compile(
    rf"\\?[\[［【]\s*(?P<kind>(?i:{_KINDS}))\\?[_ ](?P<number>\d+)\s*\\?[\]］】]"
    rf"|(?<![A-Za-z])(?P<bare>{_KINDS})\\?_(?P<count>\d+)(?!\d)"
)
_BEGUN = re.compile(r"(?P<open>\\?[\[［【]\s*)?(?P<core>[A-Za-z]*[0-9]?\\?[_ ]?\d*)\s*\\?\Z")


class Mask:
    """What was put in the place of what, in one request.

    Args:
        texts: everything that will be sent, in order.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._placeholders: dict[str, str] = {}  # piece -> PHONE_1
        texts = list(texts)
        taken = {_name(match) for text in texts for match in _PLACEHOLDER.finditer(text)}
        numbers: dict[str, int] = {}
        for found in (found for text in texts for found in personal.find(text)):
            if found.text in self._placeholders:
                continue
            kind = found.kind.upper()
            number = numbers.get(kind, 0) + 1
            while f"{kind}_{number}" in taken:  # somebody speaks of placeholders
                number += 1
            numbers[kind] = number
            self._placeholders[found.text] = f"{kind}_{number}"
        self._pieces = {name: piece for piece, name in self._placeholders.items()}

    def __len__(self) -> int:
        """How many different pieces are masked."""
        return len(self._placeholders)

    def hide(self, text: str) -> str:
        """The text as it may leave."""
        parts, end = [], 0
        for found in personal.find(text):
            name = self._placeholders.get(found.text)
            parts += [text[end : found.span.start], f"[{name}]" if name else found.text]
            end = found.span.end
        return "".join([*parts, text[end:]])

    def show(self, text: str) -> str:
        """The text with its pieces back; a placeholder that the model made up stays as it is."""
        return _PLACEHOLDER.sub(lambda match: self._pieces.get(_name(match), match[0]), text)

    def may_go_on(self, text: str) -> int:
        """Where, at the end of `text`, a placeholder begins that may go on; its length where none does."""
        begun = _BEGUN.search(text)
        certain = len(text) - text.endswith("\\")
        if begun is None or not (begun["open"] or begun["core"]):
            return certain
        core = begun["core"].replace("\\", "").replace(" ", "_")
        names = self._pieces if not begun["open"] else {name.lower(): None for name in self._pieces}
        core = core.lower() if begun["open"] else core
        return begun.start() if any(name.startswith(core) for name in names) else certain


class Unmasking:
    """One reply as it streams in: text comes out as soon as no placeholder can be cut in it."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = ""
        self._before = ""  # the last character that came out: within a word no placeholder begins

    def add(self, text: str) -> str:
        """What became certain."""
        self._held += text
        return self._out(self._mask.may_go_on(self._held))

    def rest(self) -> str:
        """What is left in the end."""
        return self._out(len(self._held))

    def _out(self, certain: int) -> str:
        text, self._held = self._held[:certain], self._held[certain:]
        shown = self._mask.show(self._before + text)[len(self._before) :]
        self._before = (self._before + text)[-1:]
        return shown


class Masked:
    """A `Generator` that another one is asked through."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `base.Generator`."""
        return self._generator.capabilities

    @property
    def context_tokens(self) -> int:
        """See `base.Generator`."""
        return self._generator.context_tokens

    def count_tokens(self, prompt: Prompt) -> int:
        """See `base.Generator`."""
        return self._generator.count_tokens(hidden(prompt, Mask(message.content for message in prompt)))

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generating[Step, None, None]:
        """See `base.Generator`. Tokens and their alternatives are told only where nothing was masked."""
        mask = Mask([message.content for prompt in prompts for message in prompt] + list(sampling.stop))
        if not mask:
            steps = self._generator.generate(prompts, sampling, visitor=visitor)
        else:
            sampling = replace(sampling, alternatives=0, stop=tuple(map(mask.hide, sampling.stop)))
            asked = [hidden(prompt, mask) for prompt in prompts]
            steps = _shown(self._generator.generate(asked, sampling, visitor=visitor), mask, len(prompts))
        try:
            yield from steps
        finally:
            _close(steps)

    def close(self) -> None:
        """See `base.Generator`."""
        self._generator.close()


def hidden(prompt: Prompt, mask: Mask) -> list[Message]:
    """The conversation as it may leave."""
    return [Message(message.role, mask.hide(message.content)) for message in prompt]


def _shown(steps: Iterator[Step], mask: Mask, prompts: int) -> Iterator[Step]:
    replies = [Unmasking(mask) for _ in range(prompts)]
    try:
        for step in steps:
            match step:
                case Writing():
                    text = replies[step.prompt].add(step.text)
                    yield Writing(step.prompt, text) if text else Idle()
                case Finished():
                    if text := replies[step.prompt].rest():
                        yield Writing(step.prompt, text)
                    yield step
                case _:
                    yield step
    finally:
        _close(steps)


def _close(steps: Iterator[Step]) -> None:
    if isinstance(steps, Generating):
        with contextlib.suppress(RuntimeError):
            steps.close()


def _name(match: re.Match[str]) -> str:
    kind, number = (match["kind"], match["number"]) if match["kind"] else (match["bare"], match["count"])
    return f"{kind.upper()}_{int(number)}"
