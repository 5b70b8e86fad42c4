"""The experiments on small generated images: data, all methods, scores, checkpoints."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from lecturekit import cycle_gan, data, evaluation, rbm, reproduce
from lecturekit import moment_matching as mm
from lecturekit.data import LabelledImages
from lecturekit.reproduce import (
    class_rbm,
    cyclegan,
    dae,
    dem,
    gmmn,
    image_rbm,
    parzen,
    unit_digits,
)
from lecturekit.reproduce.class_rbm import Classifier
from lecturekit.reproduce.contestant import METHODS
from lecturekit.reproduce.digits import Digits, Minibatches
from lecturekit.reproduce.experiment import Scores
from lecturekit.reproduce.image_rbm import LargeRBM, SmallRBM
from tests.reproduce.generated import mnist, usps

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def generated(monkeypatch):
    """Small images, and networks and scores as small as they."""
    monkeypatch.setattr(data, "mnist", mnist)
    monkeypatch.setattr(data, "usps", usps)
    monkeypatch.setattr(image_rbm, "N_LEVELS", (30, 300))
    monkeypatch.setattr(LargeRBM, "n_hidden", 30)
    monkeypatch.setattr(class_rbm, "N_HIDDEN", 50)
    for module in (gmmn, dem, dae):
        monkeypatch.setattr(module, "N_SAMPLES", 400)
    monkeypatch.setattr(gmmn, "HIDDEN", (64, 64))
    monkeypatch.setattr(gmmn, "BATCH", 100)
    monkeypatch.setattr(gmmn, "CODER", (64,))
    monkeypatch.setattr(gmmn, "N_CODE", 8)
    for name, value in {"HIDDEN": (64,), "N_CHAINS": 40, "BURN_IN": 10}.items():
        monkeypatch.setattr(dae, name, value)
    monkeypatch.setattr(dem, "ENERGY", (64, 32))
    monkeypatch.setattr(dem, "GENERATOR", (64, 64))
    sizes = {"SIDE": 8, "BATCH": 16, "WIDTH": 8, "CHANNELS": (8, 16), "N_FEATURES": 64}
    for name, value in sizes.items():
        monkeypatch.setattr(unit_digits, name, value)
    sizes = {"SIDE": 16, "N_TRAIN": 60, "N_HELD_OUT": 40, "N_TEST": 40}
    nets = {"WIDTH": 8, "N_BLOCKS": 1, "DISCRIMINATOR_WIDTH": 8}
    for name, value in (sizes | nets).items():
        monkeypatch.setattr(cyclegan, name, value)


RACES = [
    *((make, method, 0.1) for make in (SmallRBM, LargeRBM, Classifier) for method in METHODS),
    *((gmmn.MomentMatching, method, 0.01) for method in gmmn.GMMN.methods),
    *((dem.DeepEnergyModel, method, 0.003) for method in dem.DEM.methods),
    *((dae.DenoisingAutoencoder, method, 0.003) for method in dae.DAE.methods),
    *((unit_digits.DigitAdaptation, method, 0.003) for method in unit_digits.UNIT_DIGITS.methods),
    *((cyclegan.SceneTranslation, method, 0.002) for method in cyclegan.CYCLE_GAN.methods),
]
SCORED = [race for race in RACES if race[0] is not cyclegan.SceneTranslation]  # which has its own


def every(races):
    names = [f"{make.__name__}-{method}" for make, method, _ in races]
    return pytest.mark.parametrize(("make", "method", "rate"), races, ids=names)


def task(make, pixels=None):
    """Of one kind, with the pixels of the paper."""
    kinds = {each.task: each.pixels[0] for each in reproduce.EXPERIMENTS}
    return make(pixels or kinds[make], CPU)


def trained(task, method, rate, updates, seed=0):
    """A run of so many updates, as a campaign makes it."""
    run = task.begin(method, rate, seed)
    for index in range(updates):
        task.update(run, 1 - index / updates)
    return run


class TestDigits:
    def test_a_sixth_of_the_training_images_is_held_out(self):
        digits = Digits("thresholded", CPU)
        whole = mnist("train")
        assert (len(digits.train.labels), len(digits.validation.labels)) == (500, 100)
        together = torch.cat([digits.train.images, digits.validation.images])
        assert torch.equal(together, data.threshold(whole.images))
        assert torch.equal(digits.validation.labels, whole.labels[500:])
        assert torch.equal(digits.test.images, data.threshold(mnist("test").images))

    def test_grey_pixels_stay_as_they_are(self, generator):
        digits = Digits("grey", CPU)
        assert torch.equal(digits.test.images, mnist("test").images.flatten(1))
        assert torch.equal(digits.shown(digits.train.images, generator), digits.train.images)

    def test_sampled_pixels_are_anew_for_training_and_fixed_for_scores(self, generator):
        digits, again = Digits("sampled", CPU), Digits("sampled", CPU)
        assert torch.equal(digits.validation.images, again.validation.images)
        assert torch.equal(digits.test.images, again.test.images)
        grey = digits.train.images
        shown = [digits.shown(grey, generator) for _ in range(400)]
        assert not torch.equal(shown[0], shown[1])
        assert set(torch.cat(shown).unique().tolist()) == {0.0, 1.0}
        error = (grey * (1 - grey) / 400).sqrt()
        assert ((torch.stack(shown).mean(0) - grey).abs() <= 6 * error).all()


@every(SCORED)
def test_every_method_learns(make, method, rate):
    """The validation score rises by far more than it varies."""
    its, updates = task(make), 800 if rate == 0.1 else 300
    before = its.scores(its.begin(method, rate, 0))
    after = its.scores(trained(its, method, rate, updates))
    least = {
        Classifier: 0.2,
        unit_digits.DigitAdaptation: 0.2,
        gmmn.MomentMatching: 1.0,
        dem.DeepEnergyModel: 1.0,
    }.get(make, 0.5)
    assert after.validation > before.validation + least
    if after.test is not None and before.test is not None:
        assert after.test > before.test + least


@every(RACES)
def test_a_run_goes_on_from_a_checkpoint_as_if_nothing_had_been(make, method, rate, tmp_path):
    its = task(make)
    run = trained(its, method, rate, 8)
    torch.save(run, tmp_path / "run")
    kept = torch.load(tmp_path / "run", weights_only=False)
    for each in (run, kept):
        for left in (0.9, 0.4, 0.3, 0.2):
            its.update(each, left)
    assert its.scores(run) == its.scores(kept)


def test_every_epoch_shows_every_image_once(generator):
    batches = Minibatches(500, 100, generator)
    for _ in range(2):
        rows = torch.cat([batches.next() for _ in range(5)])
        assert torch.equal(rows.sort().values, torch.arange(500))
    assert len(Minibatches(30, 100, generator).next()) == 100


def test_scores_of_the_small_rbm_are_exact_likelihoods():
    its = task(SmallRBM)
    run = trained(its, "PCD", 0.1, 50)
    parts = its.digits.validation, its.digits.test
    expected = [rbm.exact_log_likelihood(run.model, part.images).mean().item() for part in parts]
    assert its.scores(run)[:2] == pytest.approx(expected, abs=1e-4)


class TestLargeRBM:
    def test_both_sides_hold_the_exact_likelihood(self):
        """16 pixels: Z is a sum over them. Two sides within a nat, so a value within a nat."""
        its = task(LargeRBM)
        run = trained(its, "PCD", 0.1, 800)
        scores = its.scores(run)
        exact = [
            rbm.exact_log_likelihood(run.model, part.images).mean().item()
            for part in (its.digits.validation, its.digits.test)
        ]
        assert scores.high - scores.low <= 1
        assert scores.test == pytest.approx(exact[1], abs=0.5)
        assert scores.validation == pytest.approx(exact[0], abs=1)
        assert scores.low - 0.3 <= exact[1] <= scores.high + 0.3

    @pytest.mark.parametrize("gap", [0.9, 1.1])
    @pytest.mark.parametrize("size", [24.0, 26.0])
    def test_a_value_is_named_only_where_both_sides_meet_and_are_trusted(
        self, monkeypatch, gap, size
    ):
        asked = []

        def bracket(model, v, *, n_levels, **others):
            asked.append(n_levels)
            z = rbm.LogPartition(0.0, 0.0, 0.0, size, torch.zeros(1))
            return rbm.Bracket(-80.0 - gap, -80.0, gap, 0.1, z)

        monkeypatch.setattr(rbm, "likelihood_bracket", bracket)
        its = task(LargeRBM)
        run = trained(its, "PCD", 0.1, 50)
        scores = its.scores(run)
        free = [
            run.model.free_energy(part.images).mean().item()
            for part in (its.digits.validation, its.digits.test)
        ]
        known = gap < 1 and size > 25
        assert (scores.test is not None) == known
        assert asked == [30] if known else [30, 300]
        assert scores.high - scores.low == pytest.approx(gap)
        assert scores.validation == -80 - gap
        assert scores.high == pytest.approx(-80 + free[0] - free[1], abs=1e-4)
        assert abs(free[0] - free[1]) > 0.01


class TestParzen:
    def test_codes_are_made_first_and_then_matched(self):
        """Half of the time belongs to the auto-encoder, and neither learns in the other's."""
        its = task(gmmn.MomentMatching)
        run = its.begin("GMMN+AE", 0.01, 0)
        networks = run.coding.model, run.model
        for left, moves in ((0.51, [True, False]), (0.5, [False, True]), (0.1, [False, True])):
            before = [[p.clone() for p in net.parameters()] for net in networks]
            its.update(run, left)
            changed = [
                any(not torch.equal(a, b) for a, b in zip(old, net.parameters(), strict=True))
                for old, net in zip(before, networks, strict=True)
            ]
            assert changed == moves
        assert torch.equal(run.coding.codes, run.coding.model.encode(its.digits.train.images))

    def test_scores_are_those_of_the_samples(self, generator):
        digits = Digits("grey", CPU)
        samples = digits.train.images[:200]
        scores = parzen.parzen_scores(samples, digits)
        images = digits.validation.images, digits.test.images
        value, error, width = evaluation.parzen_log_likelihood(samples, *images)
        assert scores.test == value
        assert (scores.low, scores.high) == (value - error, value + error)
        seen = evaluation.parzen_log_density(samples, images[0], width=width).mean().item()
        assert scores.validation == pytest.approx(seen, abs=1e-4)

    def test_a_model_that_has_diverged_is_worth_nothing(self):
        digits = Digits("grey", CPU)
        samples = torch.full_like(digits.train.images, math.nan)
        assert parzen.parzen_scores(samples, digits) == Scores(-math.inf, None)

    def test_the_networks_are_the_papers(self, monkeypatch):
        monkeypatch.undo()
        assert (gmmn.N_LATENT, gmmn.HIDDEN, gmmn.BATCH) == (10, (64, 256, 256, 1024), 1000)
        assert (gmmn.CODER, gmmn.N_CODE) == ((1024,), 32)
        assert mm.Gaussian(gmmn.PIXEL_SIGMAS).sigmas == (80, 40, 20, 10, 5, 2)


def test_scores_of_the_classifier_are_shares_right():
    its = task(Classifier)
    run = trained(its, "FPCD", 0.1, 200)
    images, labels = its.digits.test
    free = [
        run.model.free_energy(run.model.join(images, torch.full_like(labels, y))) for y in range(10)
    ]
    right = (torch.stack(free).argmin(0) == labels).double().mean().item()
    assert its.scores(run).test == pytest.approx(right)


def test_samples_of_the_auto_encoder_are_means_of_as_many_chains_as_are_wanted():
    its = task(dae.DenoisingAutoencoder)
    run = its.begin("simple", 0.001, 0)
    samples = its._samples(run)
    assert samples.shape == (400, its.digits.train.images.shape[1])
    assert ((samples > 0) & (samples < 1)).all()


class TestDigitAdaptation:
    def test_discriminators_share_all_but_their_first_layers(self):
        run = task(unit_digits.DigitAdaptation).begin("UNIT", 0.003, 0)
        D1, D2 = run.judges.D1, run.judges.D2
        assert D1.shared is D2.shared
        assert D1.score is D2.score
        assert not {*map(id, D1.own.parameters())} & {*map(id, D2.own.parameters())}
        assert (run.translating.nets.D1, run.translating.nets.D2) == (D1, D2)

    @pytest.mark.parametrize(
        ("method", "shares"), [("UNIT", True), ("UNIT without sharing", False)]
    )
    def test_translators_share_the_layers_at_the_code_or_none(self, method, shares):
        nets = task(unit_digits.DigitAdaptation).begin(method, 0.003, 0).translating.nets
        assert (nets.E1.shared is nets.E2.shared) == (nets.G1.shared is nets.G2.shared) == shares
        assert nets.E1.own is not nets.E2.own
        assert nets.G1.own is not nets.G2.own

    @pytest.mark.parametrize("method", unit_digits.UNIT_DIGITS.methods)
    def test_labels_of_the_target_teach_and_choose_nothing(self, method, monkeypatch):
        """Other labels: the same networks and the same validation score, and another test score."""
        runs = [its_scores(method)]
        monkeypatch.setattr(data, "usps", relabelled)
        runs.append(its_scores(method))
        (first, scores), (second, others) = runs
        assert all(torch.equal(first[name], second[name]) for name in first)
        assert scores.validation == others.validation
        assert scores.test != others.test

    def test_digits_of_the_target_are_told_through_its_own_first_layer(self):
        its = task(unit_digits.DigitAdaptation)
        run = trained(its, "UNIT", 0.003, 20)
        before = its.scores(run)
        with torch.no_grad():
            for parameter in run.judges.D1.own.parameters():
                parameter.zero_()
        assert its.scores(run) == before
        with torch.no_grad():
            for parameter in run.judges.D2.own.parameters():
                parameter.zero_()
        logits = run.judges.classes(run.judges.D2.features(its.test.images))
        assert len(logits.argmax(1).unique()) == 1
        assert its.scores(run).test == (logits.argmax(1) == its.test.labels).double().mean()

    def test_features_of_an_image_and_its_translation_are_pulled_together(self, monkeypatch):
        """By nothing but the pull: a weight that drowns all else brings them closer."""
        apart = []
        for weight in (0.0, 1e4):
            monkeypatch.setattr(unit_digits, "FEATURE_WEIGHT", weight)
            its = task(unit_digits.DigitAdaptation)
            nets, judges = (run := trained(its, "UNIT", 0.003, 30)).translating.nets, run.judges
            x1 = its.held_out.images
            with torch.no_grad():
                z = nets.E1(x1)
                f11, f12 = judges.D1.features(nets.G1(z)), judges.D2.features(nets.G2(z))
            apart.append(((f11 - f12).abs().mean() / f11.abs().mean()).item())
        assert apart[1] < 0.5 * apart[0]

    def test_the_margin_of_mnist_is_cut_off_and_sizes_are_those_of_usps(self, monkeypatch):
        monkeypatch.undo()
        images = torch.zeros(1, 28, 28)
        images[:, 4:24, 4:24] = 1
        small, _ = unit_digits._small(unit_digits._cropped(images), torch.zeros(1))
        assert small.shape == (1, 1, 16, 16)
        assert small.min().item() == pytest.approx(1, abs=1e-6)
        assert (unit_digits.BATCH, unit_digits.CHANNELS, unit_digits.N_FEATURES) == (
            64,
            (20, 50),
            500,
        )


class TestSceneTranslation:
    @pytest.mark.parametrize("method", cyclegan.CYCLE_GAN.methods)
    def test_an_update_is_that_of_the_sections_trainer(self, method, monkeypatch):
        """One scene of either domain, so that both see the same; pools that are not full yet."""
        monkeypatch.setattr(cyclegan, "N_TRAIN", 1)
        same = cyclegan.ALGORITHMS[method]._replace(warm_up=0.0)
        monkeypatch.setitem(cyclegan.ALGORITHMS, method, same)
        monkeypatch.setattr(cyclegan.SceneTranslation, "__init__", without_distances)
        its = task(cyclegan.SceneTranslation)
        run, other = trained(its, method, 0.01, 6), its.begin(method, 0.01, 0)
        settings = cycle_gan.Settings(
            6,
            batch_size=1,
            cycle_weight=20.0,
            generator_rate=0.01,
            discriminator_rate=0.01,
            warm_up=0,
            through_both=method == "paper's",
            pool_size=50 if method == "paper's" else 0,
        )
        steps = cycle_gan.train(other.model, its.x, its.y, settings, generator=other.generator)
        assert len(list(steps)) == 6
        ours, theirs = run.model.state_dict(), other.model.state_dict()
        first = its.begin(method, 0.01, 0).model.state_dict()
        for name, value in theirs.items():
            torch.testing.assert_close(ours[name], value)
        assert any(not torch.equal(first[name], value) for name, value in ours.items())

    @pytest.mark.parametrize("method", cyclegan.CYCLE_GAN.methods)
    def test_every_method_learns_the_way_there_and_back_and_what_stays(self, method):
        """Where stripes belong is no matter of seconds."""
        its = task(cyclegan.SceneTranslation)
        before, after = (
            its.scores(trained(its, method, 0.002, updates)).measures for updates in (0, 300)
        )
        ways = "error of F(G(x))", "error of G(F(y))"
        assert sum(after[way] for way in ways) < 0.7 * sum(before[way] for way in ways)
        assert after["error of the background"] < 0.95 * before["error of the background"]

    def test_nets_begin_alike_and_only_ours_has_a_gate(self):
        its = task(cyclegan.SceneTranslation)
        runs = [its.begin(method, 0.001, 0) for method in ("ours", "paper's")]
        first, second = (run.model.state_dict() for run in runs)
        assert all(torch.equal(first[name], second[name]) for name in first)
        assert [run.model.G.skip for run in runs] == ["gate", "none"]

    def test_weight_of_the_cycle_rises_over_the_first_sixth_in_ours_alone(self):
        ours, papers = (cyclegan.ALGORITHMS[name] for name in ("ours", "paper's"))
        assert ours.cycle_weight(1) == 0
        assert ours.cycle_weight(11 / 12) == pytest.approx(10)
        assert ours.cycle_weight(0.8) == papers.cycle_weight(1) == 20

    def test_the_paper_has_a_pool_of_fifty_and_ours_none(self):
        its = task(cyclegan.SceneTranslation)
        for method, sizes in (("paper's", [50, 50]), ("ours", [])):
            run = trained(its, method, 0.001, 55)
            assert [len(pool.kept) for pool in run.pools if pool.kept is not None] == sizes

    def test_ours_is_judged_by_its_average_and_the_papers_as_it_is(self):
        its = task(cyclegan.SceneTranslation)
        for method, moves in (("ours", False), ("paper's", True)):
            run = trained(its, method, 0.002, 10)
            before = its.scores(run)
            with torch.no_grad():
                for parameter in run.model.G.parameters():
                    parameter.mul_(2)
            assert (its.scores(run) != before) == moves

    def test_the_truth_chooses_nothing(self):
        """Held-out scenes are no pairs; other true ones change the test's scores alone."""
        its = task(cyclegan.SceneTranslation)
        run = trained(its, "ours", 0.002, 10)
        before = its.scores(run)
        its.test = dataclasses.replace(its.test, x_test=its.test.x_test.flip(0))
        after = its.scores(run)
        assert after.validation == before.validation
        assert after.test != before.test
        assert len(its.x) + len(its.held_out_x) == 100

    def test_measures_are_those_of_the_truth(self):
        its = task(cyclegan.SceneTranslation)
        run = trained(its, "ours", 0.002, 10)
        scores, (x, y, region) = (
            its.scores(run),
            (
                its.test.x_test,
                its.test.y_test,
                its.test.region,
            ),
        )
        made_y, made_x = run.model.to_y(x), run.model.to_x(y)
        expected = {
            "error of G(x)": evaluation.pixel_error(made_y, y, region),
            "error of F(y)": evaluation.pixel_error(made_x, x, region),
            "error untranslated": evaluation.pixel_error(x, y, region),
            "error of F(G(x))": evaluation.pixel_error(run.model.to_x(made_y), x, region),
            "error of G(F(y))": evaluation.pixel_error(run.model.to_y(made_x), y, region),
            "stripes of G(F(y))": evaluation.pattern_correlation(run.model.to_y(made_x), y, region),
        }
        for name, value in expected.items():
            assert scores.measures[name] == pytest.approx(value.item(), abs=1e-5)
        stripes = evaluation.pattern_correlation(made_y, y, region).item()
        assert scores.test == pytest.approx(stripes, abs=1e-5)

    def test_distances_tell_the_domains_apart(self, monkeypatch):
        for name, value in {"SIDE": 32, "N_TRAIN": 300, "N_HELD_OUT": 200}.items():
            monkeypatch.setattr(cyclegan, name, value)
        its = task(cyclegan.SceneTranslation)
        value, error = its.like_y.distance(its.held_out_y)
        assert abs(value) < 4 * error
        assert its.like_y.distance(its.held_out_x).value > value + 4 * error

    def test_a_run_that_has_diverged_is_worth_nothing(self):
        its = task(cyclegan.SceneTranslation)
        run = its.begin("paper's", 0.001, 0)
        with torch.no_grad():
            next(run.model.F.parameters()).fill_(math.nan)
        assert its.scores(run) == Scores(-math.inf, None)

    def test_numbers_are_the_papers(self, monkeypatch):
        monkeypatch.undo()
        assert (cyclegan.SIDE, cyclegan.N_BLOCKS, cyclegan.DISCRIMINATOR_WIDTH) == (64, 6, 64)
        assert (cyclegan.BATCH, cyclegan.CYCLE_GAN.rates) == (1, (2e-4,))
        assert cyclegan.CONSTANT == 0.5


def without_distances(self, pixels, device):
    """One scene of either domain."""
    scenes = data.plain_and_striped(1, 1, side=16, generator=torch.Generator().manual_seed(0))
    self.device, self.x, self.y = device, scenes.x_train, scenes.y_train


def its_scores(method):
    """Parameters of the judges after ten updates, and the scores."""
    its = task(unit_digits.DigitAdaptation)
    run = trained(its, method, 0.003, 10)
    return run.judges.state_dict(), its.scores(run)


def relabelled(split):
    """Every digit is called the next one, so that another share is told right."""
    images, labels = usps(split)
    return LabelledImages(images, (labels + 1) % 10)


def test_fast_weights_learn_at_the_rate_of_the_start():
    run = task(SmallRBM).begin("FPCD", 0.3, 0)
    assert run.phase.fast_learning_rate == 0.3


class TestFigures:
    @pytest.mark.parametrize("experiment", reproduce.EXPERIMENTS)
    def test_every_name_has_published_curves_of_our_methods(self, experiment):
        for name in experiment.names:
            figure = reproduce.published(name)
            assert {*figure.curves, *figure.values} <= set(experiment.methods)
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
        with pytest.raises(
            ValueError, match="expected name among pcd1, pcd2, fpcd1, fpcd2, gmmn, dem, dae, unit"
        ):
            reproduce.published("pcd3")
        with pytest.raises(
            ValueError, match="expected name among pcd1, fpcd1, pcd2, fpcd2, gmmn, dem, dae, unit"
        ):
            reproduce.experiment("pcd3")

    def test_two_figures_of_one_experiment_share_a_record(self):
        assert reproduce.experiment("fpcd1") is reproduce.experiment("pcd1")
        assert reproduce.recorded("fpcd1") == reproduce.recorded("pcd1")


def test_generated_images_look_like_mnist():
    train = mnist("train")
    assert isinstance(train, LabelledImages)
    assert 0 <= train.images.min() < train.images.max() <= 1
