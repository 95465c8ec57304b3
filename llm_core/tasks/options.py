"""What a person can set: the check that all tasks share, and the dials of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_core.engines.base import Sampling
from llm_core.tasks.roles import role
from llm_core.values import refused


class Options(BaseModel):
    """What a person can set for a task, checked once, for every face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Options from what a face was given.

        Raises:
            UserError: naming the first one that does not fit, and what would (`values.refused`).
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise refused(cls, error) from None


class ChatOptions(Options):
    """The dials of a conversation."""

    model: str | None = Field(None, max_length=4096)  # None takes the default of the task
    compare: str | None = Field(None, max_length=200)  # a second model that answers beside it, in a conversation
    role: str = Field("assistant", max_length=40)
    system: str | None = None  # None takes the role's prompt
    temperature: float | None = Field(None, ge=0, le=2)  # None takes the role's
    top_p: float = Field(0.9, gt=0, le=1)
    top_k: int = Field(40, ge=0, le=1000)
    min_p: float = Field(0.0, ge=0, le=1)
    repetition_penalty: float = Field(1.05, ge=0.5, le=2)
    max_tokens: int = Field(512, ge=1)
    seed: int | None = Field(None, ge=0, lt=2**31)
    mask: bool | None = None  # personal data in what leaves this computer; None as the settings say
    documents: bool = False  # read what the visitor's documents say about the message

    def sampling(self, *, max_tokens: int, alternatives: int = 0) -> Sampling:
        """For the engine; `max_tokens` is the most that this server allows."""
        return Sampling(
            temperature=role(self.role).temperature if self.temperature is None else self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            max_tokens=min(self.max_tokens, max_tokens),
            seed=self.seed,
            alternatives=alternatives,
        )
