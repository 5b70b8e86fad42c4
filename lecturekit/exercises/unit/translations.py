"""Exercise 6.3: reconstruction, translation and cycle through shared layers."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.unit import tiny


def streams_of_1(
    x1: Tensor, E1: Tensor, E2: Tensor, E_shared: Tensor, G_shared: Tensor, G1: Tensor, G2: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What becomes of images of domain 1: reconstructed, translated, and there and back.

    All layers are linear here, a layer M makes `rows @ M` of rows, and codes carry no noise. An
    encoder is its own layer, then the shared one; a generator the shared one, then its own.

    Args:
        x1: images as rows, (n, n_pixels)
        E1, E2: own layers of the encoders, (n_pixels, n_hidden)
        E_shared: the encoders' shared layer, (n_hidden, n_latent)
        G_shared: the generators' shared layer, (n_latent, n_hidden)
        G1, G2: own layers of the generators, (n_hidden, n_pixels)

    Returns:
        the reconstructions in domain 1, the translations into domain 2, and these translated back
        into domain 1, each (n, n_pixels)
    """
    hidden = x1 @ E1 @ E_shared @ G_shared
    x11, x12 = hidden @ G1, hidden @ G2
    x121 = x12 @ E2 @ E_shared @ G_shared @ G1
    return x11, x12, x121


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 5, 4, 3), (3, 3, 3, 3), (4, 3, 5, 2)]
    return [_case(*size, generator) for size in sizes]


def _case(
    n: int, n_pixels: int, n_hidden: int, n_latent: int, generator: torch.Generator
) -> Arguments:
    inwards, outwards = (n_pixels, n_hidden), (n_hidden, n_pixels)
    own = (inwards, inwards, (n_hidden, n_latent), (n_latent, n_hidden), outwards, outwards)
    return tuple(tiny.normal(*shape, generator=generator) for shape in ((n, n_pixels), *own))


Three = tuple[Tensor, Tensor, Tensor]


def exact(x1: Tensor, *layers: Tensor) -> Three:
    """Row by row and from the image's end: each composition as one matrix."""
    E1, E2, E_shared, G_shared, G1, G2 = layers
    to_2 = torch.linalg.multi_dot([E1, E_shared, G_shared, G2])
    back = torch.linalg.multi_dot([E2, E_shared, G_shared, G1])
    stay = torch.linalg.multi_dot([E1, E_shared, G_shared, G1])
    together = (stay, to_2, to_2 @ back)
    x11, x12, x121 = (torch.stack([M.T @ row for row in x1]) for M in together)
    return x11, x12, x121


# ------------------------------------------------------------------------ typical wrong answers


def _wrong_way_round(x1: Tensor, *layers: Tensor) -> Three:
    E1, E2, E_shared, G_shared, G1, G2 = layers
    x11, x12, _ = streams_of_1(x1, *layers)
    x21 = x1 @ E2 @ E_shared @ G_shared @ G1
    return x11, x12, x21 @ E1 @ E_shared @ G_shared @ G2


def _exchanged(x1: Tensor, *layers: Tensor) -> Three:
    x11, x12, x121 = streams_of_1(x1, *layers)
    return x12, x11, x121


def _same_encoder_back(x1: Tensor, *layers: Tensor) -> Three:
    E1, _, E_shared, G_shared, G1, _ = layers
    x11, x12, _ = streams_of_1(x1, *layers)
    return x11, x12, x12 @ E1 @ E_shared @ G_shared @ G1


def _never_back(x1: Tensor, *layers: Tensor) -> Three:
    _, E2, E_shared, G_shared, _, G2 = layers
    x11, x12, _ = streams_of_1(x1, *layers)
    return x11, x12, x12 @ E2 @ E_shared @ G_shared @ G2


def _no_decoding_between(x1: Tensor, *layers: Tensor) -> Three:
    x11, x12, _ = streams_of_1(x1, *layers)
    return x11, x12, x11


def _from_the_reconstruction(x1: Tensor, *layers: Tensor) -> Three:
    x11, x12, _ = streams_of_1(x1, *layers)
    return x11, x12, streams_of_1(x11, *layers)[0]


def _no_shared_layers(x1: Tensor, *layers: Tensor) -> Three:
    E1, E2, _, _, G1, G2 = layers
    x12 = x1 @ E1 @ G2
    return x1 @ E1 @ G1, x12, x12 @ E2 @ G1


def _way_back_unshared(x1: Tensor, *layers: Tensor) -> Three:
    _, E2, _, _, G1, _ = layers
    x11, x12, _ = streams_of_1(x1, *layers)
    return x11, x12, x12 @ E2 @ G1


TRANSLATIONS = Exercise(
    number="6.3",
    title="three ways through the shared code",
    reference=streams_of_1,
    cases=cases,
    exact=exact,
    returns=("the reconstructions", "the translations", "the translations there and back"),
    wrong=(
        Misconception(
            _wrong_way_round,
            "The cycle is composed the wrong way round: it starts by treating x1 as an image of "
            "domain 2. x1 goes E1, G2 first and then comes back by E2, G1.",
        ),
        Misconception(
            _exchanged,
            "Reconstruction and translation are exchanged: G1 leads back into domain 1, G2 into "
            "domain 2.",
        ),
        Misconception(
            _same_encoder_back,
            "The way back encodes with E1. The translation lies in domain 2, so E2 has to read it.",
        ),
        Misconception(
            _never_back,
            "The last step decodes with G2, so the cycle ends in domain 2. It has to come back "
            "into domain 1: G1.",
        ),
        Misconception(
            _no_decoding_between,
            "The cycle is the reconstruction over again: the code of x1 is decoded by G1 without "
            "ever becoming an image of domain 2. It has to pass through x12.",
        ),
        Misconception(
            _from_the_reconstruction,
            "The cycle goes on from the reconstruction x11; it has to go on from the translation.",
        ),
        Misconception(
            _no_shared_layers,
            "The shared layers are left out. Every encoder ends with E_shared and every generator "
            "begins with G_shared.",
        ),
        Misconception(
            _way_back_unshared,
            "The way back leaves the shared layers out; both domains go through them.",
        ),
    ),
    hints=(
        "Write down the order of the layers for E1, for G1 and for G2, then put them behind each "
        "other with `@`.",
        "A reconstruction is E1 then G1, a translation E1 then G2. Both begin with the same code.",
        "`x12 = x1 @ E1 @ E_shared @ G_shared @ G2`. The way back takes x12 through E2, the two "
        "shared layers, and G1.",
    ),
    derivation=r"""
Encoders and generators are compositions, $E_i = E_\text{shared} \circ E_i^\text{own}$ and
$G_i = G_i^\text{own} \circ G_\text{shared}$. With rows and `@` the order of reading is the order of
application:

$$x_{1\to1} = G_1(E_1(x_1)), \qquad x_{1\to2} = G_2(E_1(x_1)), \qquad
x_{1\to2\to1} = G_1(E_2(x_{1\to2})).$$

The code $E_1(x_1)$ is needed only once for the first two. The third is a cycle only because it
passes through an *image* of domain 2, read by that domain's own encoder.
""",
)
