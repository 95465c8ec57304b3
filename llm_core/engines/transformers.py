"""The Transformers engine: a folder, or an unpacked GGUF file, with a causal language model, opened with torch here.

Safetensors hold numbers and nothing that runs, and a class of Transformers or of ours fails with an exception, so a
child process would guard against nothing. Each reply is computed in the thread of its caller, step by step: closing
the iterator is the end of it. Torch is imported with the first request, in a thread of its own, since that takes
seconds.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_core import machine
from llm_core.engines import device, zero_gpu
from llm_core.engines.base import Capability, Idle, Opening, Prompt, Sampling, Score, Step, Waiting
from llm_core.engines.line import Caller, Line, Ticket
from llm_core.engines.under_way import WAIT_S
from llm_core.errors import UserError
from llm_core.models import gguf
from llm_core.models.card import CARD_FILE, ModelCard
from llm_core.settings import Settings

if TYPE_CHECKING:
    from llm_core.engines.causal import Causal

CONTINUE = "continue"  # the task of a model that goes on with a text, and was never taught to answer
GGUF = ".gguf"
TORCH_BYTES = 300_000_000  # the library itself, once in a process
REASON_CHARS = 300
ADAPTER_FILE = "adapter_config.json"
# How configurations of Transformers say that a model attends, and to how many positions.
HEADS = {"num_attention_heads", "n_head", "num_heads"}
POSITIONS = ("max_position_embeddings", "n_positions")


class Transformers:
    """A `Generator` and `Scorer` over one folder.

    A model whose card says `continue`, or that has no chat template, goes on with the last message of the user as it
    stands; earlier messages are not shown to it. Any other reads the conversation through its own template.
    """

    def __init__(self, name: str, path: Path, settings: Settings) -> None:
        """Args: name: what a person calls the model. path: of the folder, which is read when the model is opened."""
        self._name = name
        self._path = path
        self._settings = settings
        self._line = Line(settings.slots, settings.waiting_max, settings.waiting_per_visitor_max)
        self._lock = threading.Lock()
        self._current: _Opened | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be asked of any model here beyond plain text."""
        return frozenset({Capability.LOGPROBS, Capability.EXACT_SEED})

    @property
    def context_tokens(self) -> int:
        """The longest prompt and reply together; a model that carries a state reads on beyond what it was trained on.

        Raises:
            UserError: `model_unusable`.
        """
        limit = self._settings.context_tokens
        if self._is_file:
            return min(limit, gguf.read(self._path).context_tokens)
        config = self._config()
        if not HEADS & config.keys():
            return limit
        return min([limit, *(int(config[name]) for name in POSITIONS if config.get(name))])

    @property
    def memory_bytes(self) -> int:
        """What the open model will take; on a card, what it takes here while it passes through.

        Raises:
            UserError: `model_unusable`, or what is wrong with the file (gguf_*).
        """
        width = device.UNPACKING_BYTES if self._is_file else device.WHOLE_BYTES
        return self._parameters() * width + (0 if "torch" in sys.modules else TORCH_BYTES)

    @property
    def place(self) -> device.Place:
        """Where it computes, and why there.

        Raises:
            UserError: as `memory_bytes`.
        """
        return device.of_folder(self._parameters(), self._settings, device.facts())

    @property
    def is_open(self) -> bool:
        """Whether it holds memory at the moment, or is about to."""
        current = self._current
        return current is not None and current.error is None

    def count_tokens(self, prompt: Prompt) -> int:
        """See `base.Generator`; opens the model."""
        return len(self._ids(self._wait_opened(), prompt))

    def score(self, texts: Sequence[str], *, visitor: str = "") -> list[Score]:
        """See `base.Scorer`."""
        for text in texts:
            check(text)
        caller = self._line.enter(visitor)
        try:
            causal = self._wait_opened()
            turn = self._turn(caller)
            ticket = _result(turn)
            try:
                return causal.score(texts)
            finally:
                ticket.leave()
        finally:
            caller.leave()

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, *, visitor: str = ""
    ) -> Generator[Step, None, None]:
        """See `base.Generator`. Prompts of equal length are computed side by side, unless there is a seed."""
        caller = self._line.enter(visitor)
        try:
            causal = yield from self._opened()
            ids = dict(enumerate(self._ids(causal, prompt) for prompt in prompts))
            for row in ids.values():
                self._check_length(causal, row)
            for batch in _batches(ids, alone=sampling.seed is not None):
                yield from self._write(causal, batch, sampling, caller)
        finally:
            caller.leave()

    def close(self) -> None:
        """Let the model go. Replies under way end with `engine_died`."""
        with self._lock:
            self._current = None

    def _write(
        self, causal: Causal, batch: dict[int, list[int]], sampling: Sampling, caller: Caller
    ) -> Generator[Step, None, None]:
        ticket = yield from self._turn(caller)
        try:
            for step in zero_gpu.write(causal, batch, sampling, self._settings.prefill_batch_tokens):
                if self._current is None or self._current.causal is not causal:
                    raise UserError("engine_died", model=self._name, reason="closed")
                yield step
        finally:
            ticket.leave()

    def _check_length(self, causal: Causal, ids: list[int]) -> None:
        if len(ids) >= causal.context:
            raise UserError("prompt_too_long", n_prompt=len(ids), n_ctx=causal.context)

    def _turn(self, caller: Caller) -> Generator[Step, None, Ticket]:
        """Wait for a slot."""
        granted, said = threading.Event(), 0
        ticket = caller.ask(granted.set)
        try:
            while not granted.wait(WAIT_S):
                place, before = ticket.place, said
                said = place
                yield Waiting(0, place) if place != before else Idle()
        except BaseException:
            ticket.leave()
            raise
        return ticket

    def _ids(self, causal: Causal, prompt: Prompt) -> list[int]:
        """The tokens that the model reads, at least one."""
        for message in prompt:
            check(message.content)
        if self._continues(causal):
            begin = [] if causal.begin is None else [causal.begin]
            return begin + causal.ids(_last_words(prompt)) or [0]
        turns = [{"role": message.role, "content": message.content} for message in prompt]
        goes_on = bool(prompt) and prompt[-1].role == "assistant"
        template = {"add_generation_prompt": not goes_on, "continue_final_message": goes_on}
        return list(causal.tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False, **template))

    def _continues(self, causal: Causal) -> bool:
        if causal.tokenizer.chat_template is None:
            return True
        return (self._path / CARD_FILE).exists() and CONTINUE in ModelCard.read(self._path).tasks

    def _wait_opened(self) -> Causal:
        causal: Causal = _result(self._opened())
        return causal

    def _opened(self) -> Generator[Step, None, Causal]:
        """Open the model where it is not open.

        Raises:
            UserError: `model_unusable`, `memory_short`.
        """
        with self._lock:
            if self._current is None or self._current.error is not None:
                machine.check_memory(self._name, self.memory_bytes)
                self._current = _Opened(self._open)
            opened = self._current
        while not opened.done.wait(WAIT_S):
            yield Opening(time.monotonic() - opened.began)
        if opened.causal is None:
            reason = str(opened.error).strip().partition("\n")[0]
            raise UserError("model_unusable", model=self._name, reason=reason[:REASON_CHARS]) from opened.error
        return opened.causal

    def _open(self) -> Causal:
        from llm_core.engines.causal import Causal

        # One token of a small model is many small products, which two threads on a shared core take turns over: 10 M
        # parameters wrote 220 tokens a second with one thread, and 15 to 24 with two, on two cores with other work.
        small = self._parameters() <= device.SMALL_PARAMETERS
        threads = self._settings.threads or (1 if small else machine.cores())
        return Causal(self._path, self.context_tokens, threads, self.place.device, half=self._half)

    @property
    def _is_file(self) -> bool:
        return self._path.suffix.lower() == GGUF

    @property
    def _half(self) -> bool:
        """Whether weights take 16 bits: on a card, and where a file is unpacked, which had fewer to begin with."""
        return self._is_file or (self.place.device != "cpu" and self._parameters() > device.SMALL_PARAMETERS)

    def _config(self) -> dict[str, Any]:
        try:
            config = json.loads((self._path / "config.json").read_text("utf-8"))
            return dict(config)
        except (OSError, ValueError, TypeError) as error:
            raise UserError("model_unusable", model=self._name, reason=str(error)[:REASON_CHARS]) from error

    def _base_parameters(self) -> int:
        """Of the model that an adapter belongs to; none where the folder is a model itself."""
        if not (self._path / ADAPTER_FILE).exists():
            return 0
        from llm_core.models import lora, opening

        base = lora.base_of(self._path)
        return opening.parameters_of(base) if base else 0

    def _parameters(self) -> int:
        """As the headers of its weights say."""
        if self._is_file:
            return gguf.read(self._path).parameters
        from safetensors import SafetensorError, safe_open

        total = self._base_parameters()
        try:
            for path in self._path.glob("*.safetensors"):
                with safe_open(path, framework="numpy") as file:
                    total += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise UserError("model_unusable", model=self._name, reason=str(error)[:REASON_CHARS]) from error
        return total


class _Opened:
    """A model that is being opened in a thread of its own, and then open, or not: `error` says why."""

    def __init__(self, opening: Any) -> None:
        self.began = time.monotonic()
        self.done = threading.Event()
        self.causal: Causal | None = None
        self.error: Exception | None = None
        threading.Thread(target=self._run, args=(opening,), name="open-model").start()

    def _run(self, opening: Any) -> None:
        try:
            self.causal = opening()
        except Exception as error:  # whatever a folder holds, its request is told
            self.error = error
        self.done.set()


def check(text: str) -> None:
    """Refuse half characters, which no tokenizer takes.

    Raises:
        UserError: `text_unusable`.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError("text_unusable", place=error.start + 1) from None


def _last_words(prompt: Prompt) -> str:
    """The last message of the user, and what was already written after it."""
    begun = prompt[-1].content if prompt[-1].role == "assistant" else ""
    asked = next((message.content for message in reversed(prompt) if message.role == "user"), "")
    return asked + begun


def _batches(ids: dict[int, list[int]], *, alone: bool) -> list[dict[int, list[int]]]:
    """Prompts that are computed together: what stands beside a prompt changes its sums in their last digit."""
    if alone:
        return [{number: row} for number, row in ids.items()]
    lengths = sorted({len(row) for row in ids.values()})
    return [{number: row for number, row in ids.items() if len(row) == length} for length in lengths]


def _result(steps: Generator[Step, None, Any]) -> Any:
    """What a waiting generator returns in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value
