"""Embeddings as the OpenAI protocol asks for them and gets them: POST /v1/embeddings."""

from __future__ import annotations

import base64
import json
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_core.engines.base import EmbeddingKind, Encoder
from llm_core.errors import UserError
from llm_core.values import refused

TEXTS_MAX = 2048  # as in the protocol
MODEL = "e5-zh-en"


class Request(BaseModel):
    """The fields that are taken; `input_type` goes beyond the protocol, as with other servers of such models."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    input: str | list[str] = Field(min_length=1)
    model: str = Field(MODEL, max_length=4096)
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1)
    input_type: EmbeddingKind = "query"

    @property
    def texts(self) -> list[str]:
        """What to encode."""
        return [self.input] if isinstance(self.input, str) else self.input


def read(body: bytes, chars_max: int) -> Request:
    """The request in `body`.

    Raises:
        UserError: naming what does not fit.
    """
    try:
        asked = Request.model_validate(json.loads(body))
    except ValidationError as error:
        raise refused(Request, error) from None
    except (ValueError, RecursionError):
        raise UserError("json_unreadable") from None
    if len(asked.texts) > TEXTS_MAX or not all(asked.texts):
        raise UserError("value_unusable", name="input", value=f"{len(asked.texts)}")
    if (chars := sum(map(len, asked.texts))) > chars_max:
        raise UserError("text_too_long", chars=chars, limit=chars_max)
    return asked


def record(asked: Request, encoder: Encoder) -> dict[str, Any]:
    """The answer, computed.

    Raises:
        UserError: `value_unusable` for another number of dimensions than the model's, and those of the encoder.
    """
    if asked.dimensions not in (None, encoder.dimensions):
        raise UserError("value_unusable", name="dimensions", value=str(asked.dimensions))
    vectors = encoder.encode(asked.texts, asked.input_type)
    tokens = encoder.count_tokens(asked.texts)
    rows = [
        {"object": "embedding", "index": index, "embedding": _written(vector, asked.encoding_format)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": MODEL, "usage": usage}


def _written(vector: np.ndarray[Any, np.dtype[np.float32]], form: str) -> list[float] | str:
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [float(value) for value in vector]
