"""The objectives that can be trained for: one line each, all of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from llm_core.training.config import TrainConfig
from llm_core.training.objectives.base import Objective
from llm_core.training.objectives.chat import Chat
from llm_core.training.objectives.contrastive import Contrastive
from llm_core.training.objectives.feedback import Feedback
from llm_core.training.objectives.label import Label
from llm_core.training.objectives.language import Language
from llm_core.training.objectives.masked import Masked
from llm_core.training.objectives.relation import Relation
from llm_core.training.objectives.span import Span
from llm_core.training.objectives.tags import Tags

OBJECTIVES: Mapping[str, Callable[[TrainConfig, Path], Objective]] = {
    "language": Language,
    "masked": Masked,
    "chat": Chat,
    "preference": Feedback,
    "contrastive": Contrastive,
    "label": Label,
    "relation": Relation,
    "span": Span,
    "tags": Tags,
}


def objective_of(config: TrainConfig, folder: Path) -> Objective:
    """What the configuration asks a run in `folder` to learn; an encoder learns language by what is hidden."""
    own = "masked" if config.family == "encoder" and config.objective == "language" else config.objective
    return OBJECTIVES[own](config, folder)
