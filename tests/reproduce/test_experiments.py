"""The RBMs' experiments on small generated images: data, all five methods, scores, checkpoints."""

from __future__ import annotations

import pytest
import torch

from lecturekit import data, rbm, reproduce
from lecturekit.data import LabelledImages
from lecturekit.reproduce.class_rbm import Classifier
from lecturekit.reproduce.contestant import METHODS
from lecturekit.reproduce.digits import Digits
from lecturekit.reproduce.small_rbm import SmallRBM
from tests.reproduce.generated import mnist


@pytest.fixture(autouse=True)
def generated(monkeypatch):
    monkeypatch.setattr(data, "mnist", mnist)


TASKS = pytest.mark.parametrize("make", [SmallRBM, Classifier])


class TestDigits:
    def test_a_sixth_of_the_training_images_is_held_out(self):
        digits = Digits("thresholded")
        whole = mnist("train")
        assert (len(digits.train.labels), len(digits.validation.labels)) == (500, 100)
        together = torch.cat([digits.train.images, digits.validation.images])
        assert torch.equal(together, data.threshold(whole.images))
        assert torch.equal(digits.validation.labels, whole.labels[500:])
        assert torch.equal(digits.test.images, data.threshold(mnist("test").images))

    def test_sampled_pixels_are_anew_for_training_and_fixed_for_scores(self, generator):
        digits, again = Digits("sampled"), Digits("sampled")
        assert torch.equal(digits.validation.images, again.validation.images)
        assert torch.equal(digits.test.images, again.test.images)
        grey = digits.train.images
        shown = [digits.shown(grey, generator) for _ in range(400)]
        assert not torch.equal(shown[0], shown[1])
        assert set(torch.cat(shown).unique().tolist()) == {0.0, 1.0}
        error = (grey * (1 - grey) / 400).sqrt()
        assert ((torch.stack(shown).mean(0) - grey).abs() <= 6 * error).all()


@TASKS
@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns(make, method):
    """The validation score rises in 300 updates, by far more than it varies."""
    task = make("sampled")
    run = task.begin(method, 0.1, 0)
    before = task.scores(run)
    for _ in range(300):
        task.update(run, 0.1)
    after = task.scores(run)
    least = {SmallRBM: 0.5, Classifier: 0.2}[make]
    assert after.validation > before.validation + least
    assert after.test > before.test + least


@TASKS
@pytest.mark.parametrize("method", METHODS)
def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been(make, method, tmp_path):
    task = make("sampled")
    run = task.begin(method, 0.1, 0)
    for _ in range(7):
        task.update(run, 0.1)
    torch.save(run, tmp_path / "run")
    kept = torch.load(tmp_path / "run", weights_only=False)
    for each in (run, kept):
        for _ in range(7):
            task.update(each, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(run.model.theta, kept.model.theta, strict=True))


def test_every_epoch_shows_every_image_once():
    task = SmallRBM("thresholded")
    run = task.begin("CD-1", 0.1, 0)
    for _ in range(2):
        rows = torch.cat([run.next_rows(500) for _ in range(5)])
        assert torch.equal(rows.sort().values, torch.arange(500))


def test_scores_of_the_small_rbm_are_exact_likelihoods():
    task = SmallRBM("sampled")
    run = task.begin("PCD", 0.1, 0)
    for _ in range(20):
        task.update(run, 0.1)
    parts = task.digits.validation, task.digits.test
    expected = [rbm.exact_log_likelihood(run.model, part.images).mean().item() for part in parts]
    assert task.scores(run) == pytest.approx(expected, abs=1e-4)


def test_scores_of_the_classifier_are_shares_right():
    task = Classifier("sampled")
    run = task.begin("FPCD", 0.1, 0)
    for _ in range(100):
        task.update(run, 0.1)
    images, labels = task.digits.test
    free = [
        run.model.free_energy(run.model.join(images, torch.full_like(labels, y))) for y in range(10)
    ]
    right = (torch.stack(free).argmin(0) == labels).double().mean().item()
    assert task.scores(run).test == pytest.approx(right)


def test_fast_weights_learn_at_the_rate_of_the_start():
    run = SmallRBM("sampled").begin("FPCD", 0.3, 0)
    assert run.phase.fast_learning_rate == 0.3


class TestFigures:
    @pytest.mark.parametrize("experiment", reproduce.EXPERIMENTS)
    def test_every_name_has_published_curves_of_our_methods(self, experiment):
        for name in experiment.names:
            figure = reproduce.published(name)
            assert set(figure.curves) <= set(experiment.methods)
            assert figure.quantity == experiment.quantity
            for curve in figure.curves.values():
                seconds = [point[0] for point in curve]
                assert seconds == sorted(seconds)

    def test_values_are_those_of_the_figures(self):
        """Spot checks: PCD ends at 2^13.1 s and −129.2, FPCD at 5.4 hours and .982."""
        assert reproduce.published("pcd1").curves["PCD"][-1] == (pytest.approx(8780, abs=1), -129.2)
        assert reproduce.published("fpcd2").curves["FPCD"][-1] == (5.4 * 3600, 0.982)

    def test_lines_are_the_points_as_a_plot_takes_them(self):
        figure = reproduce.published("pcd1")
        seconds, values = figure.lines["PCD"]
        assert list(zip(seconds, values, strict=True)) == list(figure.curves["PCD"])
        assert figure.lines.keys() == figure.curves.keys()

    def test_unknown_names_are_refused_with_those_that_there_are(self):
        with pytest.raises(ValueError, match="there are: pcd1, pcd2, fpcd1, fpcd2"):
            reproduce.published("pcd3")
        with pytest.raises(ValueError, match="there are: pcd1, fpcd1, fpcd2"):
            reproduce.experiment("pcd3")

    def test_two_figures_of_one_experiment_share_a_record(self):
        assert reproduce.experiment("fpcd1") is reproduce.experiment("pcd1")
        assert reproduce.recorded("fpcd1") == reproduce.recorded("pcd1")


def test_generated_images_look_like_mnist():
    train = mnist("train")
    assert isinstance(train, LabelledImages)
    assert 0 <= train.images.min() < train.images.max() <= 1
