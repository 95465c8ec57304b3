"""The loop that tutorials teach, in plain PyTorch: what our training is measured against.

A GPT as first described (Radford et al. 2019): learned positions, LayerNorm, GELU, fused attention, whole logits,
AdamW, float32.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """Of the model and of a batch."""

    layers: int = 6
    width: int = 256
    heads: int = 4
    context: int = 256
    batch: int = 16
    vocabulary: int = 8192


class Block(nn.Module):
    """Attention, then two layers of four times the width."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.before_attention, self.before_mlp = nn.LayerNorm(shape.width), nn.LayerNorm(shape.width)
        self.qkv, self.out = nn.Linear(shape.width, 3 * shape.width), nn.Linear(shape.width, shape.width)
        self.up, self.down = nn.Linear(shape.width, 4 * shape.width), nn.Linear(4 * shape.width, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        """x: B, T, D."""
        batch, length, width = x.shape
        qkv = self.qkv(self.before_attention(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # B, heads, T, D / heads
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, length, width))
        y: Tensor = x + self.down(functional.gelu(self.up(self.before_mlp(x))))
        return y


class GPT(nn.Module):
    """Embeddings, blocks, an output layer that shares the embeddings."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.Sequential(*(Block(shape) for _ in range(shape.layers)))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        """ids: B, T. Returns logits: B, T, V."""
        places = torch.arange(ids.shape[1], device=ids.device)
        logits: Tensor = self.head(self.norm(self.blocks(self.tokens(ids) + self.positions(places))))
        return logits


def updates(shape: Shape, *, compiled: bool = False, bf16: bool = False) -> Iterator[float]:
    """Seconds of each update, without end; on a GPU where there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    model = GPT(shape).to(device)
    run = torch.compile(model) if compiled else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    while True:
        began = time.perf_counter()
        ids = torch.randint(shape.vocabulary, (shape.batch, shape.context + 1), device=device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            logits = run(ids[:, :-1])
            loss = functional.cross_entropy(logits.reshape(-1, shape.vocabulary), ids[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        float(loss.detach())  # waits for the GPU
        yield time.perf_counter() - began
