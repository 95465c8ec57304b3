"""Several processes that train one model together, as torchrun or `accelerate launch` starts them.

Each takes its share of the passes of an update; the first one decides, judges and writes, the others follow. Their
gradients are added up by DDP, where each holds the whole model, or by FSDP (Zhao et al. 2023), where each holds a
part of every layer and of the optimizer. A single process is a group of one, for which all this does nothing.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel
from transformers import PreTrainedModel

from llm_core.errors import UserError
from llm_core.training.config import TrainConfig
from llm_core.training.dataset import Batch
from llm_core.training.loss import Loss

ALONE = ("ngram", "vae")
"""An n-gram model is counted; the annealing of a VAE follows the passes that its own process has made."""
_PATIENCE = timedelta(days=7)
"""The others wait while the first one stands in line, or reads a large text."""
T = TypeVar("T")


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Join the group that the environment tells of, on a GPU of one's own where there is one."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("cpu:gloo,cuda:nccl" if cuda else "gloo", timeout=_PATIENCE)
    yield
    distributed.barrier()  # who leaves while another still writes may be aborted by a thread that waits for it
    distributed.destroy_process_group()  # not after an error: it would wait for the others


def count() -> int:
    """Of processes."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def number() -> int:
    """This process's, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def hear(value: T) -> T:
    """What the first process says; all of them have to ask."""
    if count() == 1:
        return value
    said = [value]
    distributed.broadcast_object_list(said, src=0, device=torch.device("cpu"))
    return said[0]


def first_alone(work: Callable[[], None]) -> None:
    """Let the first process work while the others wait; all raise the UserError that it raises."""
    error: UserError | None = None
    if number() == 0:
        try:
            work()
        except UserError as raised:
            error = raised
    said = hear((error.code, error.facts) if error else None)
    if error:
        raise error
    if said:
        raise UserError(said[0], **said[1])


def add_up(value: float) -> float:
    """The sum over all processes."""
    if count() == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64)
    distributed.all_reduce(total)
    return float(total)


def gather(value: T) -> list[T]:
    """One value of each process, in their order."""
    if count() == 1:
        return [value]
    values: list[T] = [value] * count()
    distributed.all_gather_object(values, value)
    return values


def shared(config: TrainConfig, processes: int | None = None) -> TrainConfig:
    """The same updates in as many passes as can be shared out evenly, smaller ones if need be.

    Raises:
        UserError: `processes_many`, an update has fewer sequences; `family_alone`.
    """
    processes, batch = processes or count(), config.batch
    if processes > 1 and config.family in ALONE:
        raise UserError("family_alone", family=config.family)
    parts = processes // math.gcd(batch.accumulate, processes)
    if parts > 1 and batch.micro_tokens // parts < batch.context:
        raise UserError("processes_many", processes=processes, tokens=batch.micro_tokens * batch.accumulate)
    more = {"micro_tokens": batch.micro_tokens // parts, "accumulate": batch.accumulate * parts}
    return config.model_copy(update={"batch": batch.model_copy(update=more)})


class Pass(nn.Module):
    """A pass up to its loss as one module: what DDP and FSDP wrap.

    Args:
        model: what is trained.
        loss: of a batch; its sum is to be made small.
    """

    def __init__(self, model: PreTrainedModel, loss: Loss) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Batch, smoothing: float) -> tuple[Tensor, Tensor]:
        """See `Loss`."""
        return self.loss(self.model, batch, smoothing)


class Together:
    """A model in all processes. Build it before the optimizer: FSDP puts other parameters in the model.

    Args:
        model: with the same weights in all processes.
        loss: of a batch.
        parallel: "ddp" or "fsdp".
        seed: of the run; each process draws its own dropout from it.
    """

    def __init__(self, model: PreTrainedModel, loss: Loss, parallel: str, seed: int) -> None:
        self._model = self._whole = model
        self._pass: nn.Module = Pass(model, loss)
        self._is_parted = parallel == "fsdp" and count() > 1
        if count() == 1:
            return
        if self._is_parted:
            self._whole = copy.deepcopy(model) if number() == 0 else model
            mesh = init_device_mesh(model.device.type, (count(),))
            for layer in _layers(model):
                fully_shard(layer, mesh=mesh)
            fully_shard(self._pass, mesh=mesh)
        else:
            devices = [model.device] if model.device.type == "cuda" else None
            self._pass = DistributedDataParallel(self._pass, devices, broadcast_buffers=False)
        torch.manual_seed(seed + number())

    @property
    def loss(self) -> Callable[[Batch, float], tuple[Tensor, Tensor]]:
        """(batch, smoothing) -> a `Loss`'s two, of the batch."""
        return self._pass

    def adding(self, last: bool) -> AbstractContextManager[None]:
        """The block in which a pass goes forward and back; gradients are added up in the `last` one of an update."""
        if isinstance(self._pass, DistributedDataParallel) and not last:
            return self._pass.no_sync()
        return contextlib.nullcontext()

    def whole(self) -> PreTrainedModel:
        """In the first process, the model with all its weights. All have to ask."""
        if self._is_parted:
            own = self._whole.state_dict()
            for name, tensor in self._model.state_dict().items():
                full = whole(tensor)
                if number() == 0:
                    own[name].copy_(full)
        return self._whole


def _layers(model: PreTrainedModel) -> list[nn.Module]:
    """Those that transformers names as what belongs together, without embeddings: the output may share them."""
    named = [module for module in model.modules() if type(module).__name__ in (model._no_split_modules or ())]
    return [layer for layer in named if not any(isinstance(part, nn.Embedding) for part in layer.modules())]


def whole(tensor: Tensor) -> Tensor:
    """In the first process all of a tensor that may lie in parts; in the others, of such a one, nothing."""
    if not isinstance(tensor, DTensor):
        return tensor
    full = tensor.full_tensor()
    return full.cpu() if number() == 0 else full.new_empty(0)


def part(full: Tensor, like: Tensor) -> Tensor:
    """Of a whole tensor what this process holds, if `like` lies in parts."""
    if not isinstance(like, DTensor):
        return full
    return distribute_tensor(full.to(like.device), like.device_mesh, like.placements, src_data_rank=None)
