"""`lecturekit reproduce` on generated images, interrupted and resumed."""

from __future__ import annotations

import dataclasses
import json

import pytest

from lecturekit import data, reproduce
from lecturekit.reproduce import cyclegan
from lecturekit.reproduce.image_rbm import SmallRBM
from tests.cli.toy import call
from tests.reproduce.generated import mnist, usps


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Runs of a tenth of a second on small images."""
    monkeypatch.setattr(data, "mnist", mnist)
    monkeypatch.setattr(data, "usps", usps)
    short = tuple(dataclasses.replace(each, shortest=0.1) for each in reproduce.EXPERIMENTS)
    monkeypatch.setattr(reproduce, "EXPERIMENTS", short)


def numbers(folder, name="pcd1-sampled"):
    return json.loads((folder / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["pcd1", "fpcd1"])
def test_numbers_come_with_all_that_is_needed_to_judge_them(name, tmp_path):
    code, output = call("reproduce", name, "--minutes", "0.004", "--output", tmp_path)
    assert code == 0, output
    assert "PCD rate 0.01 0.1 s" in output
    assert "The numbers are in" in output
    content = numbers(tmp_path)
    assert content["commands"] == [
        f"lecturekit reproduce {name} --minutes 0.004 --pixels sampled --device cpu --seed 0"
    ]
    assert len(content["runs"]) == 2
    assert {"device", "date", "lecturekit", "torch", "pixels", "evaluation_seconds"} <= set(content)
    run = content["runs"][0]
    assert run["updates"] > 0
    assert run["process_seconds"] == pytest.approx(0.1, abs=0.05)
    assert run["wall_seconds"] > 0
    assert -30 < run["test"] < 0


def test_other_pixels_have_a_record_of_their_own(tmp_path):
    options = ("--minutes", "0.002", "--output", tmp_path, "--pixels", "thresholded")
    code, output = call("reproduce", "fpcd2", *options)
    assert code == 0, output
    assert numbers(tmp_path, "fpcd2-thresholded")["pixels"] == "thresholded"


def test_digits_of_one_domain_are_told_by_labels_of_the_other(tmp_path):
    options = ("--minutes", "0.01", "--method", "source only", "--output", tmp_path)
    code, output = call("reproduce", "unit-digits", *options)
    assert code == 0, output
    runs = numbers(tmp_path, "unit-digits-grey")["runs"]
    assert {run["method"] for run in runs} == {"source only"}
    assert all(0 <= run["test"] <= 1 for run in runs)


def test_scenes_are_coloured_and_their_record_has_all_that_was_measured(tmp_path, monkeypatch):
    small = {"SIDE": 16, "N_TRAIN": 20, "N_HELD_OUT": 20, "N_TEST": 20, "WIDTH": 8, "N_BLOCKS": 1}
    for name, value in small.items():
        monkeypatch.setattr(cyclegan, name, value)
    options = ("--minutes", "0.01", "--device", "auto", "--output", tmp_path)
    code, output = call("reproduce", "cyclegan", *options)
    assert code == 0, output
    content = numbers(tmp_path, "cyclegan-colour")
    assert "auto" not in content["commands"][0]
    assert [run["method"] for run in content["runs"][:2]] == ["ours", "paper's"]
    assert {run["rate"] for run in content["runs"]} == {2e-4}
    for run in content["runs"]:
        assert -1 <= run["test"] <= 1
        assert run["measures"]["error untranslated"] > 0.1
        assert run["measures"]["± of G(x)"] > 0


def test_without_usps_it_says_where_that_comes_from(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path))
    monkeypatch.setattr(data, "mnist", mnist)
    code, output = call("reproduce", "unit-digits", "--output", tmp_path)
    assert code == 1
    assert "USPS is not in" in output
    assert "usps.t.bz2" in output


def test_one_method_goes_farther_than_the_others_and_the_record_says_how(tmp_path):
    common = ("reproduce", "pcd1", "--output", tmp_path)
    assert call(*common, "--minutes", "0.004")[0] == 0
    code, output = call(*common, "--minutes", "0.006", "--method", "MF CD")
    assert code == 0, output
    content = numbers(tmp_path)
    assert [run["method"] for run in content["runs"]] == ["PCD", "PCD", "MF CD"]
    first, second = content["commands"]
    assert "--method" not in first
    assert second.endswith("--seed 0 --method 'MF CD'")


def test_a_method_that_it_does_not_have_is_refused_with_those_that_it_has(tmp_path):
    code, output = call("reproduce", "pcd1", "--method", "PDC", "--output", tmp_path)
    assert code == 1
    assert "pcd1 has the methods PCD, " in output
    assert "got PDC" in output


def test_interrupted_it_says_how_to_go_on_and_goes_on(tmp_path, monkeypatch):
    command = ("reproduce", "pcd1", "--minutes", "0.006", "--output", tmp_path)
    update, calls = SmallRBM.update, []

    def interrupted(self, run, left):
        if len(calls) == 1 and numbers_there():
            raise KeyboardInterrupt
        update(self, run, left)

    def numbers_there():
        return (tmp_path / "pcd1-sampled.json").exists()

    monkeypatch.setattr(SmallRBM, "update", interrupted)
    calls.append("interrupt")
    code, output = call(*command)
    assert code == 1
    assert "the same command goes on from there" in output
    (first,) = numbers(tmp_path)["runs"]
    calls.clear()
    code, output = call(*command)
    assert code == 0, output
    runs = numbers(tmp_path)["runs"]
    assert runs[0] == first
    assert [run["rate"] for run in runs] == [0.01, 0.03, 0.1]


def test_a_record_of_another_seed_is_not_mixed_with_this_one(tmp_path):
    options = ("--minutes", "0.002", "--output", tmp_path)
    assert call("reproduce", "pcd1", *options)[0] == 0
    code, output = call("reproduce", "pcd1", *options, "--seed", "1")
    assert code == 1
    assert "begun with --seed 0" in output


def test_unknown_figures_are_refused(tmp_path):
    code, output = call("reproduce", "pcd9", "--output", tmp_path)
    assert code == 1
    assert "expected name among pcd1, fpcd1, pcd2, fpcd2, gmmn, dem" in output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("pcd1", "--pixels", "grey"), "pcd1 takes --pixels sampled or thresholded, got grey"),
        (("gmmn", "--pixels", "sampled"), "gmmn takes --pixels grey, got sampled"),
        (("pcd1", "--device", "abacus"), "no device abacus here"),
    ],
)
def test_pixels_and_devices_that_do_not_fit_are_refused(options, words, tmp_path):
    code, output = call("reproduce", *options, "--output", tmp_path)
    assert code == 1
    assert words in output


def test_seconds_of_different_devices_are_not_mixed(tmp_path):
    options = ("reproduce", "pcd1", "--minutes", "0.002", "--output", tmp_path)
    assert call(*options)[0] == 0
    file = tmp_path / "pcd1-sampled.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "device": "another one"}))
    code, output = call(*options)
    assert code == 1
    assert "begun with another one" in output
