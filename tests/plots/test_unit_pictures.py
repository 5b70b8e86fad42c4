"""Pictures of a code against its posterior, of images through the code, and of what moves what."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lecturekit import unit
from lecturekit.plots.marks import Line, Paths, Plot, Words
from lecturekit.plots.unit import (
    bound_gap,
    decoded,
    from_1,
    from_2,
    in_all_domains,
    latent_space,
    network,
    reach_table,
    reconstructed,
    stations,
)
from lecturekit.unit.vae_gan import VAEGAN

LINEAR = unit.LinearGaussian(torch.tensor([[1.5], [1.0]]).double(), torch.zeros(2).double(), 0.8)
X = torch.tensor([[2.0, 1.2]]).double()


def narrow() -> unit.Gaussian:
    return unit.Gaussian(torch.tensor([[1.0]]).double(), torch.eye(1).double() * 0.25)


@pytest.fixture(scope="module")
def model():
    generator = torch.Generator().manual_seed(0)
    return unit.for_images(1, width=8, n_latent=4, generator=generator)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def written(plot: Plot) -> list[str]:
    """The lines of text on the picture."""
    return [
        line for mark in plot.marks if isinstance(mark, Words) for line in mark.text.split("\n")
    ]


def assert_rows(sheet, *rows):
    """That a sheet shows these batches, one in a row."""
    assert sheet.columns == len(rows[0])
    np.testing.assert_allclose(sheet.images, torch.cat(rows).squeeze(1).numpy(), atol=1e-6)


@pytest.mark.parametrize("q", [narrow, narrow()], ids=["function", "numbers"])
def test_the_code_s_density_lies_where_it_was_put(q):
    plot = bound_gap(LINEAR, X, q, "Code")
    (line,) = [mark for mark in plot.marks if isinstance(mark, Line) and mark.label == "q(z|x)"]
    z, density = torch.tensor(line.x), torch.tensor(line.y)
    assert z[density.argmax()] == pytest.approx(1.0, abs=0.02)
    assert torch.trapezoid(density, z) == pytest.approx(1.0, abs=1e-3)
    assert density.max() == pytest.approx(1 / (0.5 * (2 * torch.pi) ** 0.5), rel=1e-2)


def test_the_gap_is_written_down_and_closes_at_the_posterior():
    prior = unit.Gaussian(torch.zeros(1, 1).double(), torch.eye(1).double())
    lines = written(bound_gap(LINEAR, X, prior, "Code"))
    log_p, bound, gap = (float(line.split()[-2].replace("−", "-")) for line in lines)
    assert gap == pytest.approx(log_p - bound, abs=0.011)
    assert gap > 1
    (*_, last) = written(bound_gap(LINEAR, X, LINEAR.posterior(X), "Code"))
    assert last.split()[-2:] in (["0.00", "nats"], ["−0.00", "nats"])


def test_images_of_domain_1_go_through_the_code(model, images):
    truth = 1 - images
    code = model.encode_1(images)
    sheet = from_1(model, images, truth, "From 1")
    assert_rows(sheet, images, model.decode(code).x1, model.to_2(images), truth)
    assert sheet.captions == ("x_1", "x_{1→1}", "x_{1→2}", "truth")


def test_images_of_domain_2_go_through_the_code(model, images):
    truth = 1 - images
    code = model.encode_2(images)
    sheet = from_2(model, images, truth, "From 2")
    assert_rows(sheet, images, model.decode(code).x2, model.to_1(images), truth)
    assert sheet.captions == ("x_2", "x_{2→2}", "x_{2→1}", "truth")


def test_codes_are_decoded_in_both_domains(model, images):
    codes = model.encode_1(images)
    assert_rows(decoded(model, codes, "Codes"), *model.decode(codes))
    one = decoded(model, lambda: codes[:1], "A code")  # both domains beside each other
    assert_rows(one, torch.cat(model.decode(codes[:1])))
    assert one.captions == ("G_1(z)", "G_2(z)")


def test_autoencoders_have_a_row_each():
    generator = torch.Generator().manual_seed(2)
    models = {name: VAEGAN(8, n_hidden=8, width=2, generator=generator) for name in ("VAE", "GAN")}
    images = torch.rand(3, 1, 8, 8, generator=generator)
    sheet = reconstructed(models, images, "Unseen")
    assert_rows(sheet, images, *(each.reconstruct(images) for each in models.values()))
    assert sheet.captions == ("real", "VAE", "GAN")


def test_the_table_says_in_numbers_and_words_what_each_loss_reaches():
    norms = torch.tensor([[0.5, 0.0], [0.0, 12.0]])
    picture = reach_table(unit.Reach(("VAE ₁", "GAN ₁"), ("E₁", "D₁"), norms), "Who is moved")
    assert picture.title == "Who is moved"
    assert "L VAE ₁ reaches E₁; L GAN ₁ reaches D₁" in picture.alt
    assert written(picture) == ["0.5", "–", "–", "12"]  # a row for each part


@pytest.fixture(scope="module")
def reached(model, images):
    generator = torch.Generator().manual_seed(3)
    return unit.reach(model, images, images.flip(0), unit.Settings(), generator=generator)


def colours(plot: Plot) -> dict[str, object]:
    return {mark.text: mark.color for mark in plot.marks if isinstance(mark, Words)}


@pytest.mark.parametrize("loss", ["VAE ₁", "GAN ₁", "CC ₁", "VAE ₂", "GAN ₂", "CC ₂"])
def test_a_loss_lights_up_what_its_gradient_reaches_and_the_way_to_it(model, images, reached, loss):
    shown = colours(network(model, images[:1], loss, reach=reached, loss=loss))
    parts = {"E₁": "E1\nown", "E₂": "E2\nown", "E shared": "E\nshared", "G shared": "G\nshared"}
    parts |= {"G₁": "G1\nown", "G₂": "G2\nown", "D₁": "D1", "D₂": "D2"}
    lit = {part for part, name in parts.items() if shown[name] == 1}
    assert lit == {part for part in parts if reached.reaches(loss, part)}
    on_the_way = {name.translate(str.maketrans("12", "₁₂")) for name in stations(loss)}
    assert lit - {"E shared", "G shared"} == on_the_way & set(parts)  # drawn as it is computed
    last = {"VAE": "x_{1→1}", "GAN": "x_{2→1}", "CC": "x_{1→2→1}"}[loss.split()[0]]
    if loss.endswith("₂"):
        last = last.translate(str.maketrans("12", "21"))
    assert shown[last] == 1


def test_the_network_has_the_shapes_of_its_modules(model, images, reached):
    plot = network(model, images[:1], "Network", reach=reached)
    shown = colours(plot)
    assert {"1×8×8", "8×4×4", "4×4×4"} <= shown.keys()
    assert 1 not in shown.values()  # nothing is lit
    assert "D1 and D2 judge" in plot.alt


def test_the_latent_space_has_two_domains_and_four_nets():
    plot = latent_space("Latent space")
    assert {"X_1", "X_2", "Z", "E_1", "E_2", "G_1", "G_2"} <= set(written(plot))
    assert sum(isinstance(mark, Paths) for mark in plot.marks) == 3


def test_codes_in_all_domains_have_a_row_for_each():
    generator = torch.Generator().manual_seed(4)
    family = unit.family_for_images(3, 1, width=6, n_latent=3, generator=generator)
    z = torch.randn(5, 3, 4, 4, generator=generator)
    sheet = in_all_domains(family, lambda: z, "All", names=["a", "b", "c"])
    assert_rows(sheet, *(family.decode(domain, z) for domain in range(3)))
    assert sheet.captions == ("a", "b", "c")
    one = in_all_domains(family, z[:1], "One", names=["a", "b", "c"])
    assert_rows(one, torch.cat([family.decode(domain, z[:1]) for domain in range(3)]))
    assert one.captions == ("a", "b", "c")
