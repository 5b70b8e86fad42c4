"""UNIT for any number of domains: one latent space, any two domains as in the slide's diagram."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from lecturekit.adversarial import check_domains, check_game
from lecturekit.door import NOT_EMPTY, Count, In, Natural, door, refuse
from lecturekit.networks import PatchDiscriminator, initialise, initialise_average, running_average
from lecturekit.training import (
    AGAINST_AN_OPPONENT,
    PARAMETERS,
    Descent,
    Progress,
    Step,
    Steps,
    guard,
    minibatches,
)
from lecturekit.unit.losses import (
    Terms,
    autoencoder_terms,
    discriminator_terms,
    streams_of_pairs,
    weighted,
)
from lecturekit.unit.model import Encoder, Generator, Nets, Pair, Parts
from lecturekit.unit.trainer import Settings, total

Pictures = Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]


@door
class Family(nn.Module):
    """An encoder, a generator and a discriminator for each domain, around one latent space.

    All encoders end in the same layers, all generators begin with the same. So any two of the
    domains make the two-domain UNIT of Liu et al. 2017, and any domain can be translated into any
    other: n encoders and n generators do the n(n − 1) translations.

    Attributes:
        encoders, generators: in the order of the domains.
        discriminators: likewise; each maps a batch of images to scores, several for each image.
        n_channels, n_latent: of images and of codes, where `family_for_images` made it.
        averaged: exponential moving averages of encoders and generators, for translating.
    """

    n_channels: int
    n_latent: int

    def __init__(
        self,
        encoders: Sequence[Encoder] | nn.ModuleList,
        generators: Sequence[Generator] | nn.ModuleList,
        discriminators: Sequence[nn.Module] | nn.ModuleList,
    ) -> None:
        super().__init__()
        counts = {len(encoders), len(generators), len(discriminators)}
        if len(counts) != 1 or counts.pop() < 2:
            raise ValueError(
                "expected an encoder, a generator and a discriminator for each of two or more "
                f"domains, got {len(encoders)}, {len(generators)}, {len(discriminators)}"
            )
        self.encoders, self.generators = nn.ModuleList(encoders), nn.ModuleList(generators)
        self.discriminators = nn.ModuleList(discriminators)
        self.averaged = running_average(self.autoencoders)

    def initialise(self, generator: torch.Generator) -> Family:
        """Draw first values of all nets anew, in place; the averages begin there too.

        What only one domain has begins with the same numbers in all, except the discriminators.
        """
        for nets in (self.encoders, self.generators):
            initialise(nets[0], generator)
            for net in nets[1:]:
                net.load_state_dict(nets[0].state_dict())
        initialise(self.discriminators, generator)
        initialise_average(self.averaged, self.autoencoders)
        return self

    @property
    def n_domains(self) -> int:
        """How many domains there are."""
        return len(self.encoders)

    @property
    def autoencoders(self) -> nn.ModuleDict:
        """Encoders and generators: the players against the discriminators."""
        return nn.ModuleDict({"E": self.encoders, "G": self.generators})

    def pair(self, i: Natural, j: Natural) -> Nets:
        """Domains i and j as the domains 1 and 2 of the slide's diagram."""
        self._check_domain(i=i, j=j)
        if i == j:
            refuse("j", f"to be another domain than i = {i}", f"{j}")
        E, G, D = self.encoders, self.generators, self.discriminators
        return Nets(E[i], E[j], G[i], G[j], D[i], D[j])  # type: ignore[arg-type]

    def update_average(self) -> None:
        """Let the averages follow the encoders and generators by one update."""
        self.averaged.update_parameters(self.autoencoders)

    @torch.no_grad()
    def encode(self, domain: Natural, x: Pictures) -> Tensor:
        """The mean code of each image of a domain, by the averaged encoder."""
        self._check_domain(domain=domain)
        codes: Tensor = self.averaged.module.get_submodule(f"E.{domain}")(x)
        return codes

    @torch.no_grad()
    def decode(self, domain: Natural, z: Annotated[Tensor, "n n_latent height width"]) -> Tensor:
        """Codes as images of a domain, by the averaged generator."""
        self._check_domain(domain=domain)
        images: Tensor = self.averaged.module.get_submodule(f"G.{domain}")(z)
        return images

    def translate(self, x: Pictures, source: Natural, target: Natural) -> Tensor:
        """Images of domain `source` as images of domain `target`: G_target of their mean codes."""
        self._check_domain(source=source, target=target)
        return self.decode(target, self.encode(source, x))

    def _check_domain(self, **domains: int) -> None:
        for name, domain in domains.items():
            if domain >= self.n_domains:
                refuse(name, f"from 0 to {self.n_domains - 1}, one of the domains", f"{domain}")


@door
def family_for_images(
    n_domains: Annotated[int, In(2, 100)],
    n_channels: Count,
    *,
    width: Count = 32,
    n_latent: Count = 16,
    patch: Count = 2,
    discriminator_width: Count = 24,
    generator: torch.Generator,
) -> Family:
    """A family for images, on the device of `generator`.

    An encoder has one layer of its own, which looks at pixels, then a shared residual block; a
    generator a shared residual block, then one of its own. Nothing leads past the code. All
    domains begin with the same numbers, as in `for_images` with `alike`.

    Args:
        n_domains: at least 2.
        n_channels: 1 for grey, 3 for colour.
        width, n_latent, patch: as in `for_images`.
        discriminator_width: as in `PatchDiscriminator`.
        generator: source of the parameters.

    Raises:
        ValueError: fewer than two domains, or sizes below 1.
    """
    if n_domains < 2 or min(n_channels, width, n_latent, patch, discriminator_width) < 1:
        raise ValueError(
            "expected n_domains ≥ 2 and n_channels, width, n_latent, patch, discriminator_width "
            f"≥ 1, got {n_domains}, "
            f"{n_channels}, {width}, {n_latent}, {patch}, {discriminator_width}"
        )
    parts = Parts(n_channels, width, n_latent, patch, 0, 1, generator)
    start, end = parts.encoder_start(), parts.encoder_end()
    begin, finish = parts.generator_start(), parts._replace(n_own_blocks=1).generator_end()
    family = Family(
        [Encoder(copy.deepcopy(start), end) for _ in range(n_domains)],
        [Generator(begin, copy.deepcopy(finish)) for _ in range(n_domains)],
        [
            PatchDiscriminator(n_channels, discriminator_width, generator=generator)
            for _ in range(n_domains)
        ],
    ).to(generator.device)
    family.n_channels, family.n_latent = n_channels, n_latent
    return family


@door
def train_family(
    family: Family,
    domains: Annotated[
        Sequence[Annotated[Tensor, "_ n_channels 4·height 4·width", In(0, 1)]], NOT_EMPTY
    ],
    settings: Settings,
    *,
    generator: torch.Generator,
) -> Steps:
    """Train all nets on the loss of two-domain UNIT, for pairs of domains drawn at each update.

    At each update the domains are paired at random, and every pair (i, j) contributes
    L_VAEi + L_GANi + L_CCi + L_VAEj + L_GANj + L_CCj.
    Metrics are those of `train`, each the sum over all domains of all pairs.

    Args:
        family: trained in place.
        domains: for each domain its images (n, channels, height, width) in [0, 1]; the n may
            differ. Rows are drawn independently in each.
        settings: a change to a tunable field takes effect at the next update.
        generator: source of minibatches, pairs and codes, on the family's device.

    Returns:
        Steps under `guard`: on divergence the family goes back to its last finite state.

    Raises:
        ValueError: settings, data or devices do not fit; the family is untouched.
    """
    check_game(settings)
    if len(domains) != family.n_domains:
        refuse("domains", f"to be images of {family.n_domains} domains", f"{len(domains)}")
    named = {f"domain {place}": images for place, images in enumerate(domains)}
    check_domains(named, family, generator)
    held = _Held(family, domains, settings, generator)
    return guard(
        _steps(family, settings, generator, held),
        family,
        settings,
        owns={"generator": generator, "held": held},
        sane={"parameters": PARAMETERS},
    )


class _Held:
    """What the game remembers from update to update, beside the nets themselves."""

    def __init__(
        self,
        family: Family,
        domains: Sequence[Tensor],
        settings: Settings,
        generator: torch.Generator,
    ) -> None:
        self.autoencoders = Descent(family.autoencoders, betas=AGAINST_AN_OPPONENT)
        self.discriminators = Descent(family.discriminators, betas=AGAINST_AN_OPPONENT)
        size = settings.batch_size
        self.batches = [minibatches(x, size, generator=generator) for x in domains]
        self.progress = Progress()


def _steps(
    family: Family, settings: Settings, generator: torch.Generator, held: _Held
) -> Iterator[Step]:
    for index in held.progress.updates(settings.updates):
        x = [next(batch) for batch in held.batches]
        decay = settings.decay(index)
        loss: list[Tensor] = []
        theirs: list[Tensor] = []
        terms: list[Terms] = []
        pairs = random_pairs(family.n_domains, generator=generator)
        nets = [family.pair(i, j) for i, j in pairs]
        images = [Pair(x[i], x[j]) for i, j in pairs]
        streams = streams_of_pairs(nets, images, generator=generator)
        for its, (x1, x2), made in zip(nets, images, streams, strict=True):
            both = autoencoder_terms(its, x1, x2, made, settings.objective)
            loss += [total(weighted(each, settings)) for each in both]
            theirs += discriminator_terms(its, x1, x2, made, settings.objective)
            terms += both
        held.autoencoders.step(total(loss), settings.autoencoder_rate * decay)
        held.discriminators.step(total(theirs), settings.discriminator_rate * decay)

        family.update_average()
        metrics = {name: total(each) for name, *each in zip(Terms._fields, *terms, strict=True)}
        metrics["discriminators"] = total(theirs)
        yield Step(
            index, settings.updates, {name: value.detach() for name, value in metrics.items()}
        )


def random_pairs(n: int, *, generator: torch.Generator) -> list[tuple[int, int]]:
    """0 … n − 1 in pairs at random; where n is odd, one of them is in two pairs."""
    order = torch.randperm(n, generator=generator, device=generator.device).tolist()
    order += order[: n % 2]
    return list(zip(order[0::2], order[1::2], strict=True))
