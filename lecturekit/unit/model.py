"""Two encoders, two generators with really shared layers, two discriminators."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from lecturekit.door import Count, In, Natural, door
from lecturekit.networks import (
    PatchDiscriminator,
    Patches,
    ResidualBlock,
    convolution,
    initialise,
    initialise_average,
    running_average,
)


@door
class Encoder(nn.Module):
    """E: image → mean of q(z | x) = N(E(x), 1), first through its own layers, then shared ones.

    Attributes:
        own: what only this domain has, from the image's side.
        shared: towards the latent code; the other domain's encoder may hold the same object.
    """

    def __init__(self, own: nn.Module, shared: nn.Module) -> None:
        super().__init__()
        self.own, self.shared = own, shared

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, height, width) in [0, 1] → (n, n_latent, height / p, width / p)."""
        mean: Tensor = self.shared(self.features(x))
        return mean

    def features(self, x: Tensor) -> Tensor:
        """What its own layers make of images, for the shared ones."""
        features: Tensor = self.own(2 * x - 1)
        return features


@door
class Generator(nn.Module):
    """G: latent code → image, first through shared layers, then through its own.

    Attributes:
        shared: from the latent code; the other domain's generator may hold the same object.
        own: towards the image.
    """

    def __init__(self, shared: nn.Module, own: nn.Module) -> None:
        super().__init__()
        self.shared, self.own = shared, own

    def forward(self, z: Tensor) -> Tensor:
        """(n, n_latent, height / p, width / p) → (n, channels, height, width) in [0, 1]."""
        return self.image(self.shared(z))

    def image(self, features: Tensor) -> Tensor:
        """What its own layers make of that which the shared ones have made."""
        return torch.sigmoid(self.own(features))


class Nets(NamedTuple):
    """The six nets of the slide's diagram, as any two domains of a family have them."""

    E1: Encoder
    E2: Encoder
    G1: Generator
    G2: Generator
    D1: nn.Module
    D2: nn.Module


class Pair(NamedTuple):
    """Something of domain 1 and of domain 2, such as the images that one code has in both.

    Attributes:
        x1, x2: (n, channels, height, width).
    """

    x1: Tensor
    x2: Tensor


def encoded(nets: Sequence[UNIT | Nets], images: Sequence[Pair]) -> list[Pair]:
    """E1(x1) and E2(x2) for several pairs of domains, each with images of its own."""
    encoders = [E for each in nets for E in (each.E1, each.E2)]
    features = [E.features(x) for E, x in zip(encoders, chain(*images), strict=True)]
    return _pairs(_through_shared(encoders, features))


def decoded(nets: Sequence[UNIT | Nets], codes: Sequence[Pair]) -> list[Pair]:
    """G1(z1) and G2(z2) for several pairs of domains, each with codes of its own."""
    generators = [G for each in nets for G in (each.G1, each.G2)]
    features = _through_shared(generators, list(chain(*codes)))
    return _pairs([G.image(each) for G, each in zip(generators, features, strict=True)])


def _through_shared(
    nets: Sequence[Encoder | Generator], batches: Sequence[Tensor]
) -> Sequence[Tensor]:
    """What its shared layers make of each net's batch.

    Layers that all nets share are gone through once, by every batch that is not there already: one
    pass of many rows takes less time than many passes of few.
    """
    layers = nets[0].shared
    if any(net.shared is not layers for net in nets):
        return [net.shared(batch) for net, batch in zip(nets, batches, strict=True)]
    rows = {id(batch): batch for batch in batches}
    made = layers(torch.cat(list(rows.values()))).split([len(each) for each in rows.values()])
    features = dict(zip(rows, made, strict=True))
    return [features[id(batch)] for batch in batches]


def _pairs(tensors: Sequence[Tensor]) -> list[Pair]:
    return [Pair(*each) for each in zip(tensors[::2], tensors[1::2], strict=True)]


@door
class UNIT(nn.Module):
    """Two variational autoencoders that share their latent space (Liu et al. 2017, figure 1).

    A translation is the encoder of one domain followed by the generator of the other. As the two
    players circle around their equilibrium, translations use running averages of all parameters.

    Attributes:
        E1, E2: encoders.
        G1, G2: generators.
        D1, D2: discriminators; they map a batch of images to scores, several for each image.
        averaged: exponential moving averages of the encoders and generators.
        alike: whether `initialise` gives layers that are not shared the same numbers in both
            domains, as in `for_images`.
    """

    n_channels: int  # of images
    n_latent: int  # numbers at each place of a code

    def __init__(
        self,
        encoders: tuple[Encoder, Encoder],
        generators: tuple[Generator, Generator],
        discriminators: tuple[nn.Module, nn.Module],
        *,
        alike: bool = True,
    ) -> None:
        super().__init__()
        self.alike = alike
        (self.E1, self.E2), (self.G1, self.G2) = encoders, generators
        self.D1, self.D2 = discriminators
        self.averaged = running_average(self.autoencoders)

    def initialise(self, generator: torch.Generator) -> UNIT:
        """Draw first values of all six nets anew, in place; the averages begin there too.

        They are as good as those of `for_images`, but drawn in another order, hence not the same.

        Raises:
            ValueError: a net has layers that are not of `lecturekit.networks`.
        """
        for first, second in (
            (self.E1.shared, self.E2.shared),
            (self.G1.shared, self.G2.shared),
            (self.E1.own, self.E2.own),
            (self.G1.own, self.G2.own),
        ):
            initialise(first, generator)
            if self.alike:
                second.load_state_dict(first.state_dict())
            elif second is not first:
                initialise(second, generator)
        initialise(self.D1, generator)
        initialise(self.D2, generator)
        initialise_average(self.averaged, self.autoencoders)
        return self

    @property
    def autoencoders(self) -> nn.ModuleDict:
        """E1, G1, E2 and G2: the players against the discriminators."""
        return nn.ModuleDict({"E1": self.E1, "G1": self.G1, "E2": self.E2, "G2": self.G2})

    @property
    def discriminators(self) -> nn.ModuleDict:
        """D1 and D2."""
        return nn.ModuleDict({"D1": self.D1, "D2": self.D2})

    @property
    def shares_layers(self) -> bool:
        """Whether encoders, and generators, hold one and the same module."""
        return self.E1.shared is self.E2.shared and self.G1.shared is self.G2.shared

    def update_average(self) -> None:
        """Let the averages follow the encoders and generators by one update."""
        self.averaged.update_parameters(self.autoencoders)

    @torch.no_grad()
    def encode_1(self, x1: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]) -> Tensor:
        """The mean code of each image of domain 1, by the averaged encoder."""
        return self._averaged("E1", x1)

    @torch.no_grad()
    def encode_2(self, x2: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]) -> Tensor:
        """The mean code of each image of domain 2, by the averaged encoder."""
        return self._averaged("E2", x2)

    @torch.no_grad()
    def decode(self, z: Annotated[Tensor, "n n_latent height width"]) -> Pair:
        """The same codes in both domains, by the averaged generators."""
        return Pair(self._averaged("G1", z), self._averaged("G2", z))

    def to_2(self, x1: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]) -> Tensor:
        """Translate images of domain 1: G2 of their mean codes."""
        return self._averaged("G2", self.encode_1(x1))

    def to_1(self, x2: Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]) -> Tensor:
        """Translate images of domain 2: G1 of their mean codes."""
        return self._averaged("G1", self.encode_2(x2))

    @torch.no_grad()
    def _averaged(self, net: str, batch: Tensor) -> Tensor:
        result: Tensor = self.averaged.module.get_submodule(net)(batch)
        return result


@door
def for_images(
    n_channels: Count,
    *,
    width: Count = 32,
    n_latent: Count = 16,
    patch: Count = 2,
    n_own_blocks: Natural = 1,
    n_shared_blocks: Natural = 1,
    shared: bool = True,
    alike: bool = True,
    discriminator_width: Count = 24,
    generator: torch.Generator,
) -> UNIT:
    """A UNIT for images, on the device of `generator`.

    No layer and no gate leads past the latent code, so all that a translation knows of its source
    has gone through the code.

    Args:
        n_channels: 1 for grey, 3 for colour.
        width: channels inside encoders and generators.
        n_latent: latent numbers at each place.
        patch: edge of the square of pixels that has one place inside; it divides height and width.
        n_own_blocks: residual blocks that each encoder and each generator has for itself.
        n_shared_blocks: residual blocks on either side of the code.
        shared: False gives either domain layers of its own where they would be shared; nothing else
            changes.
        alike: whether all layers that are not shared begin with the same numbers in both domains.
            What looks alike in both then has the same code from the start. Otherwise a translation
            begins as noise, and the game has to find out first which image belongs to which.
        discriminator_width: as in `PatchDiscriminator`.
        generator: source of the parameters.

    Raises:
        ValueError: sizes below 1, blocks below 0.
    """
    if min(n_channels, width, n_latent, patch, discriminator_width) < 1:
        raise ValueError(
            "expected n_channels, width, n_latent, patch, discriminator_width ≥ 1, got "
            f"{n_channels}, {width}, {n_latent}, {patch}, {discriminator_width}"
        )
    if min(n_own_blocks, n_shared_blocks) < 0:
        raise ValueError(
            f"expected n_own_blocks, n_shared_blocks ≥ 0, got {n_own_blocks}, {n_shared_blocks}"
        )

    parts = Parts(n_channels, width, n_latent, patch, n_own_blocks, n_shared_blocks, generator)
    ends, starts = (
        (build(),) * 2 if shared else _pair(build, alike)
        for build in (parts.encoder_end, parts.generator_start)
    )
    E1, E2 = map(Encoder, _pair(parts.encoder_start, alike), ends)
    G1, G2 = map(Generator, starts, _pair(parts.generator_end, alike))
    D1, D2 = (
        PatchDiscriminator(n_channels, discriminator_width, generator=generator) for _ in "12"
    )
    model = UNIT((E1, E2), (G1, G2), (D1, D2), alike=alike).to(generator.device)
    model.n_channels, model.n_latent = n_channels, n_latent
    return model


def _pair(build: Callable[[], nn.Module], alike: bool) -> tuple[nn.Module, nn.Module]:
    """Layers for either domain, with the same numbers at the beginning or with others."""
    first = build()
    return first, copy.deepcopy(first) if alike else build()


class Parts(NamedTuple):
    """The sizes of `for_images`, and the four parts of an encoder and a generator built by them."""

    n_channels: int
    width: int
    n_latent: int
    patch: int
    n_own_blocks: int
    n_shared_blocks: int
    generator: torch.Generator

    def encoder_start(self) -> nn.Module:
        begin = self._rectified(self.n_channels * self.patch**2)
        return nn.Sequential(Patches(self.patch), begin, *self._blocks(self.n_own_blocks))

    def encoder_end(self) -> nn.Module:
        code = convolution(self.width, self.n_latent, 1, generator=self.generator)
        return nn.Sequential(*self._blocks(self.n_shared_blocks), code)

    def generator_start(self) -> nn.Module:
        return nn.Sequential(self._rectified(self.n_latent), *self._blocks(self.n_shared_blocks))

    def generator_end(self) -> nn.Module:
        n_pixels = self.n_channels * self.patch**2  # numbers of the image at one place inside
        end = convolution(self.width, n_pixels, 3, gain=0.5, generator=self.generator)
        return nn.Sequential(*self._blocks(self.n_own_blocks), end, nn.PixelShuffle(self.patch))

    def _blocks(self, n: int) -> list[nn.Module]:
        return [ResidualBlock(self.width, generator=self.generator) for _ in range(n)]

    def _rectified(self, n_in: int) -> nn.Module:
        # no instance norm on the way through: it would take brightness and colour away, which the
        # code could not give back
        gain = math.sqrt(2)
        wide = convolution(n_in, self.width, 3, gain=gain, generator=self.generator)
        return nn.Sequential(wide, nn.ReLU())
