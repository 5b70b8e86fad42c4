"""The losses of both players, and the pool of earlier translations."""

from __future__ import annotations

import pytest
import torch

from lecturekit.adversarial import (
    OBJECTIVES,
    ImagePool,
    discriminator_loss,
    generator_loss,
)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class TestLosses:
    def test_logarithmic_losses_are_the_slide_s(self):
        real, fake = torch.tensor([0.3, -2.0]), torch.tensor([1.5, -0.2, 4.0])
        D, D_fake = torch.sigmoid(real), torch.sigmoid(fake)
        slide = D.log().mean() + (1 - D_fake).log().mean()
        for objective in ("saturating", "non-saturating"):
            assert torch.isclose(discriminator_loss(real, fake, objective), -slide)
        assert torch.isclose(generator_loss(fake, "saturating"), (1 - D_fake).log().mean())
        assert torch.isclose(generator_loss(fake, "non-saturating"), -D_fake.log().mean())

    def test_least_squares_pulls_real_to_1_and_fake_to_0(self):
        ones, zeros = torch.ones(2, 3, 3), torch.zeros(2, 3, 3)
        assert discriminator_loss(ones, zeros, "least squares") == 0
        assert discriminator_loss(zeros, ones, "least squares") == 1
        assert generator_loss(ones, "least squares") == 0
        assert generator_loss(zeros, "least squares") == 1

    def test_only_the_saturating_slope_dies_where_the_discriminator_is_sure(self):
        slopes = {}
        for objective in OBJECTIVES:
            score = torch.tensor(-12.0, requires_grad=True)
            (slopes[objective],) = torch.autograd.grad(generator_loss(score, objective), score)
        assert abs(slopes["saturating"]) < 1e-5
        assert slopes["non-saturating"] == pytest.approx(-1, abs=1e-5)
        assert slopes["least squares"] == pytest.approx(-26)

    def test_every_generator_loss_falls_as_the_score_rises(self):
        scores = torch.linspace(-5, 0.9, 30)
        for objective in OBJECTIVES:
            losses = torch.stack([generator_loss(score, objective) for score in scores])
            assert (losses.diff() < 0).all()

    def test_scores_that_overflow_a_sigmoid(self):
        huge = torch.tensor([200.0])
        for objective in ("saturating", "non-saturating"):
            assert discriminator_loss(-huge, huge, objective) == 400
            assert generator_loss(-huge, objective).isfinite()

    def test_refuses_other_objectives(self):
        score = torch.zeros(1)
        with pytest.raises(ValueError, match=r"among least squares.*got 'wgan'"):
            generator_loss(score, "wgan")
        with pytest.raises(ValueError, match=r"among least squares.*got 'wgan'"):
            discriminator_loss(score, score, "wgan")


class TestImagePool:
    def test_without_room_it_hands_on(self):
        fresh = torch.rand(4, 1, 2, 2)
        assert torch.equal(ImagePool(0).meet(fresh, generator=seeded(0)), fresh)

    def test_fills_first(self):
        pool = ImagePool(5)
        first, second = torch.arange(3.0), torch.arange(3.0, 6.0)
        assert pool.meet(first, generator=seeded(0)).tolist() == [0, 1, 2]
        assert pool.meet(second, generator=seeded(0)).tolist()[:2] == [3, 4]
        assert len(pool.kept) == 5

    def test_half_of_what_comes_is_exchanged_and_nothing_is_lost(self):
        pool, generator, given, old = ImagePool(50), seeded(1), [], 0
        for start in range(0, 4000, 4):
            fresh = torch.arange(start, start + 4.0)
            handed = pool.meet(fresh, generator=generator)
            given += handed.tolist()
            old += int((handed != fresh).sum())
        first = list(range(50))  # were handed out when they came, and kept beside that
        assert sorted(given + pool.kept.tolist()) == sorted([*range(4000), *first])
        assert old / 3950 == pytest.approx(0.5, abs=5 * 0.5 / 3950**0.5)

    def test_a_batch_larger_than_the_pool(self):
        pool = ImagePool(2)
        pool.meet(torch.tensor([0.0, 1.0]), generator=seeded(0))
        handed = pool.meet(torch.arange(2.0, 7.0), generator=seeded(0))
        assert handed[2:].tolist() == [4, 5, 6]
        assert sorted([*handed.tolist(), *pool.kept.tolist()]) == list(range(7))

    def test_keeps_copies_without_gradients(self):
        pool = ImagePool(2)
        fresh = torch.rand(2, 3, requires_grad=True) * 2
        pool.meet(fresh, generator=seeded(0))
        assert not pool.kept.requires_grad
        fresh.data.zero_()
        assert pool.kept.abs().sum() > 0

    @pytest.mark.parametrize("size", [-1, 1.5])
    def test_refuses(self, size):
        with pytest.raises(ValueError, match=f"expected size .*≥ 0, got {size}"):
            ImagePool(size)
