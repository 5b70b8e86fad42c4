"""Exercise 6.3: reconstruction, translation and cycle through shared layers."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


Three = tuple[Tensor, Tensor, Tensor]


def case(make: Maker, n: int, n_pixels: int, n_hidden: int, n_latent: int) -> Arguments:
    inwards, outwards = (n_pixels, n_hidden), (n_hidden, n_pixels)
    own = (inwards, inwards, (n_hidden, n_latent), (n_latent, n_hidden), outwards, outwards)
    return tuple(make.normal(*shape) for shape in ((n, n_pixels), *own))


def answer(
    on: Slips, x1: Tensor, E1: Tensor, E2: Tensor, E_shared: Tensor, G_shared: Tensor,
    G1: Tensor, G2: Tensor,
) -> Three:  # fmt: skip
    if on("encoders exchanged"):
        E1, E2 = E2, E1
    if on("generators exchanged"):
        G1, G2 = G2, G1
    through = E_shared @ G_shared
    if on("no shared layers"):
        through = torch.eye(E1.shape[1]).to(x1)
    elif on("shared layers twice"):
        through = through @ through
    elif on("shared layers exchanged"):
        through = (E_shared @ G_shared).T
    elif on("shared layers in the wrong order"):
        through = G_shared @ E_shared
    elif on("hidden rectified"):
        x11, x12 = (torch.relu(x1 @ E1) @ through @ G for G in (G1, G2))
        return x11, x12, torch.relu(x12 @ E2) @ through @ G1
    hidden = x1 @ (E2 if on("image read by E2") else E1) @ through
    x11, x12 = hidden @ G1, hidden @ G2
    back = torch.eye(len(through)).to(x1) if on("way back unshared") else through
    start, encoder, decoder = x12, E2, G1
    if on("from the reconstruction"):
        start, encoder = x11, E1
    elif on("reconstruction read by E2"):
        start = x11
    elif on("from the image"):
        start = x1
    elif on("from the double cycle"):
        start = x12 @ E2 @ through @ G1 @ E1 @ through @ G2
    encoder = E1 if on("same encoder back") else encoder
    decoder = G2 if on("never back") else decoder
    x121 = start @ encoder @ back @ decoder
    if on("translation read by E2, and brought back"):
        x12 = x1 @ E2 @ through @ G2
        x121 = x12 @ E2 @ through @ G1
    elif on("first two by the other generator"):
        x11, x12 = x12, x11
        x121 = x12 @ E2 @ through @ G1
    elif on("first two in the wrong order"):
        x11, x12 = x12, x11
    elif on("translation into domain 1, and read by E2"):
        x12 = x11
        x121 = x12 @ E2 @ through @ G1
    elif on("no decoding between"):
        x121 = x11
    elif on("translation returned twice"):
        x121 = x12
    elif on("wrong way round"):
        x121 = x1 @ E2 @ through @ G1 @ E1 @ through @ G2
    elif on("cycle of domain 2"):
        x121 = x1 @ E2 @ through @ G1 @ E1 @ through @ G1
    elif on("code handed on"):
        x121 = hidden @ through[: hidden.shape[1]] @ G1
    x11 = x12 if on("reconstruction into domain 2") else x11
    x12 = x11 if on("translation into domain 1") else x12
    x12 = x1 @ E2 @ through @ G2 if on("translation read by E2") else x12
    x12 = x1 @ E2 @ through @ G1 if on("translation from domain 2") else x12
    return x11, x12, x121


def exact(x1: Tensor, *layers: Tensor) -> Three:
    """Row by row and from the image's end: each composition as one matrix."""
    E1, E2, E_shared, G_shared, G1, G2 = layers
    to_2 = torch.linalg.multi_dot([E1, E_shared, G_shared, G2])
    back = torch.linalg.multi_dot([E2, E_shared, G_shared, G1])
    stay = torch.linalg.multi_dot([E1, E_shared, G_shared, G1])
    together = (stay, to_2, to_2 @ back)
    x11, x12, x121 = (torch.stack([M.T @ row for row in x1]) for M in together)
    return x11, x12, x121


READ_BY_E2 = "For the translation x1 is read by E2; it is an image of domain 1, and read by E1."
INTO_1 = "The translation is decoded by G1, which gives x11 again; G2 leads into domain 2."


TRANSLATIONS = Exercise(
    number="6.3",
    title="three ways through the shared code",
    minutes=20,
    reference=streams_of_1,
    case=case,
    sizes=((2, 5, 4, 3), (3, 3, 3, 3), (4, 3, 5, 2)),
    by_hand=(1, 2, 1, 1),
    answer=answer,
    exact=exact,
    slips={
        "wrong way round": "The cycle is composed the wrong way round: it starts by treating x1 "
        "as an image of domain 2. x1 goes E1, G2 first and then comes back by E2, G1.",
        "cycle of domain 2": "The cycle starts by treating x1 as an image of domain 2, E2 and G1 "
        "first. x1 goes E1, G2 first and then comes back by E2, G1.",
        "generators exchanged": "G1 and G2 are exchanged: G1 leads back into domain 1, G2 into "
        "domain 2.",
        "first two by the other generator": "G1 and G2 are exchanged in the reconstructions and "
        "the translations, from which the cycle goes on: G1 leads back into domain 1, G2 into "
        "domain 2.",
        "first two in the wrong order": "The reconstructions and the translations are exchanged, "
        "either as they are returned or because G1 and G2 are.",
        "encoders exchanged": "E1 and E2 are exchanged: x1 is an image of domain 1 and is read by "
        "E1, its translation by E2.",
        "image read by E2": "x1 is read by E2. It is an image of domain 1, and read by E1.",
        "same encoder back": "The way back encodes with E1. The translation lies in domain 2, so "
        "E2 has to read it.",
        "never back": "The last step decodes with G2, so the cycle ends in domain 2. It has to "
        "come back into domain 1: G1.",
        "no decoding between": "The cycle is the reconstruction over again: the code of x1 is "
        "decoded by G1 without ever becoming an image of domain 2. It has to pass through x12.",
        "code handed on": "The way back goes on from the hidden code, which never becomes an "
        "image of domain 2: it has to pass through x12 and E2.",
        "from the reconstruction": "The cycle goes on from the reconstruction x11; it has to go "
        "on from the translation.",
        "reconstruction read by E2": "The cycle goes on from the reconstruction x11, read by E2; "
        "it has to go on from the translation x12.",
        "from the image": "The way back starts from x1 itself; it has to go on from the "
        "translation x12.",
        "from the double cycle": "The cycle is run twice; it is there and back once.",
        "translation returned twice": "The third result is the translation again; it has to be "
        "brought back into domain 1, by E2 and G1.",
        "translation into domain 1": INTO_1,
        "translation into domain 1, and read by E2": INTO_1,
        "reconstruction into domain 2": "The reconstruction is decoded by G2, which gives the "
        "translation; G1 leads back into domain 1.",
        "translation read by E2": READ_BY_E2,
        "translation read by E2, and brought back": READ_BY_E2,
        "translation from domain 2": "The translation goes the other way, E2 and G1: x1 is an "
        "image of domain 1, so E1, then G2.",
        "no shared layers": "The shared layers are left out. Every encoder ends with E_shared and "
        "every generator begins with G_shared.",
        "way back unshared": "The way back leaves the shared layers out; both domains go through "
        "them.",
        "shared layers twice": "The shared layers are used twice on each way; an encoder ends "
        "with E_shared, a generator begins with G_shared, once.",
        "shared layers exchanged": "The shared layers are used transposed: rows @ E_shared @ "
        "G_shared.",
        "shared layers in the wrong order": "The shared layers stand in the wrong order: first "
        "the encoders', then the generators', rows @ E_shared @ G_shared.",
        "hidden rectified": "There is a nonlinearity between the layers; here all of them are "
        "linear.",
    },
    returns=("the reconstructions", "the translations", "the translations there and back"),
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
