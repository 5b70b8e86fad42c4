"""The RBM as a classifier, against the table of all images with all labels."""

import math

import pytest
import torch

from lecturekit import data, rbm
from lecturekit.training import finish

from .plain import all_states, flat, joint

PIXELS, CLASSES, HIDDEN = 3, 3, 2


@pytest.fixture
def model(generator):
    model = rbm.ClassRBM(
        PIXELS, CLASSES, HIDDEN, weight_scale=1.0, generator=generator, dtype=torch.float64
    )
    with torch.no_grad():
        for bias in (model.b, model.c):
            bias.copy_(torch.randn(bias.shape, generator=generator))
    return model


@pytest.fixture
def table(model):
    """exp(−E(v, h)): rows are the 24 states of v, image by image and then label by label."""
    return joint(model)[rbm.state_index(every_state(model))]


def every_state(model):
    images = all_states(PIXELS).repeat_interleave(CLASSES, 0)
    return model.join(images, torch.arange(CLASSES).repeat(2**PIXELS))


def test_labels_stand_behind_the_pixels_one_on_in_each_row(model):
    v = model.join(torch.tensor([[0.0, 1, 0], [1, 1, 0]]), torch.tensor([2, 0]))
    assert v.tolist() == [[0, 1, 0, 0, 0, 1], [1, 1, 0, 1, 0, 0]]


def test_label_given_image_is_that_of_the_table(model, table):
    by_label = table.sum(1).reshape(2**PIXELS, CLASSES)
    expected = by_label / by_label.sum(1, keepdim=True)
    images = all_states(PIXELS)
    torch.testing.assert_close(model.label_log_probabilities(images).exp().detach(), expected)
    assert torch.equal(model.classify(images), expected.argmax(1))


def test_visible_given_hidden_is_that_of_the_table(model, table):
    expected = (table / table.sum(0)).t() @ every_state(model)  # E[v | h], hidden states in rows
    torch.testing.assert_close(model.visible_probabilities(all_states(HIDDEN)).detach(), expected)


def test_likelihood_of_image_and_label_is_that_of_the_table(model, table):
    expected = (table.sum(1) / table.sum()).log()
    torch.testing.assert_close(
        rbm.exact_log_likelihood(model, every_state(model)).detach(), expected
    )


def test_images_of_a_class_are_an_rbm_s(model, table):
    of_one = table.sum(1).reshape(2**PIXELS, CLASSES)[:, 1]
    torch.testing.assert_close(
        rbm.exact_visible_distribution(model.given_label(1)), of_one / of_one.sum()
    )


def test_gradient_is_that_of_the_likelihood_of_the_joint(model, table):
    """Autograd through log Z of the table's free energies, against the two phases."""
    v = every_state(model)
    seen = v[[0, 4, 4, 11, 23]]
    log_z = torch.logsumexp(-model.free_energy(v), 0)
    (-model.free_energy(seen).mean() - log_z).backward()
    expected = torch.cat([p.grad.flatten() for p in (model.W, model.b, model.c)])
    weight = (table.sum(1) / table.sum())[:, None]
    visible, hidden = model.clamp(v)
    negative = rbm.Theta(
        -(visible * weight).t() @ hidden, -(visible * weight).sum(0), -(hidden * weight).sum(0)
    )
    phases = negative - rbm.energy_gradient(model.clamp(seen))
    torch.testing.assert_close(flat(phases), expected)


def test_gibbs_steps_follow_the_table(model, table, generator):
    """Where one step leads from one state, over all 24: chi-square, 5 standard deviations."""
    n, start = 40_000, 7
    up, down = table / table.sum(1, keepdim=True), (table / table.sum(0)).t()
    expected = n * (up @ down)[start]
    data_state = model.clamp(every_state(model)[start].expand(n, -1))
    end = rbm.ContrastiveDivergence(1).advance(model, data_state, generator=generator).visible
    assert torch.equal(end[:, PIXELS:].sum(1), torch.ones(n, dtype=torch.float64))
    image, label = rbm.state_index(end[:, :PIXELS]), end[:, PIXELS:].argmax(1)
    counts = torch.bincount(image * CLASSES + label, minlength=24)
    chi2 = ((counts - expected) ** 2 / expected).sum().item()
    assert abs(chi2 - 23) <= 5 * math.sqrt(2 * 23)


def test_mean_field_keeps_the_group_a_distribution(model, generator):
    data_state = model.clamp(every_state(model))
    end = rbm.MeanFieldCD(3).advance(model, data_state, generator=generator).visible
    torch.testing.assert_close(end[:, PIXELS:].sum(1), torch.ones(24, dtype=torch.float64))


def test_it_starts_at_the_shares_of_pixels_and_labels(model, generator):
    """With W = 0 the model is then that of independent pixels and labels."""
    v = every_state(model)[[0, 1, 1, 4, 4, 4, 4, 8, 8, 8, 11, 23]].repeat(500, 1)
    model.weight_scale = 0.0
    model.initialise(generator, v)
    at_start = model.visible_probabilities(torch.zeros(1, HIDDEN, dtype=torch.float64))[0]
    torch.testing.assert_close(at_start.detach(), v.mean(0), atol=1e-3, rtol=0)


METHODS = [rbm.MeanFieldCD, rbm.ContrastiveDivergence, rbm.PersistentCD, rbm.FastPersistentCD]


@pytest.mark.parametrize("make", METHODS)
def test_it_learns_the_digits(make, generator):
    """Nine of ten of 397 digits that training has not seen, by all negative phases, in seconds."""
    images, labels = data.threshold(data.digits().images, 0.3), data.digits().labels
    model = rbm.ClassRBM(64, 10, 100)
    train, test = torch.randperm(1797, generator=generator).split([1400, 397])
    rows = model.join(images[train], labels[train])
    model.initialise(generator, rows)
    settings = rbm.Settings(updates=4000, learning_rate=0.3)
    finish(rbm.train(model, rows, settings, negative_phase=make(), generator=generator))
    right = (model.classify(images[test]) == labels[test]).double().mean().item()
    assert right >= 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, g: rbm.ClassRBM(4, 1, 2), "n_classes ≥ 2, got 1"),
        (lambda m, g: m.join(torch.zeros(2, 4), torch.tensor([0, 1])), r"\(n, 3\), got \(2, 4\)"),
        (
            lambda m, g: m.join(torch.zeros(2, 3), torch.tensor([0])),
            r"expected labels of shape \(2,\), got \(1,\)",
        ),
        (lambda m, g: m.join(torch.zeros(1, 3), torch.tensor([3])), "from 0 to 2, got 3 to 3"),
        (lambda m, g: m.label_log_probabilities(torch.zeros(2, 6)), r"\(n, 3\), got \(2, 6\)"),
        (lambda m, g: rbm.exact_visible_distribution(m), "binary units, got ClassRBM"),
        (lambda m, g: rbm.ais_log_partition(m, generator=g), "binary units, got ClassRBM"),
        (lambda m, g: rbm.pseudo_log_likelihood(m, torch.zeros(1, 6).double()), "got ClassRBM"),
        (
            lambda m, g: rbm.train(
                m,
                torch.zeros(2, 6, dtype=torch.float64),
                rbm.Settings(),
                negative_phase=rbm.PersistentCD(),
                generator=g,
            ),
            "one of the last 3 units is on",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message, model, generator):
    with pytest.raises(ValueError, match=message):
        call(model, generator)
