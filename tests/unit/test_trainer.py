"""The trainer: one update by hand, repeatability, live settings, refusals, and that it learns."""

from __future__ import annotations

import copy

import pytest
import torch

from lecturekit import data, unit
from lecturekit.evaluation.pairing import pixel_error
from lecturekit.training import finish, minibatches
from tests.unit.nets import images, seeded, small


def run(model, settings, x1=None, x2=None, seed=9):
    x1, x2 = images(6) if x1 is None else x1, images(7, 1) if x2 is None else x2
    return unit.train(model, x1, x2, settings, generator=seeded(seed))


def test_one_update_is_a_step_of_adam_for_either_side():
    """Against the game written out: both sides see the translations of before the step."""
    rate = 1e-3
    settings = unit.Settings(1, 6, autoencoder_rate=rate, discriminator_rate=rate)
    model = small()
    other = copy.deepcopy(model)
    x1, x2 = images(6), images(6, 1)
    next(run(model, settings, x1, x2))

    generator = seeded(9)
    x1, x2 = (next(minibatches(images, 6, generator=generator)) for images in (x1, x2))
    made = unit.streams(other, x1, x2, generator=generator)
    terms = unit.autoencoder_terms(other, x1, x2, made, "least squares")
    total = sum(sum(unit.weighted(t, settings)) for t in terms)
    theirs = sum(unit.discriminator_terms(other, x1, x2, made, "least squares"))
    for nets, loss in ((other.autoencoders, total), (other.discriminators, theirs)):
        parameters = list(nets.parameters())
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= rate * gradient / (gradient.abs() + 1e-8)  # Adam's first step
    for (name, p), q in zip(model.named_parameters(), other.parameters(), strict=True):
        if not name.startswith("averaged"):
            torch.testing.assert_close(p, q, rtol=0, atol=2e-5, msg=lambda m, n=name: f"{n}: {m}")


def test_shared_layers_stay_shared():
    model = small()
    finish(run(model, unit.Settings(updates=3, batch_size=2)))
    assert model.shares_layers
    for p, q in zip(model.E1.shared.parameters(), model.E2.shared.parameters(), strict=True):
        assert p is q


def test_metrics_are_named_detached_and_summed_over_the_domains():
    step = next(run(small(), unit.Settings(updates=1, batch_size=3)))
    assert set(step.metrics) == {*unit.Terms._fields, "discriminators"}
    assert all(m.ndim == 0 and not m.requires_grad for m in step.metrics.values())


def test_it_learns_to_invert_digits():
    """X has bright digits on black, Y dark ones on white; untouched, they differ by 0.6."""
    digits = data.digits().images[:, None]
    model = unit.for_images(1, width=12, n_latent=4, discriminator_width=8, generator=seeded(2))
    settings = unit.Settings(updates=100, batch_size=4)
    x, y, test = digits[:800], 1 - digits[800:1600], digits[1600:]
    finish(unit.train(model, x, y, settings, generator=seeded(3)))
    untouched = pixel_error(test, 1 - test)
    assert pixel_error(model.to_2(test), 1 - test) < 0.5 * untouched
    assert pixel_error(model.to_1(1 - test), test) < 0.5 * untouched


class TestDoor:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"kl_weight": -1.0}, "kl_weight"),
            ({"cycle_weight": float("nan")}, "cycle_weight"),
            ({"objective": "hinge"}, "among least squares.*'hinge'"),
        ],
    )
    def test_settings(self, options, message):
        with pytest.raises(ValueError, match=message):
            run(small(), unit.Settings(**options))

    @pytest.mark.parametrize(
        ("x1", "message"),
        [
            (torch.rand(5, 8, 8), r"x1\[:, None\]"),
            (torch.rand(0, 1, 8, 8), r"x1 of shape \(n, 1, 4·height"),
            (torch.rand(5, 1, 8, 8).double(), "torch.float32, got torch.float64"),
            (torch.rand(5, 1, 8, 8) * 2, r"in \[0, 1\]"),
            (torch.full((5, 1, 8, 8), float("nan")), "320 NaN"),
            (torch.rand(5, 1, 4, 4), "one shape but for the rows"),
        ],
    )
    def test_images(self, x1, message):
        model = small()
        before = copy.deepcopy(model.state_dict())
        with pytest.raises(ValueError, match=message):
            run(model, unit.Settings(), x1)
        assert all(torch.equal(v, before[name]) for name, v in model.state_dict().items())


@pytest.mark.gpu
def test_on_a_gpu():
    cuda = torch.Generator("cuda").manual_seed(0)
    model = unit.for_images(3, generator=cuda)
    x = torch.rand(4, 3, 16, 16, device="cuda")
    finish(unit.train(model, x, x.flip(2), unit.Settings(updates=2), generator=cuda))
    assert model.to_2(x).isfinite().all()


def test_it_is_trained_on_the_unpaired_data_as_it_comes():
    pairs = data.digits_and_outlines(side=16, generator=seeded(0))
    model = small()
    step = finish(run(model, unit.Settings(updates=2, batch_size=2), pairs.x_train, pairs.y_train))
    assert step.index == 2
