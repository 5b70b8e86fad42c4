"""An energy computed by a deep network, and what follows from it without its partition function."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from lecturekit.door import Count, Positive, Rows, came, door, refuse, taken
from lecturekit.networks import check_widths, initialise, linear


@door
class DeepEnergy(nn.Module):
    """E(x) = xᵀx/σ² − bᵀx − Σᵢ softplus(Wᵢᵀ f(x) + cᵢ), with P(x) = exp(−E(x)) / Z.

    f is any network. Each summand is an expert that lowers the energy where its feature is
    present, as a hidden unit of an RBM does. The first term keeps Z finite: it grows as the square
    of x, while f and so the experts of a network with rectifiers grow no faster than x itself.
    Kim & Bengio 2016, equation 5; c is their bᵢ.

    Attributes:
        features: f, (n, n_dims) → (n, n_features). One that wants images begins with nn.Unflatten.
        experts: W and c, the affine layer behind f.
        b: (n_dims,), like the visible bias of an RBM.
        sigma: σ, in the units of x. Without experts P is N(σ²b/2, σ²/2 I).

    Example:
        >>> source = torch.Generator().manual_seed(0)
        >>> energy = DeepEnergy(nn.Identity(), 2, 2, n_experts=4, generator=source)
        >>> energy(torch.zeros(5, 2)).shape
        torch.Size([5])
    """

    def __init__(
        self,
        features: nn.Module,
        n_dims: Count,
        n_features: Count,
        n_experts: Count,
        *,
        sigma: Positive = 1.0,
        generator: torch.Generator,
    ):
        """Take the device from `generator`, which also gives W and c their first values.

        Args:
            features: f, initialised already.
            n_dims: entries of a point x.
            n_features: entries of f(x).
            n_experts: summands.
            sigma: above 0.
            generator: source of W and c.

        Raises:
            ValueError: a size below 1, or σ that is not above 0.
        """
        super().__init__()
        if min(n_dims, n_features, n_experts) < 1 or not 0 < sigma < math.inf:
            raise ValueError(
                "expected n_dims, n_features, n_experts ≥ 1 and sigma > 0, "
                f"got {n_dims}, {n_features}, {n_experts}, {sigma}"
            )
        check_widths("features", features.to(generator.device), n_dims, n_features)
        self.n_dims, self.sigma = n_dims, sigma
        self.features = features
        self.experts = linear(n_features, n_experts, generator=generator)
        self.b = nn.Parameter(torch.zeros(n_dims, device=generator.device))

    def initialise(self, generator: torch.Generator) -> DeepEnergy:
        """Draw f, W and c anew, and set b to 0, in place.

        Raises:
            ValueError: f has layers that are not of `lecturekit.networks`.
        """
        initialise(self.features, generator)
        initialise(self.experts, generator)
        nn.init.zeros_(self.b)
        return self

    def forward(self, x: Rows) -> Tensor:
        """E(x), in nats up to a constant: (n, n_dims) → (n,).

        Raises:
            ValueError: x of another shape.
        """
        if x.ndim != 2 or x.shape[1] != self.n_dims:
            raise ValueError(f"expected x of shape (n, {self.n_dims}), got {tuple(x.shape)}")
        quadratic = x.square().sum(dim=1) / self.sigma**2 - x @ self.b  # (n,)
        return quadratic - softplus(self.experts(self.features(x))).sum(dim=1)


def numbers_of(name: str, function: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """One number for each point, if that is what a function, or a net, gives.

    Raises:
        ValueError: it gives anything else.
    """
    wanted = "to return one number for each point"
    if isinstance(function, nn.Module) and type(function).forward is nn.Module.forward:
        refuse(name, wanted, f"{came(function)}, which cannot be called")
    values = taken(name, function, points)
    if not isinstance(values, Tensor) or values.shape != points.shape[:1]:
        refuse(name, wanted, f"{came(values)} for {len(points)} points")
    return values


def _with_a_slope(energy: nn.Module, x: Tensor) -> Tensor:
    values = numbers_of("energy", energy, x)
    if not values.requires_grad:
        refuse("energy", "to depend on the points", "one that has no slope there")
    return values


@door
def energy_and_slope(energy: nn.Module, x: Rows) -> tuple[Tensor, Tensor]:
    """E(x) and ∇ₓE(x) from one pass: (n, n_dims) → (n,) and (n, n_dims), differentiable in θ."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        values = _with_a_slope(energy, x)
        (slope,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    return values, slope


@door
def score(energy: nn.Module, x: Rows) -> Tensor:
    """∇ₓ log P(x) = −∇ₓE(x): (n, n_dims) → (n, n_dims), outside autograd. Z plays no part in it.

    It points to where the energy is lower: the way that a generated sample is pushed, and the
    drift of a Langevin sampler.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(_with_a_slope(energy, x).sum(), x)
    return -slope


@door
def steepness(slope: Rows) -> Tensor:
    """The mean of ‖∇ₓE(x)‖² over the rows of a slope (n, n_dims): a scalar.

    As a penalty on data it keeps the energy from becoming infinitely steep there. For P_θ equal
    to the data's density it is the Fisher information, so a small weight costs little (Mescheder
    et al. 2018 use it for GANs, as R₁).
    """
    return slope.square().sum(dim=1).mean()
