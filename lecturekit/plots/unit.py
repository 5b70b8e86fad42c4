"""Pictures of section 6: a code against its posterior, images through the shared code, losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from lecturekit.door import NOT_EMPTY, NUMBERS, In, Natural, door, refuse
from lecturekit.plots.cycle_gan import sheet
from lecturekit.plots.figures import curves, heatmap
from lecturekit.plots.marks import Arrows, Axis, Images, Mark, Paths, Plot, Role, Rule, Words
from lecturekit.plots.numbers import now
from lecturekit.unit import UNIT, Family, Gaussian, LinearGaussian, Reach
from lecturekit.unit.vae_gan import VAEGAN

Codes = Annotated[Any, NUMBERS, NOT_EMPTY, "n n_latent height width"]
Pictures = Annotated[Tensor, "n n_channels height width", In(0, 1)]


Whole = Annotated[Tensor, "n n_channels 4·height 4·width", In(0, 1)]  # as the nets take them


@door
def bound_gap(
    model: LinearGaussian,
    x: Annotated[Tensor, "1 n_dims"],
    q: Gaussian | Callable[[], Gaussian],
    title: str,
) -> Plot:
    """q and the true posterior of a single latent number, with the bound in words.

    Args:
        model: with n_latent 1.
        x: (1, n_dims).
        q: one Gaussian over the code, or a function that returns it.
        title: shown above.
    """
    encoder: Gaussian = now(q)
    if model.W.shape[1] != 1:
        refuse("model", "with n_latent = 1", f"{model.W.shape[1]}")
    z = torch.linspace(-4, 4, 300, dtype=x.dtype)
    densities = {"true posterior p(z|x)": model.posterior(x), "q(z|x)": encoder}
    lines = {
        name: (z, torch.distributions.Normal(g.mean[0], g.covariance[0].sqrt()).log_prob(z).exp())
        for name, g in densities.items()
    }
    exact, bound = float(model.log_likelihood(x)), float(model.bound(x, encoder))
    readings = {"log p(x)": exact, "bound": bound, "gap": exact - bound}
    words = "\n".join(f"{name:<8} {value:6.2f} nats" for name, value in readings.items())
    plot = curves(
        lines,
        title,
        xlabel="latent number z",
        ylabel="density",
        xlim=(-4.0, 4.0),
        ylim=(0.0, 1.6),
    )
    said = ", ".join(f"{name} {value:.2f}" for name, value in readings.items())
    marks = [*plot.marks, Words(words.replace("-", "−"), mono=True)]
    return Plot(
        title, marks, plot.x, plot.y, shape=1.7, words=f"Two densities over z. {said} nats."
    )


@door
def reconstructed(
    models: Annotated[Mapping[str, VAEGAN], NOT_EMPTY], images: Pictures, title: str
) -> Images:
    """A sheet with a row of images, and one of what each autoencoder makes of them.

    Args:
        models: by name, which stands beside the row.
        images: (n, 1, side, side).
        title: shown above.
    """
    rows = [images, *(model.reconstruct(images) for model in models.values())]
    return sheet(rows, title, ["real", *models])


@door
def from_1(
    model: UNIT,
    x1: Pictures,
    truth: Pictures | None,
    title: str,
    *,
    captions: Sequence[str] = ("x_1", "x_{1→1}", "x_{1→2}", "truth"),
) -> Images:
    """A sheet with a row each of images of domain 1, reconstructed, translated, and the truth.

    Args:
        model: its averaged nets, and mean codes.
        x1, truth: (n, 1 or 3, height, width); the same things in domain 1 and in domain 2. Without
            the truth its row is left out.
        title: shown above.
        captions: of the four rows.
    """
    made = model.decode(model.encode_1(x1))
    return sheet([x1, made.x1, made.x2, truth], title, captions)


@door
def from_2(
    model: UNIT,
    x2: Pictures,
    truth: Pictures | None,
    title: str,
    *,
    captions: Sequence[str] = ("x_2", "x_{2→2}", "x_{2→1}", "truth"),
) -> Images:
    """The same from domain 2.

    Args:
        model, title, captions: as for `from_1`.
        x2, truth: (n, 1 or 3, height, width); the same things in domain 2 and in domain 1.
    """
    made = model.decode(model.encode_2(x2))
    return sheet([x2, made.x2, made.x1, truth], title, captions)


def _codes(z: Codes, model: UNIT | Family) -> Tensor:
    """Codes as they are now, as the nets take them."""
    return torch.as_tensor(now(z, "z")).to(next(model.parameters()))


@door
def decoded(model: UNIT, z: Codes, title: str) -> Images:
    """The same codes in both domains, domain 1 above; a single code with both beside each other.

    Args:
        model: its averaged generators.
        z: codes (n, n_latent, height, width), or a function that returns them.
        title: shown above.
    """
    both = torch.cat(model.decode(_codes(z, model)))
    rows = [both] if len(both) == 2 else list(both.chunk(2))
    return sheet(rows, title, ["G_1(z)", "G_2(z)"])


@door
def in_all_domains(family: Family, z: Codes, title: str, *, names: Sequence[str]) -> Images:
    """The same codes in every domain, a row for each; of a single code all are beside each other.

    Args:
        family: its averaged generators.
        z: codes (n, n_latent, height, width), or a function that returns them.
        title: shown above.
        names: of the domains.
    """
    _check_names(names, family)
    codes = _codes(z, family)
    rows = [family.decode(domain, codes) for domain in range(family.n_domains)]
    return sheet([torch.cat(rows)] if len(codes) == 1 else rows, title, names)


def _check_names(names: Sequence[str], family: Family) -> None:
    if len(names) != family.n_domains:
        refuse("names", f"one for each of {family.n_domains} domains", f"{len(names)}")


@door
def translations(
    family: Family, x: Whole, source: Natural, title: str, *, names: Sequence[str]
) -> Images:
    """A sheet with a row of images of one domain, and one of them in each domain.

    Args:
        family: its averaged nets.
        x: images of the domain `source`, (n, 1 or 3, height, width).
        source: a domain's number; in its own row are reconstructions.
        title: shown above.
        names: of the domains.
    """
    _check_names(names, family)
    codes = family.encode(source, x)
    rows = [x, *(family.decode(domain, codes) for domain in range(family.n_domains))]
    return sheet(rows, title, ["x", *names])


@door
def reach_table(reach: Reach, title: str = "Which loss moves which net") -> Plot:
    """The norms of the gradients, a column for each loss; a dash where there is none at all."""
    norms = reach.norms.where(reach.norms > 0, torch.nan).T
    described = "; ".join(
        f"L {loss} reaches " + ", ".join(p for p in reach.parts if reach.reaches(loss, p))
        for loss in reach.losses
    )
    plot = heatmap(
        norms,
        title,
        xlabel="loss",
        ylabel="part",
        unit="‖∂L/∂θ‖",
        xticks=reach.losses,
        yticks=reach.parts,
        annotate=True,
        shape=1.6,
        alt=f"Table of gradient norms. {described}.",
    )
    return replace(
        plot, marks=[*map(_dashed, plot.marks), Rule(len(reach.losses) / 2 - 0.5, axis="x")]
    )


def _dashed(mark: Mark) -> Mark:
    """A dash in place of what is no number."""
    none = isinstance(mark, Words) and mark.text == "nan"
    return replace(mark, text="–", color="ink") if none else mark  # type: ignore[type-var]


# ------------------------------------------------------------------------------------ diagrams

_ROUND = np.linspace(0, 2 * np.pi, 60)
_LATENT = (5.55, 3.2)  # where z is
_PARTS = {  # of `unit.reach`: the module's name, its place, half of its frame's width
    "E₁": ("E1\nown", (1.75, 5.4), 0.6),
    "E₂": ("E2\nown", (1.75, 1.0), 0.6),
    "E shared": ("E\nshared", (3.75, 3.2), 0.9),
    "G shared": ("G\nshared", (7.35, 3.2), 0.9),
    "G₁": ("G1\nown", (9.35, 5.4), 0.6),
    "G₂": ("G2\nown", (9.35, 1.0), 0.6),
    "D₁": ("D1", (13.0, 5.4), 0.5),
    "D₂": ("D2", (13.0, 1.0), 0.5),
}


@door
def latent_space(title: str) -> Plot:
    """The slide's first diagram: two domains, the latent space that they share, and four nets.

    Args:
        title: shown above.
    """
    marks: list[Mark] = []
    for name, (x, y) in {"X_1": (1.2, 1.4), "Z": (5.0, 3.4), "X_2": (8.8, 1.4)}.items():
        marks += [*_ellipse((x, y), 1.1, 0.8), Words(name, (x, y), "ink", True, "center")]
    for side, domain, color in ((-1, "1", 0), (1, "2", 1)):
        x = 5.0 + side * 2.4
        marks += [
            Arrows([(x + side * 0.65, 2.15)], [(-side * 1.9, 1.0)], color=color, width=2.6),
            Arrows([(x - side * 1.55, 2.7)], [(side * 1.95, -1.0)], color=color, width=2.6),
            Words(f"E_{domain}", (x + side * 0.1, 3.0), color, True, "center"),
            Words(f"G_{domain}", (x - side * 0.9, 1.9), color, True, "center"),
        ]
    equations = {
        "x_1 = G_1(z)": (1.2, 0.1),
        "z = E_1(x_1) = E_2(x_2)": (5.0, 4.6),
        "x_2 = G_2(z)": (8.8, 0.1),
    }
    marks += [Words(words, place, "ink", False, "center") for words, place in equations.items()]
    said = (
        "Domains X1 and X2 on either side, the latent space Z above them; E1 and E2 lead from the "
        "domains to Z, G1 and G2 from Z to the domains."
    )
    limits = Axis(limits=(-0.3, 10.3)), Axis(limits=(-0.3, 5.0))
    return Plot(title, marks, *limits, equal=True, bare=True, shape=2.0, words=said)


@door
def network(model: UNIT, x: Whole, title: str, *, reach: Reach, loss: str = "") -> Plot:
    """The slide's second diagram, of the modules of a model; a loss lights up what it moves.

    Shared parts have a double frame. The shapes of what passes from one part to the next are
    found by sending an image through.

    Args:
        model: with shared layers.
        x: an image (1, channels, height, width), for the shapes.
        title: shown above.
        reach: of the model's losses. Parts that a gradient reaches take the loss's colour.
        loss: one of `reach.losses`, such as "GAN ₁", whose way through the network is coloured
            too; all the rest is grey. If it is left out, nothing has a colour.
    """
    way = stations(loss) if loss else frozenset()

    def look(on: bool) -> tuple[Role, float]:
        """The colour and the width of something that the loss is about, or is not."""
        if not loss:
            return "ink", 1.6
        return (1, 3.0) if on else ("soft", 1.2)

    marks: list[Mark] = []
    for part, (name, place, half) in _PARTS.items():
        color, line = look(bool(loss) and reach.reaches(loss, part))
        marks += _box(name, place, half, color, line)
    marks += [
        *_ellipse(_LATENT, 0.4, 0.4, *look("z" in way)),
        Words("z", _LATENT, look("z" in way)[0], True, "center"),
        _arrow((4.8, 3.2), (5.15, 3.2), look("z" in way)),
        _arrow((5.95, 3.2), (6.3, 3.2), look("z" in way)),
    ]
    for i, j, y, up in (("1", "2", 5.4, 1), ("2", "1", 1.0, -1)):
        marks += _stream(i, j, y, up, way, look)
    shapes = _shapes(model, x)
    places = {"x": (0.75, 4.2), "E.own": (1.45, 3.2), "z": (5.55, 1.9), "G.shared": (9.5, 3.2)}
    marks += [Words(shapes[name], place, "soft", False, "center") for name, place in places.items()]
    moved = ", ".join(part for part in reach.parts if loss and reach.reaches(loss, part))
    said = (
        "x1 and x2 pass through own layers E1.own and E2.own, shared layers, the code z, shared "
        "layers, and own layers G1.own and G2.own; D1 and D2 judge translations, which are encoded "
        "again."
    ) + (f" L {loss} moves {moved}." if loss else "")
    limits = Axis(limits=(-0.3, 13.9)), Axis(limits=(-0.7, 7.1))
    return Plot(title, marks, *limits, equal=True, bare=True, shape=1.8, words=said)


@door
def stations(loss: str) -> frozenset[str]:
    """What images meet on their way into a loss such as "CC ₁": arrows, z, and what they become."""
    kind, _, domain = loss.partition(" ")
    if kind not in ("VAE", "GAN", "CC") or domain not in ("₁", "₂"):
        refuse("loss", "to be VAE, GAN or CC with ₁ or ₂, such as CC ₁", repr(loss))
    i, j = ("1", "2") if domain == "₁" else ("2", "1")
    if kind == "VAE":
        return frozenset({f"x{i}", f"E{i}", "z", f"G{i}", f"made {i}{i}"})
    if kind == "GAN":
        return frozenset({f"x{j}", f"E{j}", "z", f"G{i}", f"made {j}{i}", f"D{i}"})
    both = {f"E{i}", f"E{j}", f"G{i}", f"G{j}"}
    return frozenset({f"x{i}", "z", *both, f"made {i}{j}", f"back {j}", f"made {i}{j}{i}"})


Look = Callable[[bool], tuple[Role, float]]


def _stream(i: str, j: str, y: float, up: int, way: frozenset[str], look: Look) -> list[Mark]:
    """All of domain i but for its boxes: its image, arrows, and what is made in it."""
    inner, rail, shared = y - 0.7 * up, y + 1.35 * up, 3.2 + 0.85 * up
    marks: list[Mark] = [
        Words(f"x_{i}", (0.2, y), look(f"x{i}" in way)[0], True, "center"),
        _arrow((0.5, y), (1.1, y), look(f"x{i}" in way)),
        _arrow((2.2, inner), (3.1, shared), look(f"E{i}" in way)),
        _arrow((8.0, shared), (8.9, inner), look(f"G{i}" in way)),
        _arrow((10.0, y), (10.4, y), look(f"G{i}" in way)),
        _arrow((11.75, y + 0.5 * up), (12.45, y + 0.2 * up), look(f"D{i}" in way)),
        _arrow((13.0, y - 0.55 * up), (13.0, y - 1.1 * up), look(f"D{i}" in way)),
        Words("T/F", (13.0, y - 1.4 * up), look(f"D{i}" in way)[0], False, "center"),
        Words(f"x_{i}", (13.0, y + 1.4 * up), look(f"D{i}" in way)[0], False, "center"),
        _arrow((13.0, y + 1.1 * up), (13.0, y + 0.55 * up), look(f"D{i}" in way)),
    ]
    made = {f"made {j}{i}": 0.6, f"made {i}{i}": 0.0, f"made {i}{j}{i}": -0.6}
    for name, above in made.items():
        indices = "→".join(name.removeprefix("made "))
        at = 11.1, y + above * up
        marks.append(Words(f"x_{{{indices}}}", at, look(name in way)[0], name in way, "center"))
    look_back = look(f"back {i}" in way)
    corners = [(11.1, y + 0.95 * up), (11.1, rail), (1.75, rail)]
    return [
        *marks,
        Paths([corners], color=look_back[0], width=look_back[1]),
        _arrow((1.75, rail), (1.75, y + 0.7 * up), look_back),
    ]


def _box(name: str, at: tuple[float, float], half: float, color: Role, width: float) -> list[Mark]:
    """A frame around a module's name, and another one if it is shared."""
    marks: list[Mark] = [Words(name, at, color, True, "center")]
    for outset in (0.0, 0.13) if "shared" in name else (0.0,):
        x, y = half + outset, (0.65 if "\n" in name else 0.5) + outset
        corners = np.array([(-x, -y), (x, -y), (x, y), (-x, y), (-x, -y)])
        marks.append(Paths((corners + at)[None], color=color, width=width))
    return marks


def _ellipse(
    at: tuple[float, float], x: float, y: float, color: Role = "ink", width: float = 1.6
) -> list[Mark]:
    ring = np.stack([at[0] + x * np.cos(_ROUND), at[1] + y * np.sin(_ROUND)], axis=1)
    return [Paths(ring[None], color=color, width=width)]


def _arrow(
    start: tuple[float, float], end: tuple[float, float], look: tuple[Role, float]
) -> Arrows:
    step = end[0] - start[0], end[1] - start[1]
    return Arrows([start], [step], color=look[0], width=look[1])


@torch.no_grad()
def _shapes(model: UNIT, x: Tensor) -> dict[str, str]:
    """Channels × height × width of what passes between the parts of a model."""
    own = model.E1.own(x)
    z = model.E1.shared(own)
    passed = {"x": x, "E.own": own, "z": z, "G.shared": model.G1.shared(z)}
    return {name: "×".join(map(str, each.shape[1:])) for name, each in passed.items()}
