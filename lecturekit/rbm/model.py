"""The restricted Boltzmann machine: its energy, its conditionals, and the gradient of its energy.

Notation as on the slides: v visible and h hidden units in {0, 1}, θ = (W, b, c),
E(v, h) = −vᵀWh − b·v − c·h and P(v, h) = exp(−E(v, h)) / Z.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from lecturekit.door import FREE, AnyGenerator, AnyNumber, Count, In, NonNegative, door, refuse
from lecturekit.rbm.products import product


@door
@dataclass(slots=True, eq=False)
class Theta:
    """θ = (W, b, c), or a direction in its space: a gradient, the fast weights.

    Sums, differences and multiples are taken term by term, so that an update reads as on the
    slide: `fast = decay * fast + rate * gradient`.

    Attributes:
        W: (n_visible, n_hidden).
        b: (n_visible,), of the visible units.
        c: (n_hidden,), of the hidden units.
    """

    W: Annotated[Tensor, "n_visible n_hidden", FREE]
    b: Annotated[Tensor, "n_visible", FREE]
    c: Annotated[Tensor, "n_hidden", FREE]

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.W, self.b, self.c))

    def __add__(self, other: Theta) -> Theta:
        _refuse_unlike("other", other, self)
        return Theta(self.W + other.W, self.b + other.b, self.c + other.c)

    def __sub__(self, other: Theta) -> Theta:
        _refuse_unlike("other", other, self)
        return Theta(self.W - other.W, self.b - other.b, self.c - other.c)

    def __mul__(self, factor: AnyNumber) -> Theta:
        return Theta(factor * self.W, factor * self.b, factor * self.c)

    __rmul__ = __mul__

    def __neg__(self) -> Theta:
        return -1.0 * self

    def clone(self) -> Theta:
        return Theta(*(term.clone() for term in self))


def _refuse_unlike(name: str, theta: Theta, own: Theta) -> None:
    """Refuse terms of another model's sizes, which would be spread over our own."""
    for term, theirs, ours in zip("Wbc", theta, own, strict=True):
        if theirs.shape != ours.shape:
            refuse(f"{name}.{term}", f"of shape {tuple(ours.shape)}", f"{tuple(theirs.shape)}")


class State(NamedTuple):
    """A batch of states X = (v, h) whose hidden units are averaged out: h is P(h = 1 | v).

    Averaging leaves the expected gradient as it is and takes away the noise of sampling h
    (Rao-Blackwell): −E[∂E(v, h)/∂θ | v] is exactly −∂F(v)/∂θ.

    Attributes:
        visible: (batch, n_visible), in {0, 1}; in [0, 1] for mean-field CD.
        hidden: (batch, n_hidden), P(h = 1 | v) in [0, 1].
    """

    visible: Tensor
    hidden: Tensor


@door
class RBM(nn.Module):
    """A restricted Boltzmann machine of binary units, E(v, h) = −vᵀWh − b·v − c·h.

    Everything but sampling is differentiable in θ and in its arguments.

    Attributes:
        n_classes: how many of the last visible units are a softmax group; 0, but for `ClassRBM`.

    Example:
        >>> model = RBM(784, 500, generator=torch.Generator().manual_seed(0))
        >>> model.free_energy(torch.zeros(3, 784)).shape
        torch.Size([3])

    Raises:
        ValueError: fewer than one unit in a layer, or a scale that is negative.
    """

    n_classes = 0

    def __init__(
        self,
        n_visible: Count,
        n_hidden: Count,
        *,
        weight_scale: NonNegative = 0.01,
        bias_scale: NonNegative = 0.0,
        generator: AnyGenerator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ):
        super().__init__()
        if n_visible < 1 or n_hidden < 1:
            raise ValueError(f"expected at least one unit in a layer, got {n_visible}×{n_hidden}")
        for name, scale in (("weight_scale", weight_scale), ("bias_scale", bias_scale)):
            if not scale >= 0:
                raise ValueError(f"expected {name} ≥ 0, got {scale}")
        self.n_visible, self.n_hidden = n_visible, n_hidden
        self.weight_scale, self.bias_scale = weight_scale, bias_scale
        self.W = nn.Parameter(torch.empty(n_visible, n_hidden, device=device, dtype=dtype))
        self.b = nn.Parameter(torch.empty(n_visible, device=device, dtype=dtype))
        self.c = nn.Parameter(torch.empty(n_hidden, device=device, dtype=dtype))
        self.initialise(generator or torch.Generator().manual_seed(0))

    @torch.no_grad()
    def initialise(
        self,
        generator: AnyGenerator,
        data: Annotated[Tensor, "n n_visible", In(0, 1)] | None = None,
    ) -> RBM:
        """Start anew, in place: W ~ N(0, weight_scale²), b and c ~ N(0, bias_scale²).

        With data, b are its log-odds instead.

        With b_i = log(p_i / (1 − p_i)) the model starts at the best model without hidden units
        (Hinton 2012, A practical guide to training RBMs, section 8.1). p_i is the share of ones
        with half a one and half a zero added, which keeps b finite.

        Args:
            generator: source of θ, on any device.
            data: (n, n_visible), or None.
        """
        scales = self.weight_scale, self.bias_scale, self.bias_scale
        for term, scale in zip(self.theta, scales, strict=True):
            term.zero_()
            if scale > 0:  # with biases of zero nothing is drawn for them
                start = torch.randn(term.shape, generator=generator, device=generator.device)
                term.copy_(scale * start)
        if data is not None:
            self.b.copy_(log_odds(self._rows(data, "data")))
        return self

    @property
    def theta(self) -> Theta:
        """(W, b, c) themselves, outside autograd: what is written into them changes the model."""
        return Theta(self.W.detach(), self.b.detach(), self.c.detach())

    # ---------------------------------------------------------------------------- energies

    def energy(
        self,
        v: Annotated[Tensor, "n n_visible", In(0, 1)],
        h: Annotated[Tensor, "n n_hidden", In(0, 1)],
    ) -> Tensor:
        """E(v, h) = −vᵀWh − b·v − c·h, in nats.

        v is (batch, n_visible), h (batch, n_hidden), the result (batch,).
        """
        v, h = self._rows(v, "v"), self._rows(h, "h", hidden=True)
        return -((v @ self.W) * h).sum(1) - v @ self.b - h @ self.c

    def free_energy(self, v: Annotated[Tensor, "n n_visible", In(0, 1)]) -> Tensor:
        """F(v) = −log Σ_h exp(−E(v, h)) = −b·v − Σ_j softplus(c_j + (vᵀW)_j).

        v is (batch, n_visible), the result (batch,), in nats. P(v) = exp(−F(v)) / Z.
        """
        v = self._rows(v, "v")
        return -(v @ self.b) - softplus(torch.addmm(self.c, v, self.W)).sum(1)

    # ------------------------------------------------------------------------ conditionals

    def hidden_probabilities(self, v: Annotated[Tensor, "n n_visible", In(0, 1)]) -> Tensor:
        """P(h_j = 1 | v) = sigmoid(c_j + (vᵀW)_j): (batch, n_visible) -> (batch, n_hidden)."""
        return hidden_probabilities(Theta(self.W, self.b, self.c), self._rows(v, "v"))

    def visible_probabilities(self, h: Annotated[Tensor, "n n_hidden", In(0, 1)]) -> Tensor:
        """P(v_i = 1 | h) = sigmoid(b_i + (Wh)_i): (batch, n_hidden) -> (batch, n_visible)."""
        theta = Theta(self.W, self.b, self.c)
        return visible_probabilities(theta, self._rows(h, "h", hidden=True), self.n_classes)

    def sample_hidden(
        self, v: Annotated[Tensor, "n n_visible", In(0, 1)], *, generator: torch.Generator
    ) -> Tensor:
        """h ~ P(h | v): (batch, n_visible) -> (batch, n_hidden) in {0, 1}."""
        return sample(self.hidden_probabilities(v), generator=generator)

    def sample_visible(
        self, h: Annotated[Tensor, "n n_hidden", In(0, 1)], *, generator: torch.Generator
    ) -> Tensor:
        """v ~ P(v | h): (batch, n_hidden) -> (batch, n_visible) in {0, 1}."""
        return sample_visible(self.visible_probabilities(h), self.n_classes, generator=generator)

    # ----------------------------------------------------------------------------- learning

    def clamp(self, v: Annotated[Tensor, "n n_visible", In(0, 1)]) -> State:
        """X = (v, P(h | v)), outside autograd: visible units clamped to v, hidden averaged out."""
        return clamp(self.theta, self._rows(v, "v"))

    def ascend(
        self, gradient: Theta, learning_rate: float, *, weight_decay: NonNegative = 0.0
    ) -> None:
        """θ := θ + α·(g − λ·(W, 0, 0)) for the gradient g, rate α and weight decay λ, in place."""
        W, b, c = self.theta
        _refuse_unlike("gradient", gradient, self.theta)
        if weight_decay:
            W.mul_(1 - learning_rate * weight_decay)
        W.add_(gradient.W.detach(), alpha=learning_rate)
        b.add_(gradient.b.detach(), alpha=learning_rate)
        c.add_(gradient.c.detach(), alpha=learning_rate)

    def lowered(self, dtype: torch.dtype) -> RBM:
        """A working copy whose matrix products run in `dtype`; it shares b and c with this one."""
        copied = copy.deepcopy(self)
        copied.W = nn.Parameter(self.W.detach().to(dtype))
        copied.b, copied.c = self.b, self.c
        return copied

    def extra_repr(self) -> str:
        return f"n_visible={self.n_visible}, n_hidden={self.n_hidden}"

    def _rows(self, x: Tensor, name: str, *, hidden: bool = False) -> Tensor:
        units = self.n_hidden if hidden else self.n_visible
        if x.dim() != 2 or x.shape[1] != units:
            raise ValueError(f"expected {name} of shape (batch, {units}), got {tuple(x.shape)}")
        return x


def hidden_probabilities(theta: Theta, v: Tensor) -> Tensor:
    return affine(theta.c, v, theta.W).sigmoid_()


def visible_probabilities(theta: Theta, h: Tensor, n_classes: int = 0) -> Tensor:
    return switched_on(affine(theta.b, h, theta.W.t()), n_classes)


def switched_on(field: Tensor, n_classes: int = 0) -> Tensor:
    """P(v = 1) in a field, which is used up: the last `n_classes` units are a softmax group."""
    if not n_classes:
        return field.sigmoid_()
    binary, group = field.split([field.shape[1] - n_classes, n_classes], 1)
    return torch.cat([binary.sigmoid(), group.softmax(1)], 1)


def affine(bias: Tensor, x: Tensor, W: Tensor) -> Tensor:
    """bias + x W; the product in the precision of W, the rest in that of x."""
    if W.dtype == x.dtype:
        return product(x, W, bias)
    return torch.mm(x.to(W.dtype), W).to(x.dtype).add_(bias)


def clamp(theta: Theta, v: Tensor) -> State:
    return State(v, hidden_probabilities(theta, v))


@door
def energy_gradient(state: State) -> Theta:
    """∇_θ E(X), averaged over a batch of states X = (v, h).

    ∂E/∂W = −v hᵀ, ∂E/∂b = −v, ∂E/∂c = −h. The log-likelihood is ascended along
    `energy_gradient(particles) - energy_gradient(data)`, the bracket on the slides.
    """
    v, h = state
    if not (v.ndim == h.ndim == 2 and 0 < len(v) == len(h)):
        got = f"{tuple(v.shape)} and {tuple(h.shape)}"
        refuse("state", "of shapes (n, n_visible) and (n, n_hidden), n ≥ 1", got)
    return Theta(-(v.t() @ h) / len(v), -v.mean(0), -h.mean(0))


@door
def log_odds(data: Annotated[Tensor, "n n_units", In(0, 1)]) -> Tensor:
    """log(p / (1 − p)) of each column's share p of ones, half a one and half a zero added.

    data is (n, units), the result (units,), finite for every data.
    """
    ones = data.sum(0)
    return torch.log((ones + 0.5) / (len(data) - ones + 0.5))


@door
def sample(probabilities: Annotated[Tensor, In(0, 1)], *, generator: torch.Generator) -> Tensor:
    """Independent draws from {0, 1}, each 1 with its probability; the shape stays."""
    u = _uniform(probabilities, generator)
    return torch.lt(u, probabilities, out=u)


def sample_visible(
    probabilities: Tensor, n_classes: int = 0, *, generator: torch.Generator
) -> Tensor:
    """A draw of the visible layer: binary units, then one of `n_classes` units of a group."""
    v = sample(probabilities, generator=generator)
    if n_classes:
        group = v[:, -n_classes:].zero_()
        # of NaN, where training diverges, any: as a binary unit is 0, so that the guard can tell
        of_class = probabilities[:, -n_classes:].nan_to_num(1.0)
        label = torch.multinomial(of_class, 1, generator=generator)
        group.scatter_(1, label, 1.0)
    return v


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform numbers on the grid k/2²⁴ in [0, 1), as many as `like` has entries.

    Drawing them is a tenth of the work of an update on a CPU, whose Mersenne Twister hands out 32
    bits at a time. So for large layers 16 bits are drawn for each number, and 8 lower ones that
    all share. Each number is then as fine as one of `torch.rand`, hence every probability as
    exact; two draws made from them have a covariance of at most 2⁻³⁴ in return.
    """
    if like.device.type != "cpu" or like.numel() < 4096:
        return torch.empty_like(like).uniform_(generator=generator)
    n = like.numel()
    words = torch.empty(n // 4 + 1, dtype=torch.int64).random_(-(2**63), None, generator=generator)
    bits = words.view(torch.int16)  # from −2¹⁵ to 2¹⁵ − 1, at least one more than is needed
    shared = (int(bits[n]) & 255) / 2**24
    u = bits[:n].view(like.shape).to(like.dtype)
    return torch.add(u.new_tensor(0.5 + shared), u, alpha=2**-16, out=u)
