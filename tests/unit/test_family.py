"""A family: one latent space for many domains, trained as many two-domain models."""

from __future__ import annotations

import pytest
import torch

from lecturekit import unit
from lecturekit.unit.family import random_pairs
from tests.unit.nets import images, seeded


def small(n_domains=4, seed=0):
    sizes = dict(width=6, n_latent=3, discriminator_width=4)
    return unit.family_for_images(n_domains, 1, generator=seeded(seed), **sizes)


def test_all_encoders_end_and_all_generators_begin_in_the_same_layers():
    family = small()
    for nets in (family.encoders, family.generators):
        assert len({id(net.shared) for net in nets}) == 1
        assert len({id(net.own) for net in nets}) == 4
    averaged = family.averaged.module
    assert averaged["E"][0].shared is averaged["E"][3].shared


@pytest.mark.parametrize("anew", [False, True])
def test_domains_begin_alike_but_for_the_discriminators(anew):
    family, x = small(), images(3)
    if anew:
        family.initialise(seeded(5))
    assert torch.equal(family.encode(0, x), family.encode(3, x))
    assert torch.equal(family.translate(x, 1, 2), family.translate(x, 3, 0))
    assert not torch.equal(family.discriminators[0](x), family.discriminators[1](x))


def test_a_translation_is_one_encoder_then_another_generator():
    family, x, generator = small(), images(3), seeded(7)
    with torch.no_grad():  # domains begin alike: no two of their nets are to stay so
        for each in family.autoencoders.parameters():
            each.add_(0.3 * torch.randn(each.shape, generator=generator))
        family.averaged.module.load_state_dict(family.autoencoders.state_dict())
        made = {
            (i, j): family.generators[j](family.encoders[i](x)) for i in range(4) for j in range(4)
        }
    for (i, j), expected in made.items():
        torch.testing.assert_close(family.translate(x, i, j), expected)
    assert not torch.allclose(made[1, 2], made[1, 3])
    assert not torch.allclose(made[1, 2], made[0, 2])


def test_a_pair_is_the_two_domain_model():
    family = small()
    nets = family.pair(3, 1)
    E, G, D = family.encoders, family.generators, family.discriminators
    assert list(map(id, nets)) == list(map(id, (E[3], E[1], G[3], G[1], D[3], D[1])))


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_every_domain_is_in_a_pair_and_every_pair_comes_up(n):
    generator, seen = seeded(0), set()
    for _ in range(200):
        pairs = random_pairs(n, generator=generator)
        assert len(pairs) == (n + 1) // 2
        assert all(i != j for i, j in pairs)
        assert {i for pair in pairs for i in pair} == set(range(n))
        seen |= set(pairs)
    assert len(seen) == n * (n - 1)


def test_two_domains_take_the_same_first_step_as_the_two_domain_trainer():
    """The same nets, the same batches and codes: the same metrics, but for the order of the two."""
    family, x = small(2), images(6, 1)
    settings = unit.Settings(updates=1, batch_size=6)
    model = unit.UNIT(
        tuple(family.encoders), tuple(family.generators), tuple(family.discriminators)
    )
    ours = next(unit.train_family(family, [x, x], settings, generator=seeded(2)))
    theirs = next(unit.train(model, x, x, settings, generator=seeded(2)))
    assert ours.metrics.keys() == theirs.metrics.keys()
    for name, value in ours.metrics.items():  # other draws of the codes' noise
        torch.testing.assert_close(value, theirs.metrics[name], rtol=0.2, atol=0.02)


@pytest.mark.parametrize("n", [3, 4])
def test_an_update_moves_every_net(n):
    family = small(n)
    before = [p.detach().clone() for p in family.parameters()]
    domains = [images(5, seed) for seed in range(n)]
    steps = unit.train_family(
        family, domains, unit.Settings(updates=2, batch_size=3), generator=seeded(0)
    )
    assert [step.index for step in steps] == [1, 2]
    for net in (*family.encoders, *family.generators, *family.discriminators):
        assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())
    assert not any(torch.equal(p, q) for p, q in zip(before, family.parameters(), strict=True))


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"n_domains in \[2, 100\], got 1"):
        small(1)
    with pytest.raises(ValueError, match="images of 4 domains, got 2"):
        unit.train_family(small(), [images(3)] * 2, unit.Settings(), generator=seeded(0))
    with pytest.raises(ValueError, match=r"domains\[1\]"):
        unit.train_family(
            small(2), [images(3), 2 * images(3)], unit.Settings(), generator=seeded(0)
        )
    family = small()
    with pytest.raises(ValueError, match="for each of two or more domains, got 4, 4, 3"):
        unit.Family(family.encoders, family.generators, family.discriminators[:3])
