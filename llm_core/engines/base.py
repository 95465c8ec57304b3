"""What an engine is: it runs a model. Knows nothing of documents, conversations, storage or faces.

A caller never learns which engine it has. It asks what the engine can (`Capability`) and says what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Role: TypeAlias = Literal["system", "user", "assistant"]
FinishReason: TypeAlias = Literal["stop", "length"]
EmbeddingKind: TypeAlias = Literal["query", "passage"]


class Capability(StrEnum):
    """What an engine may or may not be able to do."""

    JSON_SCHEMA = "json_schema"
    GRAMMAR = "grammar"
    LOGPROBS = "logprobs"
    ADAPTERS = "adapters"
    EXACT_SEED = "exact_seed"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


Prompt: TypeAlias = Sequence[Message]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. With a seed, the same request gives the same reply (EXACT_SEED)."""

    temperature: float = 0.7  # 0 takes the likeliest token every time
    top_p: float = 0.9
    top_k: int = 40  # 0 keeps all
    min_p: float = 0.0
    repetition_penalty: float = 1.05  # 1 is none
    max_tokens: int = 512
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None  # the reply is JSON of this schema
    grammar: str | None = None  # GBNF; the reply is a sentence of it
    alternatives: int = 0  # with each token, this many of the likeliest ones (LOGPROBS)

    def needs(self) -> frozenset[Capability]:
        """What the engine must be able to do; a seed is kept as well as it can."""
        asked = {
            Capability.JSON_SCHEMA: self.json_schema is not None,
            Capability.GRAMMAR: self.grammar is not None,
            Capability.LOGPROBS: self.alternatives > 0,
        }
        return frozenset(capability for capability, wanted in asked.items() if wanted)


@dataclass(frozen=True, slots=True)
class Choice:
    """A token that could stand at one place, with the model's own probability for it (before temperature)."""

    text: str
    logprob: float  # natural logarithm


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was written, and the likeliest ones in its place, itself among them where it is one of them."""

    text: str
    logprob: float
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing new for 0.1 s: a chance to stop."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The model is being opened."""

    seconds: float  # since it began


@dataclass(frozen=True, slots=True)
class Waiting:
    """The prompt stands in line for a free slot; `place` 1 is next."""

    prompt: int
    place: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The prompt is being read: `done` of `total` tokens."""

    prompt: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Writing:
    """The reply grew by `text`; `tokens` are filled where `Sampling.alternatives` asked for them."""

    prompt: int
    text: str
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The reply to one prompt is whole."""

    prompt: int
    reason: FinishReason
    prompt_tokens: int
    reply_tokens: int
    tokens_per_second: float  # of writing alone; says nothing about what was cached


Step: TypeAlias = Idle | Opening | Waiting | Reading | Writing | Finished


@runtime_checkable
class Generator(Protocol):
    """Continues conversations."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this engine can beyond plain text."""
        ...

    @property
    def context_tokens(self) -> int:
        """The longest prompt and reply together. May open the model."""
        ...

    def count_tokens(self, prompt: Prompt) -> int:
        """How many tokens the prompt has, with the model's chat template around it. May open the model."""
        ...

    def generate(self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = "") -> Iterator[Step]:
        """Reply to each prompt, streamed; steps of several prompts come interleaved, told apart by `prompt`.

        Closing the iterator ends the computing after at most one more batch. No wait in it exceeds 0.1 s.

        Args:
            prompts: conversations, each ending with the message to reply to, or with the beginning of the reply as an
                assistant's message, which is then continued. None at all only opens the model.
            sampling: the same for all of them.
            visitor: who asks; the waiting line takes turns between visitors.

        Raises:
            UserError: `prompt_too_long`, `engine_died`, `engine_timeout`, `too_busy`, `text_unusable`.
        """
        ...

    def close(self) -> None:
        """Free everything. The generator can be used again; it opens by itself."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """How likely a model finds one text."""

    log_likelihood: float  # natural logarithm of the probability of all its tokens, after the mark of the beginning
    tokens: int  # of the text; neither a mark of the beginning nor one of the end is counted
    hits: int | None = field(default=None, compare=False)  # of them the likeliest in their place, where this is told

    def bits_per_char(self, text: str) -> float:
        """What the model needs to write `text`, comparable across tokenizers; 0 where there is no text."""
        return -self.log_likelihood / math.log(2) / len(text) if text else 0.0


@runtime_checkable
class Scorer(Protocol):
    """Says how likely it finds a text."""

    def score(self, texts: Sequence[str], *, visitor: str = "") -> list[Score]:
        """The log-likelihood of each text by itself, in order. May open the model.

        The first token is judged after the mark with which a text begins for the model: BOS where the tokenizer has
        one, else end-of-text, for what follows the end of a text is the beginning of the next. Only where a tokenizer
        has neither is the first token counted as uniform over the vocabulary (-ln V), the one guess that favours
        nobody. That a text ends is not judged: one line of a file is rarely the whole text. Marks spelled out in a
        text (`<|im_end|>`) are its characters, not marks.

        A text longer than the context is read in windows that overlap by half (windows.py). A call takes as long as
        it takes: give a few dozen texts at a time.

        Args:
            texts: each scored alone; an empty one has no tokens and log-likelihood 0.
            visitor: who asks; the waiting line takes turns between visitors.

        Raises:
            UserError: what is wrong with the model, `engine_died`, `engine_timeout`, `too_busy`, `text_unusable`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Search:
    """How a translation is looked for."""

    beams: int = 2  # beginnings followed at the same time
    temperature: float = 0.0  # above 0 it is drawn, with one beam
    repetition_penalty: float = 1.0  # 1 is none
    no_repeat_ngram: int = 0  # so many tokens never come twice in a row of their own; 0 lets them
    max_tokens: int = 0  # of a translation; 0 leaves it to the model's positions


SEARCH = Search()


@dataclass(frozen=True, slots=True)
class Translated:
    """The translation of one sentence, and how sure of it the model is."""

    text: str
    logprob: float  # natural logarithm, the mean over its tokens, its end among them


@runtime_checkable
class Translator(Protocol):
    """Translates sentences, as a model that was made for nothing else does."""

    @property
    def longest(self) -> int:
        """How many tokens it reads of a sentence; what lies behind is cut. May open the model."""
        ...

    def count_tokens(self, sentences: Sequence[str]) -> list[int]:
        """How many tokens each sentence has. May open the model."""
        ...

    def translate(
        self, sentences: Sequence[str], *, source: str = "", target: str = "", search: Search = SEARCH
    ) -> list[Translated]:
        """The translation of each sentence, in order; see ct2_translator.py."""
        ...

    def close(self) -> None:
        """Free everything. The translator can be used again; it opens by itself."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors that lie near each other where the texts mean the same, in either language."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str], kind: EmbeddingKind) -> NDArray[np.float32]:
        """The vectors of `texts`, of length 1, so that a dot product is a cosine. Safe from several threads.

        Args:
            texts: only the first 512 tokens of each are read. A call cannot be stopped: give a few dozen at a time.
            kind: "query" for what is looked for, "passage" for what is found; "query" on both sides for likeness.

        Returns:
            Array [len(texts), dimensions], in the order of `texts`.

        Raises:
            UserError: `encoder_unusable`, `disk_full`, both with the first call only.
        """
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """How many tokens of `texts` are read, all together. May open the model."""
        ...

    def close(self) -> None:
        """Free everything. The encoder can be used again; it opens by itself."""
        ...
