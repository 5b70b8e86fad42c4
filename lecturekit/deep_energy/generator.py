"""The generator: a network that turns Gaussian noise into samples of P_φ in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.door import Count, door
from lecturekit.networks import check_widths, initialise


@door
class Generator(nn.Module):
    """χ = G_φ(z) with z ∼ N(0, I): samples of P_φ, which is to be close to P_θ.

    Called as a module it normalises over the batch, as training does; `generate` and `sample` use
    the running averages, so that a sample doesn't depend on its neighbours.

    Attributes:
        net: (n, n_latent) → (n, n_dims).
        n_latent: entries of z.

    Example:
        >>> G = Generator(nn.Linear(2, 3), n_latent=2)
        >>> G.sample(5, generator=torch.Generator().manual_seed(0)).shape
        torch.Size([5, 3])
    """

    def __init__(self, net: nn.Module, n_latent: Count):
        """Wrap a network.

        Raises:
            ValueError: n_latent < 1.
        """
        super().__init__()
        if n_latent < 1:
            raise ValueError(f"expected n_latent ≥ 1, got {n_latent}")
        check_widths("net", net, n_latent, None)
        self.net, self.n_latent = net, n_latent

    def initialise(self, generator: torch.Generator) -> Generator:
        """Draw φ anew, in place.

        Raises:
            ValueError: the net has layers that are not of `lecturekit.networks`.
        """
        initialise(self.net, generator)
        return self

    def forward(self, z: Annotated[Tensor, "n n_latent"]) -> Tensor:
        """G(z): (n, n_latent) → (n, n_dims).

        Raises:
            ValueError: z of another shape.
        """
        if z.ndim != 2 or z.shape[1] != self.n_latent:
            raise ValueError(f"expected z of shape (n, {self.n_latent}), got {tuple(z.shape)}")
        x: Tensor = self.net(z)
        return x

    def latent(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """z ∼ N(0, I), n of them: (n, n_latent), on the device of `generator`."""
        return torch.randn(n, self.n_latent, generator=generator, device=generator.device)

    @torch.no_grad()
    def generate(self, z: Annotated[Tensor, "n n_latent"]) -> Tensor:
        """G(z) outside autograd, with running averages: (n, n_latent) → (n, n_dims)."""
        with _evaluating(self):
            x: Tensor = self(z)
        return x

    def sample(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """n samples of P_φ: (n, n_dims)."""
        return self.generate(self.latent(n, generator=generator))


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)
