"""Pictures of section 6 alone: a code against its posterior, and which loss moves which net."""

from __future__ import annotations

import torch
from matplotlib.axes import Axes
from torch import Tensor

from lecturekit.plots import draw as pen
from lecturekit.plots.figures import figure
from lecturekit.plots.picture import Picture
from lecturekit.plots.style import INK, PALETTE
from lecturekit.unit import Gaussian, LinearGaussian, Reach


def bound_gap(axes: Axes, model: LinearGaussian, x: Tensor, q: Gaussian) -> None:
    """q and the true posterior of a single latent number, with the bound in the title line.

    Args:
        axes: empty.
        model: with n_latent 1.
        x: (1, n_dims).
        q: one Gaussian over the code.
    """
    z = torch.linspace(-4, 4, 300, dtype=x.dtype)
    densities = {"true posterior p(z|x)": model.posterior(x), "q(z|x)": q}
    curves = {
        name: (z, torch.distributions.Normal(g.mean[0], g.covariance[0].sqrt()).log_prob(z).exp())
        for name, g in densities.items()
    }
    pen.lines(axes, curves, xlabel="latent number z", ylabel="density", ylim=(0, 1.6))
    exact, bound = float(model.log_likelihood(x)), float(model.bound(x, q))
    readings = {"log p(x)": exact, "bound": bound, "gap": exact - bound}
    words = "\n".join(f"{name:<8} {value:6.2f} nats" for name, value in readings.items())
    axes.text(0.02, 0.96, words, transform=axes.transAxes, va="top", family="monospace", color=INK)


def reach_table(reach: Reach, title: str = "Which loss moves which net") -> Picture:
    """The norms of the gradients, a row for each loss; a dash where there is none at all."""
    rows, columns = reach.norms.shape

    def draw(axes: Axes) -> None:
        reached = (reach.norms > 0).numpy()
        axes.imshow(0.28 * reached, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.grid(False)
        axes.set_xticks(range(columns), reach.parts)
        axes.set_yticks(range(rows), [f"L {loss}" for loss in reach.losses])
        axes.xaxis.tick_top()
        for row in range(rows):
            for column in range(columns):
                norm = float(reach.norms[row, column])
                words = f"{norm:.2g}" if norm else "–"
                axes.text(column, row, words, ha="center", va="center", color=INK)
        axes.axhline(rows / 2 - 0.5, color=PALETTE[1], linewidth=1)

    described = "; ".join(
        f"L {loss} reaches " + ", ".join(p for p in reach.parts if reach.reaches(loss, p))
        for loss in reach.losses
    )
    return figure(draw, title, alt=f"Table of gradient norms. {described}.", size=(7.2, 3.0))
