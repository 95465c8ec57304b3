"""What the passes compute in: half the bits where the machine has instructions for them. Weights stay float32."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["auto", "bf16", "fp16", "fp32"]

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")
"""Of a CPU, any of which makes bfloat16 products faster than float32; without them it is emulated, and slow."""

_wanted: Precision = "auto"


def use(precision: Precision) -> None:
    """Compute so from now on, in this whole process, as with `torch.set_default_dtype`."""
    global _wanted
    _wanted = precision


def dtype_on(device: torch.device) -> torch.dtype:
    """What passes on `device` compute in."""
    if _wanted != "auto":
        return DTYPES[_wanted]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if any(able.get(name) for name in INSTRUCTIONS) else torch.float32


def computing(device: torch.device) -> torch.autocast:
    """The block in which a model on `device` computes its passes."""
    dtype = dtype_on(device)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)
