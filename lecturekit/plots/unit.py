"""Pictures of section 6: a code against its posterior, images through the shared code, losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from lecturekit.plots.cycle_gan import sheet
from lecturekit.plots.figures import Numbers, curves, heatmap, now
from lecturekit.plots.marks import Images, Mark, Plot, Rule, Words
from lecturekit.unit import UNIT, LinearGaussian, Reach
from lecturekit.unit.vae_gan import VAEGAN


def bound_gap(model: LinearGaussian, x: Tensor, q: Numbers, title: str) -> Plot:
    """q and the true posterior of a single latent number, with the bound in words.

    Args:
        model: with n_latent 1.
        x: (1, n_dims).
        q: one Gaussian over the code, or a function that returns it.
        title: shown above.
    """
    encoder = now(q)
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


def reconstructed(models: Mapping[str, VAEGAN], images: Tensor, title: str) -> Images:
    """A sheet with a row of images, and one of what each autoencoder makes of them.

    Args:
        models: by name, which stands beside the row.
        images: (n, 1, side, side).
        title: shown above.
    """
    rows = [images, *(model.reconstruct(images) for model in models.values())]
    return sheet(rows, title, ["real", *models])


def from_1(
    model: UNIT,
    x1: Tensor,
    truth: Tensor,
    title: str,
    *,
    captions: Sequence[str] = ("x_1", "x_{1→1}", "x_{1→2}", "truth"),
) -> Images:
    """A sheet with a row each of images of domain 1, reconstructed, translated, and the truth.

    Args:
        model: its averaged nets, and mean codes.
        x1, truth: (n, 1 or 3, height, width); the same things in domain 1 and in domain 2.
        title: shown above.
        captions: of the four rows.
    """
    made = model.decode(model.encode_1(x1))
    return sheet([x1, made.x1, made.x2, truth], title, captions)


def from_2(
    model: UNIT,
    x2: Tensor,
    truth: Tensor,
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


def decoded(model: UNIT, z: Numbers, title: str) -> Images:
    """The same codes in both domains, domain 1 above; a single code with both beside each other.

    Args:
        model: its averaged generators.
        z: codes (n, n_latent, …), or a function that returns them.
        title: shown above.
    """
    both = torch.cat(model.decode(now(z)))
    rows = [both] if len(both) == 2 else list(both.chunk(2))
    return sheet(rows, title, ["G_1(z)", "G_2(z)"])


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
