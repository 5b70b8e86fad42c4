"""Pictures of a code against its posterior, and of which loss moves which net."""

from __future__ import annotations

import pytest
import torch

from lecturekit import plots, unit
from lecturekit.plots.unit import bound_gap, reach_table

MODEL = unit.LinearGaussian(torch.tensor([[1.5], [1.0]]).double(), torch.zeros(2).double(), 0.8)
X = torch.tensor([[2.0, 1.2]]).double()


def drawn(q: unit.Gaussian) -> tuple[dict, list[str]]:
    """The curves by name, and the words on the picture."""
    curves, words = {}, []

    def draw(axes):
        bound_gap(axes, MODEL, X, q)
        curves.update({line.get_label(): line.get_data() for line in axes.lines})
        words.extend(axes.texts[-1].get_text().splitlines())

    plots.figure(draw, "code", alt="code")
    return curves, words


def test_the_code_s_density_lies_where_it_was_put():
    curves, _ = drawn(unit.Gaussian(torch.tensor([[1.0]]).double(), torch.eye(1).double() * 0.25))
    z, density = map(torch.tensor, curves["q(z|x)"])
    assert z[density.argmax()] == pytest.approx(1.0, abs=0.02)
    assert torch.trapezoid(density, z) == pytest.approx(1.0, abs=1e-3)
    assert density.max() == pytest.approx(1 / (0.5 * (2 * torch.pi) ** 0.5), rel=1e-2)


def test_the_gap_is_written_down_and_closes_at_the_posterior():
    _, words = drawn(unit.Gaussian(torch.zeros(1, 1).double(), torch.eye(1).double()))
    log_p, bound, gap = (float(line.split()[-2]) for line in words)
    assert gap == pytest.approx(log_p - bound, abs=0.011)
    assert gap > 1
    _, words = drawn(MODEL.posterior(X))
    assert words[-1].split()[-2:] in (["0.00", "nats"], ["-0.00", "nats"])


def test_the_table_says_in_words_what_each_loss_reaches():
    norms = torch.tensor([[0.5, 0.0], [0.0, 12.0]])
    picture = reach_table(unit.Reach(("VAE ₁", "GAN ₁"), ("E₁", "D₁"), norms), "Who is moved")
    assert picture.title == "Who is moved"
    assert "L VAE ₁ reaches E₁; L GAN ₁ reaches D₁" in picture.alt
    assert picture.png.startswith(b"\x89PNG")
