"""The output layer as a mixture of softmaxes: P(token | x) = sum over i of a_i softmax(W_i x + b_i).

Yang et al. 2018, "Breaking the softmax bottleneck": one softmax over a width of D cannot say more than a matrix of
rank D can; the logarithm of a sum of several is not bound by that. As there, the components share one matrix W over
the vocabulary, which may be tied to the embeddings: W_i = W P_i and b_i = W p_i + b, with a matrix P_i of D by D for
each component. (The paper puts a tanh after P_i, which its own dropout asks for; without it the formula above holds
to the letter.) The weights a = softmax(A x) depend on x.
"""

from __future__ import annotations

from torch import Tensor, nn


class Mixture(nn.Module):
    """What a mixture of `softmaxes` adds to the linear layer over the vocabulary: P, p and A."""

    def __init__(self, width: int, softmaxes: int) -> None:
        super().__init__()
        self.softmaxes = softmaxes
        self.project = nn.Linear(width, softmaxes * width)
        self.gate = nn.Linear(width, softmaxes, bias=False)

    def forward(self, x: Tensor, output: nn.Linear) -> Tensor:
        """x: ..., D. Returns the log-probabilities of the tokens [..., V] in float32; they sum to one."""
        components = self.project(x).unflatten(-1, (self.softmaxes, -1))  # ..., n, D
        log_p = output(components).float().log_softmax(-1)  # ..., n, V
        log_a = self.gate(x).float().log_softmax(-1)[..., None]  # ..., n, 1
        return (log_a + log_p).logsumexp(-2)
