"""Denoisers: functions from corrupted rows X′ to a distribution over the clean X.

Two that learn, for points and for binary images, one that learns all noise levels at once, and
one that knows the data's density and so needs not learn: the true posterior P(X | X′).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.data.densities import GaussianMixture
from lecturekit.denoising.reconstruction import (
    BernoulliReconstruction,
    GaussianReconstruction,
    MixtureReconstruction,
    Reconstruction,
)
from lecturekit.door import (
    Count,
    In,
    NonNegative,
    Positive,
    RefusedError,
    Rows,
    came,
    check_alike,
    door,
    refuse,
    taken,
)
from lecturekit.networks import initialise, mlp

Denoise = Callable[[Tensor], Reconstruction]


def believed(name: str, denoise: Denoise, x_noisy: Tensor) -> Reconstruction:
    """P(X | X′ = x_noisy) of a denoiser, if that is what it returns.

    Args:
        name: what a message calls the denoiser.

    Raises:
        ValueError: it cannot take such rows, or returns anything else.
    """
    if not callable(denoise):
        refuse(name, "to be a denoiser", came(denoise))
    belief = taken(name, denoise, x_noisy)
    if not (hasattr(belief, "log_prob") and hasattr(belief, "sample")):
        refuse(name, "to return a distribution, such as GaussianReconstruction", came(belief))
    return belief


def denoiser_at(denoise_at: Callable[[float], Denoise], sigma: float) -> Denoise:
    """The denoiser of a noise level.

    Raises:
        ValueError: it is no function of the level, such as a denoiser itself.
    """
    try:
        return denoise_at(sigma)
    except (RuntimeError, TypeError, ValueError) as error:
        wanted = "expected denoise_at to be σ → denoiser, such as LevelDenoiser.at"
        raise RefusedError(f"{wanted}, got {came(denoise_at)}: {error}") from error


LOG_STD_RANGE = (-4.5, 1.0)  # keeps a reconstruction from becoming a point, or without bound


@door
class Denoiser(nn.Module):
    """A multilayer perceptron that gives the parameters of P_θ(X | X′).

    Attributes:
        n_dims: columns of X and X′.
        feature_gain: how much steeper the first layer's features are at the start than is usual.
    """

    def __init__(
        self,
        n_dims: Count,
        sizes: Sequence[Count],
        *,
        feature_gain: NonNegative = 1.0,
        generator: torch.Generator,
    ):
        super().__init__()
        self.n_dims, self.feature_gain = n_dims, feature_gain
        self.net = mlp(sizes, activation=nn.SiLU, generator=generator)
        self._soften()

    def initialise(self, generator: torch.Generator) -> Denoiser:
        """Draw first values anew, in place: random features, an output of 0 whatever comes in."""
        initialise(self.net, generator)
        self._soften()
        return self

    def _soften(self) -> None:
        """A walk that begins with the first update must not be thrown about by random outputs."""
        first, last = self.net[0], self.net[-1]
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            first.weight.mul_(self.feature_gain)
            last.weight.zero_()
            last.bias.zero_()

    def check(self, x: Rows, generator: torch.Generator | None = None) -> None:
        """Refuse rows that this denoiser cannot have.

        Raises:
            ValueError: another shape, values that are not finite, or another device.
        """
        check_alike(
            Rows, {"data": x}, model=self, **({"generator": generator} if generator else {})
        )


@door
class GaussianDenoiser(Denoiser):
    """P_θ(X | X′ = x′) = N(x′ + f_θ(x′), diag(s²)), a correction and how sure it is of it.

    With `std` given, s is that number everywhere, and the mean of log P_θ is the slide's squared
    error up to constants. Left out, s is a second output of the net.

    Args:
        n_dims: columns of X.
        hidden: units of the hidden layers.
        std: s, in the units of X; None learns it.
        feature_gain: above 1 the net begins with finer features: a field with small detail is
            learned sooner, and what is far from the data is guessed less smoothly.
        generator: source of the weights. The denoiser lives on its device.

    Raises:
        ValueError: a std that is not above 0.

    Example:
        >>> denoiser = GaussianDenoiser(2, generator=torch.Generator().manual_seed(0))
        >>> denoiser(torch.zeros(5, 2)).mean.shape
        torch.Size([5, 2])
    """

    def __init__(
        self,
        n_dims: Count,
        hidden: Sequence[Count] = (32, 32),
        *,
        std: Positive | None = None,
        feature_gain: NonNegative = 1.0,
        generator: torch.Generator,
    ):
        if std is not None and not std > 0:
            raise ValueError(f"expected std > 0, or None to learn it, got {std}")
        self.std = std
        outputs = n_dims if std is not None else 2 * n_dims
        sizes = [n_dims, *hidden, outputs]
        super().__init__(n_dims, sizes, feature_gain=feature_gain, generator=generator)

    def forward(self, x_noisy: Rows) -> GaussianReconstruction:
        """P_θ(X | x′) for each row of x′ (batch, n_dims)."""
        outputs = self.net(x_noisy)
        mean = x_noisy + outputs[:, : self.n_dims]
        if self.std is not None:
            return GaussianReconstruction(mean, torch.full_like(mean, self.std))
        return GaussianReconstruction(mean, outputs[:, self.n_dims :].clamp(*LOG_STD_RANGE).exp())


@door
class BernoulliDenoiser(Denoiser):
    """P_θ(X | X′) with independent pixels, white with the probabilities that the net gives.

    Args:
        n_dims: pixels of an image.
        hidden: units of the hidden layers.
        generator: source of the weights. The denoiser lives on its device.
    """

    def __init__(
        self, n_dims: Count, hidden: Sequence[Count] = (128,), *, generator: torch.Generator
    ):
        super().__init__(n_dims, [n_dims, *hidden, n_dims], generator=generator)

    def forward(self, x_noisy: Annotated[Tensor, "n n_dims", In(0, 1)]) -> BernoulliReconstruction:
        """P_θ(X | x′) for each row of x′ (batch, n_dims)."""
        return BernoulliReconstruction(self.net(x_noisy))

    def check(
        self, x: Annotated[Tensor, "n n_dims", In(0, 1)], generator: torch.Generator | None = None
    ) -> None:
        """As for every denoiser; and pixels must lie in [0, 1]."""
        super().check(x, generator)
        if x.min() < 0 or x.max() > 1:
            raise ValueError(
                f"expected pixels in [0, 1], got values from {x.min():g} to {x.max():g}"
            )


@door
class LevelDenoiser(Denoiser):
    """One net for every noise level: P_θ(X | X′ = x′, σ) = N(m, s² I).

    m = c·x′ + √c·σ·f_θ(√c·x′/s_X, log σ) with c = s_X²/(s_X² + σ²), where s_X is the data's
    standard deviation. The first term alone is the optimal denoiser of Gaussian data, so the net
    only learns what is not Gaussian, and sees inputs and targets of size 1 at every level.

    Args:
        n_dims: columns of X.
        data_std: s_X, in the units of X.
        hidden: units of the hidden layers.
        generator: source of the weights. The denoiser lives on its device.

    Source: Karras, Aittala, Aila, Laine 2022, table 1 (preconditioning).
    """

    def __init__(
        self,
        n_dims: Count,
        data_std: Positive,
        hidden: Sequence[Count] = (64, 64),
        *,
        generator: torch.Generator,
    ):
        if not data_std > 0:
            raise ValueError(f"expected data_std > 0, got {data_std}")
        self.data_std = data_std
        super().__init__(n_dims, [n_dims + 1, *hidden, 2 * n_dims], generator=generator)

    def forward(
        self, x_noisy: Rows, sigma: Annotated[Tensor, "n 1 |", In(0, open="low")]
    ) -> GaussianReconstruction:
        """P_θ(X | x′, σ) for each row of x′ (batch, n_dims), with σ (batch, 1) or ()."""
        shrink = self.data_std**2 / (self.data_std**2 + sigma**2)
        size = shrink.sqrt() * sigma  # the standard deviation of X given X′, for Gaussian data
        level = sigma.log().expand(len(x_noisy), 1)
        outputs = self.net(torch.cat([shrink.sqrt() * x_noisy / self.data_std, level], dim=1))
        mean = shrink * x_noisy + size * outputs[:, : self.n_dims]
        return GaussianReconstruction(
            mean, size * outputs[:, self.n_dims :].clamp(*LOG_STD_RANGE).exp()
        )

    def at(self, sigma: Positive) -> Denoise:
        """The denoiser of one noise level."""
        if not sigma > 0:
            raise ValueError(f"expected σ > 0, got {sigma}")
        return lambda x_noisy: self(x_noisy, x_noisy.new_tensor(sigma))


@door
def exact_denoiser(
    density: GaussianMixture, sigma: Positive
) -> Callable[[Tensor], MixtureReconstruction]:
    """The true posterior P(X | X′) of data from a mixture of Gaussians, under noise σ.

    Given X′ = x′, component k has the weight w_k N(x′; μ_k, s_k² + σ²) up to a constant, and
    within it X ~ N((s_k² x′ + σ² μ_k)/(s_k² + σ²), s_k² σ²/(s_k² + σ²)). Its mean is x′ + σ² ∇log
    p_σ(x′), by Tweedie's formula.

    Raises:
        ValueError: σ not above 0.
    """
    if not sigma > 0:
        raise ValueError(f"expected σ > 0, got {sigma}")
    total = density.stds**2 + sigma**2  # (n_components,)
    shrink = (density.stds**2 / total)[:, None]
    log_prior = density.weights.log() - 0.5 * density.means.shape[1] * total.log()

    def denoise(x_noisy: Tensor) -> MixtureReconstruction:
        squares = (x_noisy[:, None] - density.means).square().sum(dim=2)  # (batch, n_components)
        weights = (log_prior - 0.5 * squares / total).softmax(dim=1)
        means = shrink * x_noisy[:, None] + (1 - shrink) * density.means
        return MixtureReconstruction(weights, means, sigma * shrink[:, 0].sqrt())

    return denoise
