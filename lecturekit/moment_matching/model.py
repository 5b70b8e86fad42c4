"""The networks: a generator that maps uniform noise to data, and an auto-encoder for its codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.door import Count, In, door
from lecturekit.networks import initialise, mlp


@door
class GMMN(nn.Module):
    """A generative moment matching network: x = g(z), z ∼ U[−1, 1]^n_latent.

    ReLU layers and, for data in [0, 1], a sigmoid at the end. Li et al. 2015 take n_latent 10 and
    hidden layers of 64, 256, 256 and 1024 units.

    Attributes:
        bounded: whether x is in [0, 1], by a sigmoid; else all of space.

    Example:
        >>> model = GMMN(2, (64, 64), 784, generator=torch.Generator().manual_seed(0))
        >>> model.sample(5, generator=torch.Generator().manual_seed(1)).shape
        torch.Size([5, 784])
    """

    def __init__(
        self,
        n_latent: Count,
        hidden: Sequence[Count],
        n_features: Count,
        *,
        bounded: bool = True,
        generator: torch.Generator,
    ):
        """Make the network.

        Args:
            n_latent: coordinates of z.
            hidden: units of the hidden layers.
            n_features: coordinates of x.
            bounded: whether x is in [0, 1], by a sigmoid; else all of space.
            generator: source of the weights; the network lives on its device.

        Raises:
            ValueError: a layer without units.
        """
        super().__init__()
        self.n_latent, self.n_features, self.bounded = n_latent, n_features, bounded
        output = nn.Sigmoid if bounded else None
        sizes = (n_latent, *hidden, n_features)
        self.network = mlp(sizes, output=output, generator=generator)

    def initialise(self, generator: torch.Generator) -> GMMN:
        """Draw first values anew, in place."""
        return initialise(self, generator)

    def forward(self, z: Annotated[Tensor, "n n_latent"]) -> Tensor:
        """g(z): (n, n_latent) → (n, n_features).

        Raises:
            ValueError: z of another shape.
        """
        if z.ndim != 2 or z.shape[1] != self.n_latent:
            raise ValueError(f"expected z of shape (n, {self.n_latent}), got {tuple(z.shape)}")
        x: Tensor = self.network(z)
        return x

    def latents(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """z ∼ U[−1, 1]: (n, n_latent), on the generator's device."""
        if n < 1:
            raise ValueError(f"expected n ≥ 1, got {n}")
        z = torch.rand(n, self.n_latent, generator=generator, device=generator.device)
        return 2 * z - 1

    @torch.no_grad()
    def sample(self, n: Count, *, generator: torch.Generator) -> Tensor:
        """n independent samples, outside autograd: (n, n_features)."""
        return self.forward(self.latents(n, generator=generator))


@door
class AutoEncoder(nn.Module):
    """Codes h = e(x) in [0, 1]^n_code, and back, x ≈ d(h), with sigmoid units throughout.

    Li et al. 2015 take one hidden layer of 1024 units and 32 codes for MNIST, and in training drop
    inputs of the encoder's layers, which keeps the decoder from being surprised by a code that is
    a little off. Bounded codes keep one bandwidth good for all of them.

    Attributes:
        sizes: units of the encoder's layers, from the input to the code.
        dropout: share of the inputs of each encoder layer that training sets to 0.

    Example:
        >>> model = AutoEncoder(784, (1024,), 32, generator=torch.Generator().manual_seed(0))
        >>> model.encode(torch.zeros(5, 784)).shape, model(torch.zeros(5, 784)).shape
        (torch.Size([5, 32]), torch.Size([5, 784]))
    """

    def __init__(
        self,
        n_features: Count,
        hidden: Sequence[Count],
        n_code: Count,
        *,
        dropout: Sequence[Annotated[float, In(0, 1, open="high")]] = (),
        generator: torch.Generator,
    ):
        """Make both halves; the decoder's hidden layers are the encoder's in reverse.

        Raises:
            ValueError: a layer without units, or shares that are not one in [0, 1) per layer.
        """
        super().__init__()
        self.n_features, self.n_code = n_features, n_code
        self.sizes = (n_features, *hidden, n_code)
        self.dropout = tuple(dropout) or (0.0,) * (len(self.sizes) - 1)
        if len(self.dropout) != len(self.sizes) - 1 or not all(0 <= p < 1 for p in self.dropout):
            raise ValueError(
                f"expected {len(self.sizes) - 1} shares in [0, 1), one for each layer of the "
                f"encoder, got {self.dropout}"
            )
        self.encoder, self.decoder = (
            mlp(sizes, activation=nn.Sigmoid, output=nn.Sigmoid, generator=generator)
            for sizes in (self.sizes, self.sizes[::-1])
        )

    def initialise(self, generator: torch.Generator) -> AutoEncoder:
        """Draw first values anew, in place."""
        return initialise(self, generator)

    def forward(self, x: Annotated[Tensor, "n n_features", In(0, 1)]) -> Tensor:
        """The reconstruction d(e(x)): (n, n_features) → (n, n_features)."""
        return self.logits(x).sigmoid()

    def logits(
        self,
        x: Annotated[Tensor, "n n_features", In(0, 1)],
        *,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """log d/(1 − d) of the reconstruction d(e(x)), from which losses are finite anywhere.

        Args:
            x: (n, n_features).
            generator: chooses what is dropped, and what is kept counts 1/(1 − p) times as much, so
                that its mean stays; without one nothing is dropped.
        """
        shares = iter(self.dropout)
        for layer in self.encoder:
            if generator is not None and isinstance(layer, nn.Linear) and (p := next(shares)):
                kept = torch.rand(x.shape, generator=generator, device=x.device) >= p
                x = x * kept / (1 - p)
            x = layer(x)
        logits: Tensor = self.decoder[:-1](x)  # without its last sigmoid
        return logits

    @torch.no_grad()
    def encode(self, x: Annotated[Tensor, "n n_features", In(0, 1)]) -> Tensor:
        """e(x), outside autograd: (n, n_features) → (n, n_code)."""
        h: Tensor = self.encoder(x)
        return h

    @torch.no_grad()
    def decode(self, h: Annotated[Tensor, "n n_code", In(0, 1)]) -> Tensor:
        """d(h), outside autograd: (n, n_code) → (n, n_features)."""
        x: Tensor = self.decoder(h)
        return x
