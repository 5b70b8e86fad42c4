"""The classifier that judges generated digits."""

from __future__ import annotations

import pytest
import torch

from lecturekit import data
from lecturekit.evaluation.classifier import train_classifier


def test_it_learns_handwritten_digits_and_judges_images_it_has_not_seen(generator):
    images, labels = data.digits()
    model = train_classifier(images[:1300], labels[:1300], updates=300, generator=generator)
    # five standard errors of an accuracy of .95 on 497 images are .05
    assert model.agreement(images[1300:], labels[1300:]) > 0.90
    assert model.predict(images[:5]).dtype == torch.long


def test_the_same_seed_gives_the_same_classifier(generator):
    images, labels = data.digits()
    state = generator.get_state()
    first = train_classifier(images, labels, updates=5, generator=generator)
    generator.set_state(state)
    second = train_classifier(images, labels, updates=5, generator=generator)
    assert torch.equal(first(images), second(images))


def test_flat_rows_are_the_same_as_images(generator):
    images, labels = data.digits()
    model = train_classifier(images, labels, updates=1, generator=generator)
    assert torch.equal(model(images), model(images.flatten(1)))


def test_agreement_counts_equal_labels(generator):
    images, labels = data.digits()
    model = train_classifier(images, labels, updates=20, generator=generator)
    predicted = model.predict(images[:4])
    other = (predicted + torch.tensor([0, 1, 0, 0])) % 10
    assert model.agreement(images[:4], other) == 0.75


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (torch.zeros(3, 8, 8), torch.zeros(2, dtype=torch.long), r"labels of shape \(3,\)"),
        (
            torch.zeros(3, 8, 8),
            torch.zeros(3),
            r"expected labels of whole numbers \(int64\), got torch\.float32",
        ),
        (
            torch.zeros(3),
            torch.zeros(3, dtype=torch.long),
            r"images of shape \(n, d, \.\.\.\), got \(3,\)",
        ),
        (torch.zeros(3, 8, 8), torch.tensor([0, -1, 2]), "labels ≥ 0"),
    ],
)
def test_data_that_do_not_fit_are_refused(images, labels, message, generator):
    with pytest.raises(ValueError, match=message):
        train_classifier(images, labels, generator=generator)


def test_images_of_another_size_are_refused(generator):
    images, labels = data.digits()
    model = train_classifier(images, labels, updates=1, generator=generator)
    with pytest.raises(ValueError, match=r"expected images of shape \(n, 8, 8\)"):
        model.predict(torch.zeros(1, 28, 28))
    with pytest.raises(ValueError, match="expected labels"):
        model.agreement(images, labels[:3])
