"""The slide's terms against their definitions, and which of them reaches which net."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Laplace, Normal, kl_divergence

from lecturekit import unit
from lecturekit.unit.losses import streams_of_pairs
from lecturekit.unit.model import Pair
from tests.unit.nets import images, seeded, small

SETTINGS = unit.Settings()


def made_of(model, x1, x2, seed=5):
    return unit.streams(model, x1, x2, generator=seeded(seed))


class TestPieces:
    def test_kl_is_torch_s(self, generator):
        mean, log_variance = torch.randn(2, 7, 3, generator=generator)
        q = Normal(mean, (0.5 * log_variance).exp())
        theirs = kl_divergence(q, Normal(0.0, 1.0)).sum(1)
        torch.testing.assert_close(unit.gaussian_kl(mean, log_variance), theirs)

    def test_the_kl_of_a_code_is_per_latent_number(self, generator):
        mean = torch.randn(4, 3, 2, 2, generator=generator)
        theirs = kl_divergence(Normal(mean, 1.0), Normal(0.0, 1.0)).mean()
        torch.testing.assert_close(unit.kl_to_prior(mean), theirs)

    def test_laplace_error_is_its_negative_log_density_but_for_a_constant(self):
        x, y = images(3), images(3, 1)
        theirs = -Laplace(y, 1.0).log_prob(x).mean() - torch.log(torch.tensor(2.0))
        torch.testing.assert_close(unit.laplace_error(x, y), theirs)


class TestStreams:
    @pytest.mark.parametrize("shared", [True, False])
    def test_every_stream_is_its_composition(self, shared, monkeypatch):
        """With codes that carry no noise, and batches of different sizes."""
        model, x1, x2 = small(shared=shared, alike=False), images(3), images(5, 1)
        monkeypatch.setattr(torch.Tensor, "normal_", lambda noise, **_: noise.zero_())
        quiet = made_of(model, x1, x2)
        E1, E2, G1, G2 = model.E1, model.E2, model.G1, model.G2
        z1, z2 = E1(x1), E2(x2)
        x12, x21 = G2(z1), G1(z2)
        expected = unit.Streams(
            z1, z2, G1(z1), G2(z2), x12, x21, E2(x12), E1(x21), G1(E2(x12)), G2(E1(x21))
        )
        for name, got, wanted in zip(unit.Streams._fields, quiet, expected, strict=True):
            torch.testing.assert_close(got, wanted, msg=lambda m, name=name: f"{name}: {m}")

    def test_pairs_of_a_family_go_side_by_side_as_each_would_alone(self, monkeypatch):
        sizes = dict(width=6, n_latent=3, discriminator_width=4)
        family = unit.family_for_images(4, 1, generator=seeded(0), **sizes)
        with torch.no_grad():  # domains begin alike, which would hide an exchange
            for place, parameter in enumerate(family.autoencoders.parameters()):
                parameter += 0.3 * torch.randn(parameter.shape, generator=seeded(place))
        monkeypatch.setattr(torch.Tensor, "normal_", lambda noise, **_: noise.zero_())
        nets = [family.pair(2, 0), family.pair(1, 3)]
        x = [Pair(images(3), images(5, 1)), Pair(images(2, 2), images(4, 3))]
        together = streams_of_pairs(nets, x, generator=seeded(1))
        for its, pair, made in zip(nets, x, together, strict=True):
            torch.testing.assert_close(tuple(made), tuple(made_of(its, *pair)))

    @pytest.mark.parametrize(("shared", "passes"), [(True, 4), (False, 8)])
    def test_shared_layers_are_gone_through_once_for_all(self, shared, passes, monkeypatch):
        """Codes of both domains, images of both, codes of translations, and the way back."""
        model, seen = small(shared=shared), []
        for layers in {net.shared for net in (model.E1, model.E2, model.G1, model.G2)}:
            layers.register_forward_hook(lambda *_: seen.append(1))
        made_of(model, images(3), images(5, 1))
        assert len(seen) == passes

    def test_codes_have_unit_variance_around_the_mean(self, monkeypatch):
        """What reaches the generators, less the means: within 5 standard errors."""
        model, x = small(), images(32)
        seen, shared = [], model.G2.shared.forward
        monkeypatch.setattr(model.G2.shared, "forward", lambda z: seen.append(z) or shared(z))
        made = made_of(model, x, x)
        noise = seen[0] - torch.cat([made.mean1, made.mean2])
        assert abs(noise.var() - 1) <= 5 * (2 / noise.numel()) ** 0.5
        assert abs(noise.mean()) <= 5 / noise.numel() ** 0.5


class TestTerms:
    def test_they_are_the_paper_s_formulas(self):
        model, x1, x2 = small(), images(3), images(4, 1)
        made = made_of(model, x1, x2)
        first, second = unit.autoencoder_terms(model, x1, x2, made, "saturating")
        half_square = lambda mean: mean.square().mean() / 2  # noqa: E731
        torch.testing.assert_close(first.kl, half_square(made.mean1))
        torch.testing.assert_close(
            first.cycle_kl, half_square(made.mean1) + half_square(made.mean12)
        )
        torch.testing.assert_close(
            second.cycle_kl, half_square(made.mean2) + half_square(made.mean21)
        )
        torch.testing.assert_close(first.reconstruction, (made.x11 - x1).abs().mean())
        torch.testing.assert_close(second.cycle, (made.x212 - x2).abs().mean())
        slide = (1 - torch.sigmoid(model.D1(made.x21))).log().mean()
        torch.testing.assert_close(first.adversarial, slide)
        slide = (1 - torch.sigmoid(model.D2(made.x12))).log().mean()
        torch.testing.assert_close(second.adversarial, slide)

    def test_weights(self):
        terms = unit.Terms(*torch.tensor([2.0, 3.0, 5.0, 7.0, 11.0]))
        settings = unit.Settings(
            gan_weight=1.5,
            kl_weight=0.1,
            reconstruction_weight=10,
            cycle_kl_weight=0.2,
            cycle_weight=20,
        )
        losses = unit.weighted(terms, settings)
        torch.testing.assert_close(
            torch.stack(losses), torch.tensor([0.1 * 2 + 10 * 3, 1.5 * 5, 0.2 * 7 + 20 * 11])
        )

    def test_discriminators_send_nothing_back_to_the_generators(self):
        model, x1, x2 = small(), images(3), images(4, 1)
        made = made_of(model, x1, x2)
        sum(unit.discriminator_terms(model, x1, x2, made, "least squares")).backward()
        assert all(p.grad is None for p in model.autoencoders.parameters())
        assert all(p.grad is not None for p in model.discriminators.parameters())


# Losses downwards: VAE₁ GAN₁ CC₁ VAE₂ GAN₂ CC₂, from the paper's definitions.
UNSHARED = {
    "E₁": [1, 0, 1, 0, 1, 1],
    "G₁": [1, 1, 1, 0, 0, 1],
    "E₂": [0, 1, 1, 1, 0, 1],
    "G₂": [0, 0, 1, 1, 1, 1],
    "D₁": [0, 1, 0, 0, 0, 0],
    "D₂": [0, 0, 0, 0, 1, 0],
}


class TestReach:
    def table(self, shared):
        return unit.reach(
            small(shared=shared), images(3), images(4, 1), SETTINGS, generator=seeded(1)
        )

    def test_unshared_layers_are_reached_as_the_definitions_say(self):
        table = self.table(shared=False)
        assert table.losses == ("VAE ₁", "GAN ₁", "CC ₁", "VAE ₂", "GAN ₂", "CC ₂")
        for part, column in UNSHARED.items():
            assert [table.reaches(loss, part) for loss in table.losses] == [bool(c) for c in column]

    def test_shared_layers_are_reached_by_all_and_own_layers_as_before(self):
        table = self.table(shared=True)
        for loss in table.losses:
            assert table.reaches(loss, "E shared")
            assert table.reaches(loss, "G shared")
        for part, column in UNSHARED.items():
            assert [table.reaches(loss, part) for loss in table.losses] == [bool(c) for c in column]

    def test_leaves_no_gradient_behind(self):
        model = small()
        unit.reach(model, images(3), images(3), SETTINGS, generator=seeded(1))
        assert all(p.grad is None for p in model.parameters())

    def test_a_norm_is_that_of_backward(self):
        model, x1, x2 = small(), images(3), images(4, 1)
        table = unit.reach(model, x1, x2, SETTINGS, generator=seeded(1))
        made = unit.streams(model, x1, x2, generator=seeded(1))
        terms, _ = unit.autoencoder_terms(model, x1, x2, made, "least squares")
        unit.weighted(terms, SETTINGS).cc.backward()
        squares = sum(p.grad.square().sum() for p in model.E2.own.parameters())
        row, column = table.losses.index("CC ₁"), table.parts.index("E₂")
        torch.testing.assert_close(table.norms[row, column], squares.sqrt())
