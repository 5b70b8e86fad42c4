"""Encoders and generators: what they share, what passes through the code, what translations use."""

from __future__ import annotations

import pytest
import torch

from lecturekit import unit
from tests.unit.nets import images, seeded, small


def test_shared_layers_are_one_module_object():
    model = small()
    assert model.E1.shared is model.E2.shared
    assert model.G1.shared is model.G2.shared
    assert model.shares_layers
    assert model.E1.own is not model.E2.own
    assert model.G1.own is not model.G2.own


def test_the_averages_share_them_too():
    averaged = small().averaged.module
    assert averaged["E1"].shared is averaged["E2"].shared
    assert averaged["G1"].shared is averaged["G2"].shared


def test_unshared_layers_have_the_same_form_and_nothing_else_in_common():
    unshared = small(shared=False, alike=False)
    assert not unshared.shares_layers
    for a, b in [(unshared.E1, unshared.E2), (unshared.G1, unshared.G2)]:
        assert a.shared is not b.shared
        assert str(a.shared) == str(b.shared)
        assert not any(p is q for p in a.parameters() for q in b.parameters())
        weights = (next(net.shared.parameters()) for net in (a, b))
        assert not torch.equal(*weights)


@pytest.mark.parametrize("shared", [True, False])
def test_domains_that_begin_alike_have_equal_codes_and_images_but_no_parameter_in_common(shared):
    model, x = small(shared=shared), images(3)
    assert torch.equal(model.encode_1(x), model.encode_2(x))
    assert torch.equal(model.to_2(x), model.to_1(x))
    for one, two in [(model.E1.own, model.E2.own), (model.G1.own, model.G2.own)]:
        assert not {id(p) for p in one.parameters()} & {id(p) for p in two.parameters()}
    apart = small(shared=shared, alike=False)
    assert not torch.allclose(apart.to_2(x), apart.to_1(x), atol=0.01)


def test_sharing_saves_exactly_the_second_copy():
    def count(module):
        return sum(p.numel() for p in module.parameters())

    shared, unshared = small(), small(shared=False)
    saved = count(shared.E1.shared) + count(shared.G1.shared)
    assert count(unshared.autoencoders) - count(shared.autoencoders) == saved


@pytest.mark.parametrize("patch", [1, 2, 4])
def test_shapes(patch):
    model = small(patch=patch)
    z = model.encode_1(images(5))
    assert z.shape == (5, 3, 8 // patch, 8 // patch)
    assert model.decode(z).x1.shape == model.decode(z).x2.shape == (5, 1, 8, 8)


def test_no_way_leads_past_the_code():
    """Generators see nothing but the code: equal codes, equal images, whatever they came from."""
    model = small()
    with torch.no_grad():
        model.E1.own[1][0].weight.zero_()  # the encoder goes blind
    model.averaged.module.load_state_dict(model.autoencoders.state_dict())
    assert torch.equal(model.to_2(images(2, 1)), model.to_2(images(2, 2)))


def test_translations_are_encoder_then_the_other_generator():
    model, x = small(), images(4)
    averaged = model.averaged.module
    torch.testing.assert_close(model.to_2(x), averaged["G2"](averaged["E1"](x)))
    torch.testing.assert_close(model.to_1(x), averaged["G1"](averaged["E2"](x)))
    pair = model.decode(model.encode_2(x))
    torch.testing.assert_close(pair.x1, model.to_1(x))


def test_the_average_looks_back_over_about_100_updates():
    model = small()
    with torch.no_grad():
        for p in model.autoencoders.parameters():
            p.zero_()
    model.update_average()  # the first one is a copy
    with torch.no_grad():
        for p in model.autoencoders.parameters():
            p.fill_(1.0)
    for _ in range(100):
        model.update_average()
    expected = torch.tensor(1 - 0.99**100)
    for p in model.averaged.module.parameters():
        torch.testing.assert_close(p.data, expected.expand_as(p))


def test_the_same_seed_gives_the_same_nets():
    for p, q in zip(small(3).parameters(), small(3).parameters(), strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "expected width ≥ 1, got 0"),
        ({"n_latent": 0}, "≥ 1"),
        ({"patch": 0}, "≥ 1"),
        ({"n_shared_blocks": -1}, "≥ 0"),
    ],
)
def test_refuses_sizes(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


class TestAlong:
    codes = torch.tensor([[0.0, 1.0], [2.0, 3.0], [8.0, -3.0]])

    @pytest.mark.parametrize(
        ("position", "expected"),
        [(0, [0, 1]), (0.5, [1, 2]), (1, [2, 3]), (1.25, [3.5, 1.5]), (2, [8, -3])],
    )
    def test_broken_line(self, position, expected):
        torch.testing.assert_close(
            unit.along(self.codes, position), torch.tensor([expected]).float()
        )

    @pytest.mark.parametrize("position", [-0.1, 2.1, float("nan")])
    def test_refuses_positions_beyond_the_ends(self, position):
        with pytest.raises(ValueError, match=r"position (from 0|.*≥ 0, got)"):
            unit.along(self.codes, position)

    def test_refuses_a_single_code(self):
        with pytest.raises(
            ValueError, match=r"expected codes of shape \(n ≥ 2, \.\.\.\), got \(1, 2\)"
        ):
            unit.along(self.codes[:1], 0)


class TestCodesThatMeet:
    def test_equal_codes_meet_and_exchanged_ones_do_not(self, generator):
        codes = torch.randn(6, 2, 3, generator=generator)
        assert unit.codes_that_meet(codes, codes) == 1
        assert unit.codes_that_meet(codes, codes.roll(1, 0)) == 0
        swapped = codes[[1, 0, 2, 3, 4, 5]]
        torch.testing.assert_close(unit.codes_that_meet(codes, swapped), torch.tensor(4 / 6))

    def test_both_ways_count(self):
        """Seen from 1, both rows find the code in the middle; seen from 2, each finds its own."""
        one, two = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.4], [9.0]])
        torch.testing.assert_close(unit.codes_that_meet(one, two), torch.tensor(0.75))

    def test_refuses_other_shapes(self):
        with pytest.raises(ValueError, match=r"expected codes_2 of shape \(3, 2, \.\.\.\), got"):
            unit.codes_that_meet(torch.zeros(3, 2), torch.zeros(4, 2))


def test_adaptation_uses_labels_of_domain_1_alone():
    """Digits and the same upside down; the translation that turns them back adapts perfectly."""
    from lecturekit import data

    pictures, labels = data.digits()
    x, y = pictures[:, None], pictures[:, None].flip(2)
    pairs = data.Unpaired(
        x_train=x[:900], y_train=y[900:1500], x_test=x[1500:], y_test=y[1500:],
        x_labels=labels[:900], y_labels=torch.full((600,), -1), test_labels=labels[1500:],
    )  # fmt: skip
    result = unit.adaptation(lambda images: images.flip(2), pairs, generator=seeded(0))
    assert result.adapted == result.within_source > 0.85
    assert result.source_only < 0.6
    with pytest.raises(ValueError, match="x_labels and test_labels"):
        unit.adaptation(lambda i: i, data.Unpaired(x, y, x, y), generator=seeded(0))
