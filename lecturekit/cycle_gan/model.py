"""The two generators, the two discriminators, and the running average of the generators."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import torch
from torch import Tensor, nn

from lecturekit.door import Count, In, door, refuse
from lecturekit.networks import (
    PatchDiscriminator,
    Patches,
    ResidualBlock,
    convolution,
    initialise,
    initialise_average,
    mlp,
    normalised_convolution,
    running_average,
)

Skip = Literal["gate", "add", "none"]


@door
class CycleGAN(nn.Module):
    """G: X → Y and F: Y → X, with a discriminator for each domain (Zhu et al. 2017, figure 3).

    Two players circle around their equilibrium; the running average of the generators' parameters
    sits nearer to it than any single update, so that is what translates.

    Attributes:
        G, F: the generators; any modules that map a batch of one domain to a batch of the other.
        D_X, D_Y: the discriminators; they map a batch to scores, one or more for each row.
        averaged_G, averaged_F: their exponential moving averages, over some 100 updates.
    """

    n_channels: int  # of images
    n_dims: int  # of points

    def __init__(self, G: nn.Module, F: nn.Module, D_X: nn.Module, D_Y: nn.Module) -> None:
        super().__init__()
        if len({id(net) for net in (G, F, D_X, D_Y)}) < 4:
            refuse("G, F, D_X and D_Y", "to be four nets", "the same one twice")
        self.G, self.F, self.D_X, self.D_Y = G, F, D_X, D_Y
        self.averaged_G, self.averaged_F = running_average(G), running_average(F)

    def initialise(self, generator: torch.Generator) -> CycleGAN:
        """Draw first values of all four nets anew, in place; the averages begin at G and F.

        Raises:
            ValueError: a net has layers that are not of `lecturekit.networks`.
        """
        for net in (self.G, self.F, self.D_X, self.D_Y):
            initialise(net, generator)
        initialise_average(self.averaged_G, self.G)
        initialise_average(self.averaged_F, self.F)
        return self

    @property
    def generators(self) -> nn.ModuleDict:
        """G and F."""
        return nn.ModuleDict({"G": self.G, "F": self.F})

    @property
    def discriminators(self) -> nn.ModuleDict:
        """D_X and D_Y."""
        return nn.ModuleDict({"D_X": self.D_X, "D_Y": self.D_Y})

    def update_average(self) -> None:
        """Let the averages follow the generators by one update."""
        self.averaged_G.update_parameters(self.G)
        self.averaged_F.update_parameters(self.F)

    @torch.no_grad()
    def to_y(self, x: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"]) -> Tensor:
        """Translate a batch of X by the averaged G."""
        translated: Tensor = self.averaged_G(x)
        return translated

    @torch.no_grad()
    def to_x(self, y: Annotated[Tensor, "n n_dims | n n_channels 4·height 4·width"]) -> Tensor:
        """Translate a batch of Y by the averaged F."""
        translated: Tensor = self.averaged_F(y)
        return translated


@door
class Translator(nn.Module):
    """From image to image of the same size, at half its resolution inside, or less.

    What the domains share need not be painted anew, so the input is led past the layers (`skip`):

    "gate": x + g·(c − x), with a colour c and a gate g in (0, 1) for every pixel. Where the gate is
    shut a pixel stays as it is; fit for domains that differ in places.
    "add": x + d, cut to [0, 1], with a difference d in (−1, 1); fit for domains that differ
    everywhere.
    "none": c.

    Args:
        n_channels: of the images.
        width: channels inside.
        n_blocks: residual blocks; each sees two places, of `patch` pixels, farther to every side.
        skip: as above.
        patch: edge of the square of pixels that has one place inside; it divides height and width.
            What repeats every `patch` pixels, such as strokes, a net can draw in every place alike.
        generator: source of the parameters.

    Raises:
        ValueError: another skip.
    """

    def __init__(
        self,
        n_channels: Count,
        width: Count = 48,
        n_blocks: Count = 2,
        *,
        skip: Skip = "gate",
        patch: Count = 2,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.n_channels = n_channels
        if skip not in get_args(Skip):
            raise ValueError(f"expected a skip among {', '.join(get_args(Skip))}, got {skip!r}")
        self.skip = skip
        square = patch**2  # pixels to a place inside, each with a colour and a gate
        self.layers = nn.Sequential(
            Patches(patch),  # (n, square·channels, height / patch, width / patch): nothing is lost
            normalised_convolution(square * n_channels, width, generator=generator),
            *(ResidualBlock(width, generator=generator) for _ in range(n_blocks)),
            convolution(width, square * (n_channels + 1), 3, gain=0.5, generator=generator),
            nn.PixelShuffle(patch),
        )

    def forward(self, x: Annotated[Tensor, "n n_channels height width", In(0, 1)]) -> Tensor:
        """(n, n_channels, height, width) in [0, 1], divided by `patch`; the same shape."""
        output = self.layers(2 * x - 1)
        painted, gate = output[:, :-1], torch.sigmoid(output[:, -1:] - 1)  # a little shut at first
        if self.skip == "add":
            return (x + torch.tanh(painted)).clamp(0, 1)
        colour = torch.sigmoid(painted)
        return x + gate * (colour - x) if self.skip == "gate" else colour


@door
def for_images(
    n_channels: Count,
    *,
    width: Count = 48,
    back_width: Count | None = None,
    n_blocks: Count = 2,
    discriminator_width: Count = 24,
    skip: Skip = "gate",
    patch: Count = 2,
    generator: torch.Generator,
) -> CycleGAN:
    """A CycleGAN for images, on the device of `generator`.

    Args:
        n_channels: 1 for grey, 3 for colour.
        width, n_blocks, skip, patch: of the generators, as in `Translator`.
        back_width: of F, where that has less to learn than G; the same as G's if None.
        discriminator_width: as in `PatchDiscriminator`.
        generator: source of the parameters.

    Raises:
        ValueError: sizes below 1, or another skip.
    """
    widths = width, width if back_width is None else back_width
    G, F = (
        Translator(n_channels, each, n_blocks, skip=skip, patch=patch, generator=generator)
        for each in widths
    )
    D_X, D_Y = (
        PatchDiscriminator(n_channels, discriminator_width, generator=generator) for _ in "XY"
    )
    model = CycleGAN(G, F, D_X, D_Y).to(generator.device)
    model.n_channels = n_channels
    return model


@door
def for_points(n_dims: Count = 2, *, n_hidden: Count = 64, generator: torch.Generator) -> CycleGAN:
    """A CycleGAN for clouds of points, all four nets with two hidden layers.

    Raises:
        ValueError: sizes below 1.
    """
    G, F = (mlp([n_dims, n_hidden, n_hidden, n_dims], generator=generator) for _ in "GF")
    D_X, D_Y = (mlp([n_dims, n_hidden, n_hidden, 1], generator=generator) for _ in "XY")
    model = CycleGAN(G, F, D_X, D_Y).to(generator.device)
    model.n_dims = n_dims
    return model
