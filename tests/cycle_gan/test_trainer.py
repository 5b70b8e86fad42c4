"""The game as steps: settings, repeatability, refusals, and that it learns."""

from __future__ import annotations

import copy

import pytest
import torch

from lecturekit import cycle_gan
from lecturekit.training import DivergenceError, finish


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def clouds(n: int = 500) -> tuple[torch.Tensor, torch.Tensor]:
    x = 0.3 * torch.randn(n, 2, generator=seeded(1))
    y = torch.tensor([2.0, 0.0]) + 0.3 * torch.randn(n, 2, generator=seeded(2))
    return x, y


def trained(seed: int = 3, **changes: object) -> cycle_gan.CycleGAN:
    generator = seeded(seed)
    model = cycle_gan.for_points(2, n_hidden=16, generator=generator)
    settings = cycle_gan.Settings(**{"updates": 20, "batch_size": 32, **changes})
    finish(cycle_gan.train(model, *clouds(), settings, generator=generator))
    return model


def test_it_learns_to_shift_a_cloud_there_and_back():
    rates = {"generator_rate": 3e-3, "discriminator_rate": 1e-2}
    model = trained(updates=800, warm_up=0, cycle_weight=1.0, **rates)
    x, y = clouds(2000)
    assert (model.to_y(x).mean(dim=0) - torch.tensor([2.0, 0.0])).norm() < 0.25
    assert model.to_x(y).mean(dim=0).norm() < 0.25
    assert (model.to_x(model.to_y(x)) - x).abs().mean() < 0.1


def test_nothing_happens_before_the_first_step_and_stopping_leaves_a_model():
    model = cycle_gan.for_points(generator=seeded(0))
    before = copy.deepcopy(model.state_dict())
    steps = cycle_gan.train(model, *clouds(), cycle_gan.Settings(updates=5), generator=seeded(0))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    step = next(steps)
    assert (step.index, step.total) == (1, 5)
    assert set(step.metrics) == {"adversarial", "cycle", "identity", "discriminators"}
    assert not any(value.requires_grad for value in step.metrics.values())
    assert model.to_y(clouds()[0]).isfinite().all()


@pytest.mark.parametrize(
    ("name", "stands_still"),
    [("generator_rate", "generators"), ("discriminator_rate", "discriminators")],
)
def test_a_rate_changed_on_the_way_rules_the_next_update(name, stands_still):
    model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
    settings = cycle_gan.Settings(updates=10)
    steps = cycle_gan.train(model, *clouds(), settings, generator=seeded(0))
    next(steps)
    setattr(settings, name, 0.0)
    before = copy.deepcopy(model.state_dict())
    next(steps)
    still = {
        key.split(".")[0]
        for key, value in model.state_dict().items()
        if torch.equal(before[key], value)
    }
    moving = {
        key.split(".")[0]
        for key, value in model.state_dict().items()
        if not torch.equal(before[key], value)
    }
    both = {"generators": {"G", "F"}, "discriminators": {"D_X", "D_Y"}}
    assert still & {"G", "F", "D_X", "D_Y"} == both.pop(stands_still)
    assert both.popitem()[1] <= moving


def test_the_cycle_weight_changed_on_the_way_rules_the_next_update():
    """With a loss that is nothing but the cycle, λ = 0 stops the generators."""
    seen = []
    settings = cycle_gan.Settings(updates=6, warm_up=4, cycle_weight=8.0)

    def spy(G, F, x, y):
        weight = 1 + 0 * model.G[0].weight.sum()
        weight.register_hook(lambda gradient: seen.append(round(gradient.item(), 6)))
        return weight

    model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
    steps = cycle_gan.train(model, *clouds(), settings, generator=seeded(0), cycle=spy)
    for _ in range(5):
        next(steps)
    settings.cycle_weight = 3.0
    next(steps)
    assert seen == [2, 4, 6, 8, 8, 3]  # the warm-up, then λ as it is


def test_averages_follow_the_generators():
    model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
    start = model.G[0].weight.clone()
    steps = cycle_gan.train(model, *clouds(), cycle_gan.Settings(updates=300), generator=seeded(0))
    next(steps)
    assert torch.equal(model.averaged_G.module[0].weight, model.G[0].weight)
    finish(steps)
    average = model.averaged_G.module[0].weight
    assert 0 < (average - model.G[0].weight).norm() < (start - model.G[0].weight).norm()


def seen_batches(**changes: object) -> list[torch.Tensor]:
    """The batches of X in 20 updates on four images, none of them its own mirror image."""
    batches = []

    def spy(G, F, x, y):
        batches.append(x)
        return cycle_gan.cycle_loss(G, F, x, y)

    images = torch.rand(4, 1, 8, 8, generator=seeded(5))
    model = cycle_gan.for_images(1, width=4, n_blocks=1, discriminator_width=2, generator=seeded(0))
    settings = cycle_gan.Settings(**{"updates": 20, "batch_size": 2, **changes})
    finish(cycle_gan.train(model, images, images, settings, generator=seeded(0), cycle=spy))
    seen = torch.cat(batches)
    assert all((seen == image).flatten(1).all(1).any() for image in images)
    return [min((row - other).abs().max() for other in images) for row in seen]


def test_half_of_the_images_are_mirrored_where_that_is_asked_for():
    assert max(seen_batches()) == 0
    mirrored = sum(distance > 0 for distance in seen_batches(mirror=True))
    assert abs(mirrored - 20) < 5 * 40**0.5 / 2  # of 40 coins


def test_translations_pass_through_a_pool_for_each_domain():
    met = []

    def keep_the_first(kept, fresh, swap):
        met.append((kept, fresh))
        return kept, kept

    model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
    settings = cycle_gan.Settings(updates=3, batch_size=4, pool_size=4)
    steps = cycle_gan.train(
        model, *clouds(), settings, generator=seeded(0), exchange=keep_the_first
    )
    next(steps)
    assert len(met[-1][0]) == 0  # the pool was empty, and fills
    finish(steps)
    first, second = met[-4][0], met[-2][0]  # of X, in the second update and in the third
    assert torch.equal(first.sort(0).values, second.sort(0).values)
    assert not torch.equal(met[-4][1], first)


@pytest.mark.parametrize("through_both", [True, False])
def test_the_cycle_reaches_through_the_translation_only_where_that_is_asked_for(through_both):
    reached = []

    def spy(G, F, x, y):
        made = G(x)
        slope = torch.autograd.grad(F(made).sum(), made, retain_graph=True, allow_unused=True)
        reached.append(slope[0] is not None)
        return cycle_gan.cycle_loss(G, F, x, y)

    model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
    settings = cycle_gan.Settings(updates=2, through_both=through_both)
    finish(cycle_gan.train(model, *clouds(), settings, generator=seeded(0), cycle=spy))
    assert reached == [through_both] * 2


def test_the_identity_loss_is_only_measured_where_it_has_a_weight():
    for weight in (0.0, 1.0):
        model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
        settings = cycle_gan.Settings(updates=1, identity_weight=weight)
        step = next(cycle_gan.train(model, *clouds(), settings, generator=seeded(0)))
        assert (step.metrics["identity"] > 0) == (weight > 0)


def test_a_shut_gate_changes_nothing():
    generator = seeded(6)
    translator = cycle_gan.Translator(3, 8, 1, generator=generator)
    images = torch.rand(2, 3, 16, 16, generator=generator)
    output = translator.layers[-2]
    torch.nn.init.zeros_(output.weight)
    output.bias.data[-4:] = -100  # the four gates
    assert torch.allclose(translator(images), images)
    output.bias.data[-4:] = 100
    assert torch.allclose(translator(images), torch.full_like(images, 0.5))


@pytest.mark.parametrize("skip", ["add", "none"])
def test_other_skips_stay_in_range_too(skip):
    images = torch.rand(2, 1, 16, 16, generator=seeded(7))
    translator = cycle_gan.Translator(1, 8, 1, skip=skip, generator=seeded(8))
    translated = translator(images)
    assert translated.shape == images.shape
    assert 0 <= translated.min() <= translated.max() <= 1
    torch.nn.init.zeros_(translator.layers[-2].weight)
    expected = images if skip == "add" else torch.full_like(images, 0.5)
    assert torch.allclose(translator(images), expected)


def test_divergence_brings_back_the_last_finite_model():
    settings = cycle_gan.Settings(updates=200, batch_size=8)
    model = cycle_gan.for_points(n_hidden=8, generator=seeded(0))
    calls = iter(range(10**6))

    def broken(G, F, x, y):
        if next(calls) > 120:
            next(model.G.parameters()).data.fill_(float("nan"))
        return cycle_gan.cycle_loss(G, F, x, y)

    with pytest.raises(DivergenceError) as caught:
        finish(cycle_gan.train(model, *clouds(), settings, generator=seeded(0), cycle=broken))
    assert caught.value.restored_to == 100
    assert all(value.isfinite().all() for value in model.state_dict().values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cycle_weight": -1.0}, "cycle_weight must be"),
        ({"pool_size": -1}, "pool_size must be a whole number ≥ 0, got -1"),
        ({"objective": "hinge"}, "objective among"),
        ({"mirror": True}, "only images can be mirrored"),
    ],
)
def test_refuses_settings(changes, message):
    model = cycle_gan.for_points(generator=seeded(0))
    with pytest.raises(ValueError, match=message):
        cycle_gan.train(model, *clouds(), cycle_gan.Settings(**changes), generator=seeded(0))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.rand(3, 8, 8), torch.rand(3, 8, 8), r"got \(3, 8, 8\); give grey images a channel"),
        (torch.rand(0, 2), torch.rand(3, 2), r"expected x of shape .* got \(0, 2\)"),
        (torch.rand(3, 2), torch.rand(3, 3), r"expected y of shape \(m, 2\)"),
        (torch.rand(3, 2).double(), torch.rand(3, 2), "got torch.float64"),
        (torch.rand(3, 2), torch.full((3, 2), float("nan")), "expected y finite, got 6 NaN"),
        (torch.rand(3, 1, 8, 8) * 255, torch.rand(3, 1, 8, 8), r"x in \[0, 1\], got values"),
    ],
)  # fmt: skip
def test_refuses_data(x, y, message):
    model = cycle_gan.for_points(generator=seeded(0))
    with pytest.raises(ValueError, match=message):
        cycle_gan.train(model, x, y, cycle_gan.Settings(), generator=seeded(0))


def test_f_may_be_narrower_than_g():
    def widths(**sizes):
        model = cycle_gan.for_images(3, width=8, n_blocks=1, generator=seeded(0), **sizes)
        return [net.layers[1][0].out_channels for net in (model.G, model.F)]

    assert widths() == [8, 8]
    assert widths(back_width=4) == [8, 4]


def test_what_repeats_with_the_patch_is_drawn_in_every_place_alike():
    grey = torch.full((1, 3, 64, 64), 0.4)
    for patch in (2, 4):
        net = cycle_gan.Translator(3, 8, 1, skip="none", patch=patch, generator=seeded(9))
        inside = net(grey)[..., 24:40, 24:40].detach()  # far from the rim, which a net can see
        assert torch.allclose(inside.roll(patch, 3), inside, atol=1e-6)
        assert not torch.allclose(inside.roll(patch // 2, 3), inside, atol=1e-3)
    with pytest.raises(ValueError, match=r"expected images .* 4·height, 4·width\), got"):
        net(torch.zeros(1, 3, 10, 8))
    four = cycle_gan.for_images(3, width=8, patch=4, generator=seeded(0))
    assert [each.layers[0].downscale_factor for each in (four.G, four.F)] == [4, 4]


def test_refuses_sizes_and_skips():
    with pytest.raises(ValueError, match="skip among gate, add, none, got 'dense'"):
        cycle_gan.Translator(3, skip="dense", generator=seeded(0))
    with pytest.raises(ValueError, match="n_channels ≥ 1, got 0"):
        cycle_gan.for_images(0, generator=seeded(0))
    with pytest.raises(ValueError, match="n_dims ≥ 1, got 0"):
        cycle_gan.for_points(0, generator=seeded(0))


@pytest.mark.gpu
def test_on_a_gpu():
    generator = torch.Generator("cuda").manual_seed(0)
    model = cycle_gan.for_images(1, width=8, n_blocks=1, generator=generator)
    images = torch.rand(8, 1, 16, 16, device="cuda")
    settings = cycle_gan.Settings(updates=3, pool_size=4, mirror=True)
    finish(cycle_gan.train(model, images, images, settings, generator=generator))
    assert model.to_y(images).isfinite().all()
