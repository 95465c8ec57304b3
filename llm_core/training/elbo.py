"""What a sentence VAE makes large: the evidence lower bound, with what keeps its z in use (Bowman et al. 2016).

log p(x) >= E_q[log p(x|z)] - KL(q(z|x) || N(0, 1)). A decoder that can do without z makes the KL term zero and z
idle ("posterior collapse"). Against that the term's weight grows slowly from 0, some nats of each dimension are free
(Kingma et al. 2016), and the decoder is not told every word before.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from llm_core.models.vae import VaeForCausalLM
from llm_core.training.dataset import IGNORE, Batch, Stream
from llm_core.training.evaluate import at_rest
from llm_core.training.loss import linear_cross_entropy
from llm_core.training.mixture_loss import mixture_cross_entropy
from llm_core.training.precision import computing, dtype_on

ACTIVE_VARIANCE = 0.01
"""A unit of z is active where its mean varies by more from sentence to sentence (Burda et al. 2016)."""
_JUDGED_BATCHES = 12


class Terms(NamedTuple):
    """Both terms of the bound, summed over a batch, in nats."""

    reconstruction: Tensor
    """-log p(x|z) at one z drawn from q(z|x); with label smoothing."""
    plain: Tensor
    """The same without, and without a gradient."""
    kl: Tensor
    """B, Z: of each sentence in each dimension."""
    mean: Tensor
    """B, Z: mu."""


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, 1)) = (mu^2 + sigma^2 - log sigma^2 - 1) / 2, in each dimension."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)


def elbo_terms(model: VaeForCausalLM, batch: Batch, smoothing: float = 0.0) -> Terms:
    """Encode, draw z, decode: both terms of the bound."""
    vae, ids = model.model, batch.inputs["input_ids"]
    with computing(model.device):
        mean, log_variance = vae.encode(ids[:, 1:], batch.inputs["attention_mask"][:, 1:])
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        told = torch.ones_like(ids, dtype=torch.bool)
        if model.training:
            told = torch.rand(ids.shape, device=ids.device) >= model.config.word_dropout
            told[:, 0] = True
        hidden = vae.decode(vae.embed_tokens(ids) * told[..., None], z)  # B, T, D
    counted = batch.labels != IGNORE
    hidden, targets = hidden[counted].to(dtype_on(model.device)), batch.labels[counted]
    if model.mixture is not None:
        losses = mixture_cross_entropy(hidden, model.mixture, model.lm_head, targets, smoothing)
    else:
        losses = linear_cross_entropy(hidden, model.lm_head.weight, targets, smoothing, model.lm_head.bias)
    return Terms(*losses, gaussian_kl(mean, log_variance), mean)


def elbo_loss(model: PreTrainedModel, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """A `Loss`: what to minimise, and -ELBO, which bounds -log p(x) from above; both summed over the batch."""
    assert isinstance(model, VaeForCausalLM)
    terms = elbo_terms(model, batch, smoothing)
    charged = terms.kl.mean(dim=0).clamp(min=model.config.free_bits).sum() * len(terms.kl)
    if model.training:
        weight = min(1.0, float(model.model.passes) / model.config.annealing)
        model.model.passes += 1
        charged = weight * charged
    return terms.reconstruction + charged, (terms.plain + terms.kl.sum()).detach()


def latent_figures(model: PreTrainedModel, stream: Stream) -> dict[str, float]:
    """KL and reconstruction loss, in nats a sentence, and how many units of z are active."""
    assert isinstance(model, VaeForCausalLM)
    with at_rest(model):
        all_terms = [elbo_terms(model, stream.next().to(model.device)) for _ in range(_JUDGED_BATCHES)]
    means = torch.cat([terms.mean for terms in all_terms])
    return {
        "kl": float(sum(terms.kl.sum() for terms in all_terms)) / len(means),
        "reconstruction": float(sum(terms.plain for terms in all_terms)) / len(means),
        "active_units": float((means.var(dim=0) > ACTIVE_VARIANCE).sum()),
    }
