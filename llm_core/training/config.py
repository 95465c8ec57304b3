"""TrainConfig: everything that decides what a training run does.

A YAML recipe, the command line and the page's form are three ways to fill it.
Two runs with equal configurations, equal text and a budget in steps end with
equal weights.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from llm_core.errors import UserError
from llm_core.paths import safe_name
from llm_core.training.config_text import Cleaning, Part, Source, Tokenizing, Unanswerable

__all__ = [
    "FRESH",
    "Answering",
    "Batching",
    "Budget",
    "CardWords",
    "Cleaning",
    "Family",
    "Lora",
    "Objective",
    "Optimizing",
    "Size",
    "Source",
    "Tokenizing",
    "TrainConfig",
    "Unanswerable",
    "load_recipe",
]

Family = Literal["ngram", "mlp", "cnn", "rnn", "lstm", "gru", "vae", "decoder", "encoder", "seq2seq"]
Size = Literal["tiny", "small", "medium", "base"]
Objective = Literal["language", "masked", "contrastive", "label", "relation", "tags", "span", "chat", "preference"]


FRESH = "none"
"""In place of the name of a model to start with: weights from nothing."""
_SMOKE_CHARACTERS = 3_000
_SMOKE_LABELLED = 40_000
"""Of training text with labels: a set of many has to show most of them."""
_SMOKE_RUNNING = 20_000
"""Of running text: the part that is held out has to fill a context."""


_LEARNED_BY = dict.fromkeys(("contrastive", "relation", "tags", "span"), ("encoder",)) | {
    "label": ("encoder", "lstm", "gru", "rnn")
}


class Batching(Part):
    """How many tokens a forward pass and an update see."""

    context: int = Field(default=256, gt=1)
    """Decoder: tokens in a sequence. Seq2seq: the longest side of a pair."""
    micro_tokens: int = Field(default=4096, gt=1)
    """Tokens in one forward pass, padding included."""
    accumulate: int = Field(default=1, gt=0)
    """Forward passes in one update."""


class Optimizing(Part):
    """The optimizer and its learning rate over the run."""

    optimizer: Literal["adamw", "muon"] = "adamw"
    learning_rate: float = Field(default=3e-3, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)
    betas: tuple[float, float] = (0.9, 0.95)
    warmup_steps: int = Field(default=100, ge=0)
    schedule: Literal["cosine", "constant-then-decay"] = "constant-then-decay"
    decay_fraction: float = Field(default=0.4, gt=0, le=1)
    """constant-then-decay: the last part of the run, in which the rate falls to zero."""
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """AdamW: a layer's learning rate as a part of that of the layer above it; for a model that has learned before."""
    clip: float = Field(default=1.0, gt=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)


class Lora(Part):
    """A low-rank adapter, learned in the place of the weights of `start`; rank and targets as in PEFT."""

    rank: int = Field(default=8, gt=0, le=256)
    alpha: float = Field(default=16.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    """Linear layers, by the last part of their names."""
    merge: bool = True
    """Add it to the weights in the end; otherwise the run's model is the adapter alone, over the model as it was."""


class Answering(Part):
    """Preference only: how the model is asked, and how it learns from its better answers."""

    method: Literal["dpo", "best"] = "dpo"
    """"dpo" makes the better answer likelier than the worse one, "best" learns the better one as it stands."""
    answers: int = Field(default=4, ge=2, le=32)
    """To each prompt."""
    temperature: float = Field(default=0.9, gt=0)
    answer_tokens: int = Field(default=64, gt=0)
    prompts: int = Field(default=200, gt=0)
    """At most so many, of each side."""
    margin: float = Field(default=2.0, ge=0)
    """Points of chrF between two answers below which neither is the better one."""
    beta: float = Field(default=0.1, gt=0)
    """dpo: how near it stays to the model before."""


class Budget(Part):
    """When to stop, and how often to look and to save.

    With `steps` the learning rate follows the step and a run can be repeated bit for
    bit; with `seconds` it follows the clock of this run, interruptions not counted.
    """

    steps: int | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)
    evaluate_every: int = Field(default=200, gt=0)
    checkpoint_every_seconds: float = Field(default=300.0, gt=0)
    patience: int | None = Field(default=None, gt=0)
    """End after so many looks without a better validation loss, with the weights that were best."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Budget:
        if (self.steps is None) == (self.seconds is None):
            raise ValueError("give either budget.steps or budget.seconds")
        return self


class CardWords(Part):
    """What the card of a published model says in words, by language."""

    title: dict[str, str]
    tasks: tuple[str, ...]
    limits: dict[str, str]


class TrainConfig(Part):
    """A training run, whole."""

    name: Annotated[str, AfterValidator(safe_name)]
    family: Family
    size: Size = "small"
    shape: dict[str, int | float] = Field(default_factory=dict)
    """Knobs of the family's shape that replace what the size dial gives."""
    parameters: int | None = Field(default=None, gt=0)
    """About how many the model is to have, whatever its size dial says: its width follows."""
    objective: Objective = "language"
    start: Annotated[str | None, BeforeValidator(lambda name: None if name == FRESH else name)] = None
    """The model whose weights come first: a run's name, or the id of a model that is here; "none" is fresh."""
    adapter: Lora | None = None
    """Train an adapter to the model to start with, and not its weights."""
    feedback: Answering = Answering()
    freeze: tuple[str, ...] = ()
    """Parameters whose names begin so are not trained."""
    languages: tuple[str, ...] = ("zh", "en")
    sources: tuple[Source, ...] = Field(min_length=1)
    cleaning: Cleaning = Cleaning()
    tokenizer: Tokenizing = Tokenizing(kind="byte-bpe", vocabulary=8192)
    """Not looked at with `start`: a model comes with its tokenizer."""
    validation_fraction: float = Field(default=0.01, gt=0, lt=0.5)
    test_fraction: float = Field(default=0.0, ge=0, lt=0.5)
    """Kept apart from training and from every choice made while it runs."""
    folds: int | None = Field(default=None, ge=2, le=20)
    """k-fold cross-validation: so many trainings, each with another part as validation; then the model itself."""
    fold: int | None = Field(default=None, ge=0)
    """Only this one of the folds, from 0."""
    unanswerable: Unanswerable = Unanswerable()
    prefixes: tuple[str, ...] = ()
    """Contrastive only: what is put before the texts of each column, such as "query: "."""
    temperature: float = Field(default=0.05, gt=0)
    """Contrastive only: cosines are divided by it."""
    balance: bool = False
    """Labels only: rare classes count as much as frequent ones."""
    batch: Batching = Batching()
    optimize: Optimizing = Optimizing()
    budget: Budget
    canaries: int = Field(default=0, ge=0, le=100)
    """Made-up secrets put into the training text, to see afterwards whether the model recites them."""
    prompts: tuple[str, ...] = ()
    """Decoder: continued at every evaluation. Seq2seq: translated."""
    card: CardWords | None = None
    """Only for models that are published."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """What the passes compute in; "auto" takes bf16 where this machine has instructions for it."""
    compile: bool = False
    """torch.compile: pays on a GPU, hardly on a CPU."""
    parallel: Literal["ddp", "fsdp"] = "ddp"
    """Of several processes: each holds the whole model, or, where it does not fit, a part of every layer."""
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _adapter_to_something(self) -> TrainConfig:
        if self.adapter and not self.start:
            raise ValueError("an adapter needs a model to start with: give start")
        return self

    @model_validator(mode="after")
    def _family_can(self) -> TrainConfig:
        able = _LEARNED_BY.get(self.objective)
        if able and self.family not in able:
            families = ", ".join(able)
            raise UserError("objective_family", objective=self.objective, families=families, family=self.family)
        return self

    @model_validator(mode="after")
    def _folds_have_text(self) -> TrainConfig:
        if self.folds is not None and all(source.use != "split" for source in self.sources):
            raise UserError("folds_unsplit")
        return self

    def with_budget(self, **changes: Any) -> TrainConfig:
        """The same run with some fields of its budget changed."""
        budget = Budget.model_validate(self.budget.model_dump() | changes)
        return self.model_copy(update={"budget": budget})

    def smoke(self) -> TrainConfig:
        """The same run made tiny, to see that all is well: four updates on the first of each source."""
        most = {"label": _SMOKE_LABELLED, "relation": _SMOKE_LABELLED, "language": _SMOKE_RUNNING}
        kept = {"valid": _SMOKE_CHARACTERS}  # by use; training needs more of some text
        few = tuple(
            source.model_copy(
                update={"characters": kept.get(source.use) or most.get(self.objective, _SMOKE_CHARACTERS)}
            )
            for source in self.sources
        )
        short = self.with_budget(steps=4, seconds=None, evaluate_every=2)
        return short.model_copy(update={"sources": few})


def load_recipe(path: Path, variables: dict[str, str]) -> TrainConfig:
    """Read a YAML recipe, with `${name}` filled from `variables`.

    Raises KeyError for a variable without a value and pydantic's ValidationError, which
    names the entry, for a recipe that is not one.
    """
    filled = Template(path.read_text(encoding="utf-8")).substitute(variables)
    return TrainConfig.model_validate(yaml.safe_load(filled))
