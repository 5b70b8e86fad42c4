"""Small networks, built from a generator of random numbers: the same seed gives the same net.

`initialise` draws the first values of such a net anew, in place.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lecturekit.door import (
    FREE,
    NOT_EMPTY,
    Count,
    In,
    NonNegative,
    asked,
    came,
    door,
    refuse,
    taken,
)

Net = TypeVar("Net", bound=nn.Module)


@door
class Linear(nn.Linear):
    """nn.Linear that knows how it draws its first values; made by `linear`.

    Attributes:
        gain: of W.
    """

    gain = 1.0

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> Linear:
        """W ~ N(0, gain²/n_in) and b ~ U[−1, 1]/√n_in, in place."""
        scale = 1 / math.sqrt(self.in_features)
        nn.init.normal_(self.weight, std=self.gain * scale, generator=generator)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -scale, scale, generator=generator)
        return self


@door
class Convolution(nn.Conv2d):
    """nn.Conv2d that knows how it draws its first values; made by `convolution`.

    Attributes:
        gain: of W.
    """

    gain = 1.0

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> Convolution:
        """W ~ N(0, gain²/fan-in) and b = 0, in place."""
        fan_in = self.weight[0].numel()
        nn.init.normal_(self.weight, std=self.gain / math.sqrt(fan_in), generator=generator)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
        return self


class Patches(nn.PixelUnshuffle):
    """Squares of pixels as the channels of one place: (n, c, s·h, s·w) → (n, s²·c, h, w)."""

    def forward(self, images: Tensor) -> Tensor:
        """Cut the images up.

        Raises:
            ValueError: they are no images, or the squares do not divide their sides.
        """
        s = self.downscale_factor
        if images.ndim != 4 or images.shape[2] % s or images.shape[3] % s:
            wanted = f"of shape (n, n_channels, {s}·height, {s}·width)"
            refuse("images for this net", wanted, f"{tuple(images.shape)}")
        return super().forward(images)


NORMS = (nn.BatchNorm1d, nn.GroupNorm)  # scale 1, shift 0, and no averages yet: nothing is drawn


@door
def initialise(net: Annotated[Net, FREE], generator: torch.Generator) -> Net:
    """Draw the first values of a net anew, in place, as if it had just been made.

    Layers draw in their order in the net, so that the same seed gives the same net as a new one.

    Args:
        net: made of the layers of this file.
        generator: source of the parameters, on the device of the net.

    Returns:
        The net.

    Raises:
        ValueError: a layer whose first values nobody knows, such as torch's own nn.Linear; the net
            is untouched.

    Example:
        >>> net = mlp([2, 8, 1], generator=torch.Generator().manual_seed(0))
        >>> net = initialise(net, torch.Generator().manual_seed(1))
    """
    for name, layer in net.named_modules():
        known = isinstance(layer, (Linear, Convolution, *NORMS))
        if not known and list(layer.parameters(recurse=False)):
            raise ValueError(
                f"expected layers made by lecturekit.networks, got {type(layer).__name__} as "
                f"{name or 'the net'!r}, whose first values only its maker knows"
            )
    for layer in net.modules():
        if isinstance(layer, (Linear, Convolution)):
            layer.initialise(generator)
        elif isinstance(layer, NORMS):
            layer.reset_parameters()
    return net


@torch.no_grad()
def check_widths(name: str, net: nn.Module, n_in: int, n_out: int | None) -> None:
    """Refuse a net that does not take rows of `n_in` numbers, or does not give `n_out`.

    None is any number. It is asked about one row as in use, so that nothing that it averages moves.

    Raises:
        ValueError: says which net, what it would have to take and give.
    """
    like = next(net.parameters(), torch.empty(0))
    row = torch.zeros(1, n_in, dtype=like.dtype, device=like.device)
    as_in_use(name, net, row, 1, n_out)


@torch.no_grad()
def as_in_use(name: str, net: nn.Module, x: Tensor, *shape: int | None) -> Any:
    """What a net makes of `x` in use, so that nothing that it averages moves.

    Raises:
        ValueError: it does not take `x`, or gives another shape than this, if there is one.
    """
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        return asked(name, net, x, *shape) if shape else taken(name, net, x)
    finally:
        for module, mode in modes:
            module.training = mode


AVERAGE = 0.99  # the share of a running average that an update retains


def _follow(averages: Sequence[Tensor], values: Sequence[Tensor], n_averaged: Tensor | int) -> None:
    """Let averages follow values by one update; of a module, so that a model can be pickled."""
    get_ema_multi_avg_fn(AVERAGE)(averages, values, n_averaged)


@door
def running_average(net: Annotated[nn.Module, FREE]) -> AveragedModel:
    """The exponential moving average of a net's parameters over some 100 updates.

    average := 0.99·average + 0.01·net at each `update_parameters(net)`; the first is a copy. Two
    players circle around their equilibrium, and their averages sit nearer to it.

    Args:
        net: copied; it can be pickled with its average, where it can be without.

    Example:
        >>> net = mlp([2, 8, 1], generator=torch.Generator().manual_seed(0))
        >>> average = running_average(net)
        >>> average.update_parameters(net)
    """
    return AveragedModel(net, multi_avg_fn=_follow)


@door
def initialise_average(average: Annotated[AveragedModel, FREE], net: nn.Module) -> None:
    """Let a running average begin at the net as it is now, in place."""
    kept, values = average.module.state_dict(), net.state_dict()
    if {k: v.shape for k, v in kept.items()} != {k: v.shape for k, v in values.items()}:
        refuse("net", "to be of the layers that the average is of", came(net))
    average.module.load_state_dict(values)
    average.n_averaged.zero_()


@door
def linear(
    n_in: Count,
    n_out: Count,
    *,
    gain: NonNegative = 1.0,
    bias: bool = True,
    generator: torch.Generator,
) -> Linear:
    """An affine layer x ↦ xWᵀ + b with W ~ N(0, gain²/n_in) and b ~ U[−1, 1]/√n_in.

    Inputs of mean square 1 give outputs of variance gain², more or less. gain √2 keeps the size of
    what passes through a ReLU (He et al. 2015, section 2.2).

    Args:
        n_in, n_out: units on either side, ≥ 1.
        gain: ≥ 0.
        bias: whether there is b.
        generator: source of W and b. The layer lives on its device.

    Raises:
        ValueError: no units, or a negative gain.
    """
    if n_in < 1 or n_out < 1 or not 0 <= gain < math.inf:
        raise ValueError(f"expected n_in, n_out ≥ 1 and a gain ≥ 0, got {n_in}, {n_out}, {gain}")
    layer: Linear = nn.utils.skip_init(Linear, n_in, n_out, bias, device=generator.device)
    layer.gain = gain
    return layer.initialise(generator)


@door
def mlp(
    sizes: Annotated[Sequence[Count], NOT_EMPTY],
    *,
    activation: Callable[[], nn.Module] = nn.ReLU,
    output: Callable[[], nn.Module] | None = None,
    batch_norm: bool = False,
    generator: torch.Generator,
) -> nn.Sequential:
    """A chain of affine layers with an activation between each two: (n, sizes[0]) → (n, sizes[-1]).

    Args:
        sizes: units of the layers, from the input to the output.
        activation: makes the module after each hidden layer.
        output: makes the module after the last layer; None leaves the last layer affine.
        batch_norm: whether every hidden layer is normalised over the batch before its activation.
            Its affine part then has no bias, which the normalisation would take away again.
        generator: source of the parameters. The net lives on its device.

    Example:
        >>> net = mlp([2, 64, 1], generator=torch.Generator().manual_seed(0))
        >>> net(torch.zeros(5, 2)).shape
        torch.Size([5, 1])

    Raises:
        ValueError: fewer than two layers, or a layer without units.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"expected at least two sizes, each ≥ 1, got {list(sizes)}")
    _check_makes_a_module("activation", activation)
    if output is not None:
        _check_makes_a_module("output", output)
    layers: list[nn.Module] = []
    *hidden, (n_last, n_out) = itertools.pairwise(sizes)
    for n_in, n_units in hidden:
        layers.append(
            linear(n_in, n_units, gain=math.sqrt(2), bias=not batch_norm, generator=generator)
        )
        if batch_norm:
            layers.append(nn.BatchNorm1d(n_units, device=generator.device))
        layers.append(activation())
    layers.append(linear(n_last, n_out, generator=generator))
    if output is not None:
        layers.append(output())
    return nn.Sequential(*layers)


def _check_makes_a_module(name: str, maker: Callable[[], nn.Module]) -> None:
    """Refuse what makes none, before anything is drawn."""
    wanted = "to be a function that makes a module, such as nn.ReLU"
    if isinstance(maker, nn.Module):
        refuse(name, wanted, f"a module; pass its class: nn.{type(maker).__name__}")
    try:
        made = maker()
    except TypeError as error:
        refuse(name, wanted, f"one that fails: {error}")
    if not isinstance(made, nn.Module):
        refuse(name, wanted, f"{came(made)} from it")


# -------------------------------------------------------------------------------------- images


@door
def convolution(
    n_in: Count,
    n_out: Count,
    size: Count,
    *,
    stride: Count = 1,
    gain: NonNegative = 1.0,
    bias: bool = True,
    generator: torch.Generator,
) -> Convolution:
    """A convolution with W ~ N(0, gain²/fan-in) and b = 0, which keeps height and width / stride.

    Args:
        n_in, n_out: channels on either side, ≥ 1.
        size: of the kernel, along each edge; with a stride of 1, an odd one.
        stride: ≥ 1.
        gain: ≥ 0.
        bias: whether there is b.
        generator: source of W. The layer lives on its device.

    Raises:
        ValueError: no channels, a size or stride below 1, or a negative gain.
    """
    if stride == 1 and size % 2 == 0:
        refuse("size", "odd, so that height and width are kept", f"{size} with a stride of 1")
    if size < stride - 1:
        refuse("size", f"≥ {stride - 1}, as a stride of {stride} needs", f"{size}")
    padding = (size - stride + 1) // 2
    layer: Convolution = nn.utils.skip_init(
        Convolution, n_in, n_out, size, stride, padding, bias=bias, device=generator.device
    )
    layer.gain = gain
    return layer.initialise(generator)


@door
def normalised_convolution(
    n_in: Count,
    n_out: Count,
    size: Count = 3,
    *,
    stride: Count = 1,
    gain: NonNegative = 1.0,
    activation: Callable[[], nn.Module] | None = nn.ReLU,
    generator: torch.Generator,
) -> nn.Sequential:
    """Convolution, instance norm with its own scale and shift, activation."""
    if activation is not None:
        _check_makes_a_module("activation", activation)
    layers: list[nn.Module] = [
        convolution(n_in, n_out, size, stride=stride, gain=gain, bias=False, generator=generator),
        nn.GroupNorm(
            n_out, n_out, device=generator.device
        ),  # InstanceNorm2d does it in thrice the time
    ]
    if activation is not None:
        layers.append(activation())
    return nn.Sequential(*layers)


@door
class ResidualBlock(nn.Module):
    """x ↦ x + f(x), f two normalised convolutions (He et al. 2015b, figure 2).

    Args:
        n_channels: of x and of the result.
        generator: source of the parameters.
    """

    def __init__(self, n_channels: Count, *, generator: torch.Generator) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.change = nn.Sequential(
            normalised_convolution(n_channels, n_channels, generator=generator),
            normalised_convolution(n_channels, n_channels, activation=None, generator=generator),
        )

    def forward(self, x: Annotated[Tensor, "n n_channels height width"]) -> Tensor:
        """(n, n_channels, height, width), unchanged in shape."""
        return x + self.change(x)


SMALL_GAIN = 0.5  # behind small weights Adam's steps weigh more: a discriminator has to learn fast


@door
class PatchDiscriminator(nn.Module):
    """One score per overlapping patch of an image, in place of one for the whole (Isola 2017).

    Each score sees a patch of 18 × 18 pixels (kernels of 4, 4 and 3 with strides of 2, 2 and 1);
    patches are four pixels apart. So every image gives many judgements to learn from, and texture
    is judged wherever it is.

    Args:
        n_channels: of the images.
        width: channels after the first convolution; the later ones have twice as many.
        generator: source of the parameters.
    """

    def __init__(self, n_channels: Count, width: Count = 24, *, generator: torch.Generator) -> None:
        super().__init__()
        self.n_channels = n_channels
        leaky = functools.partial(nn.LeakyReLU, 0.2)
        plain = functools.partial(convolution, gain=SMALL_GAIN, generator=generator)
        normalised = functools.partial(
            normalised_convolution, gain=SMALL_GAIN, activation=leaky, generator=generator
        )
        self.layers = nn.Sequential(
            plain(n_channels, width, 4, stride=2),
            leaky(),
            normalised(width, 2 * width, 4, stride=2),
            normalised(2 * width, 2 * width, 3),
            plain(2 * width, 1, 1),
        )

    def forward(
        self, images: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]
    ) -> Tensor:
        """Scores, not squashed: (n, n_channels, height, width) → (n, height / 4, width / 4)."""
        scores: Tensor = self.layers(2 * images - 1).squeeze(1)
        return scores
