"""The session of a notebook: profile, device, randomness, and what it says of claims."""

from __future__ import annotations

import math
import subprocess
import sys
from importlib.machinery import PathFinder

import pytest
import torch

import lecturekit
from lecturekit.cli.form import asking


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LECTUREKIT_PROFILE", raising=False)
    monkeypatch.delenv("LECTUREKIT_STRICT", raising=False)


class TestStart:
    def test_says_in_one_line_what_it_chose(self, capsys):
        lecturekit.start("smoke", seed=3)
        line = capsys.readouterr().out
        assert line == (
            f"lecturekit {lecturekit.__version__} · profile smoke · cpu · seed 3 · "
            f"torch {torch.__version__}\n"
        )

    def test_auto_follows_the_environment_then_the_device(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert lecturekit.start().profile == "cpu"
        monkeypatch.setenv("LECTUREKIT_PROFILE", "smoke")
        assert lecturekit.start().profile == "smoke"
        assert lecturekit.start("cpu").profile == "cpu"

    def test_auto_is_gpu_where_there_is_cuda(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "a GPU")
        session = lecturekit.start()
        assert (session.profile, session.device.type) == ("gpu", "cuda")

    def test_the_gpu_profile_takes_apples_gpu_when_asked_by_name(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        assert lecturekit.start("gpu").device.type == "mps"
        assert lecturekit.start("auto").device.type == "cpu"

    def test_the_gpu_profile_without_a_gpu_is_refused(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        with pytest.raises(RuntimeError, match=r"needs a GPU .* use profile 'cpu'"):
            lecturekit.start("gpu")

    @pytest.mark.parametrize("profile", ["fast", "", "GPU"])
    def test_unknown_profiles_are_refused(self, profile):
        with pytest.raises(ValueError, match=f"auto, smoke, cpu, gpu, got '{profile}'"):
            lecturekit.start(profile)

    def test_an_unknown_profile_in_the_environment_is_refused(self, monkeypatch):
        monkeypatch.setenv("LECTUREKIT_PROFILE", "fast")
        with pytest.raises(ValueError, match="got 'fast'"):
            lecturekit.start()

    @pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None])
    def test_seeds_that_are_no_whole_numbers_are_refused(self, seed):
        with pytest.raises(ValueError, match="expected seed"):
            lecturekit.start("smoke", seed)

    @pytest.mark.gpu
    def test_the_gpu_profile_uses_cuda(self):
        session = lecturekit.start("gpu")
        assert torch.rand(2, device=session.device, generator=session.generator()).is_cuda


class TestPick:
    @pytest.mark.parametrize(("profile", "size"), [("smoke", 1), ("cpu", 2)])
    def test_takes_the_size_of_the_profile(self, profile, size):
        assert lecturekit.start(profile).pick(smoke=1, cpu=2, gpu=3) == size


class TestGenerator:
    @staticmethod
    def numbers(seed: int, stream: int = 0) -> list[float]:
        session = lecturekit.start("smoke", seed)
        return torch.rand(4, generator=session.generator(stream)).tolist()

    def test_same_seed_and_stream_same_numbers_however_often(self):
        session = lecturekit.start("smoke", 1)
        draws = [torch.rand(4, generator=session.generator(2)).tolist() for _ in range(2)]
        assert draws[0] == draws[1] == self.numbers(1, 2)

    def test_seeds_and_streams_differ(self):
        seen = {tuple(self.numbers(seed, stream)) for seed in range(4) for stream in range(4)}
        assert len(seen) == 16

    def test_the_numbers_are_the_same_in_another_process(self):
        code = (
            "import lecturekit, torch; s = lecturekit.start('smoke', 5); "
            "print(torch.rand(4, generator=s.generator(1)).tolist())"
        )
        command = [sys.executable, "-c", code]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert printed.splitlines()[-1] == str(self.numbers(5, 1))

    def test_leaves_the_global_randomness_alone(self):
        torch.manual_seed(0)
        expected = torch.rand(3)
        torch.manual_seed(0)
        self.numbers(7)
        assert torch.equal(torch.rand(3), expected)


class TestClaim:
    def test_prints_the_verdict_and_the_numbers(self, capsys):
        session = lecturekit.start("cpu")
        capsys.readouterr()
        session.claim("PCD wins", torch.tensor(True), {"by": torch.tensor(1.23456)})
        session.claim("CD wins", False)
        assert capsys.readouterr().out == "✓ PCD wins  [by 1.23]\n✗ CD wins\n"

    def test_is_not_judged_in_the_smoke_profile(self, capsys, monkeypatch):
        monkeypatch.setenv("LECTUREKIT_STRICT", "1")
        lecturekit.start("smoke").claim("PCD wins", False)
        assert "– not judged in the smoke profile: PCD wins" in capsys.readouterr().out

    def test_raises_when_strict(self, monkeypatch):
        monkeypatch.setenv("LECTUREKIT_STRICT", "1")
        session = lecturekit.start("cpu")
        session.claim("holds", True)
        with pytest.raises(AssertionError, match=r"✗ does not hold  \[by 2\]"):
            session.claim("does not hold", False, {"by": 2.0})


class TestIdentity:
    def test_compares_with_the_size_of_the_right_side(self, capsys):
        session = lecturekit.start("smoke")
        session.identity("equal", torch.tensor([1e6]), torch.tensor([1e6 + 1]))
        session.identity("not equal", 1.0, 1.001)
        session.identity("equal enough", 1.0, 1.001, tolerance=0.01)
        out = capsys.readouterr().out
        assert "✓ equal  [largest difference 1]" in out
        assert "✗ not equal  [largest difference 0.001]" in out

    def test_small_sides_are_held_to_their_own_size(self, capsys):
        session = lecturekit.start("smoke")
        session.identity("small", 1.0e-6, 1.1e-6)
        session.identity("a float as it is", 0.1, torch.tensor(0.1).double(), tolerance=1e-12)
        session.identity("nothing", 1e-9, 0.0)
        session.identity("nothing much", 1e-9, 0.0, size=1.0)
        out = capsys.readouterr().out
        assert "✗ small" in out
        assert "✗ a float as it is" in out  # the tensor has been rounded to float32
        assert "✗ nothing " in out
        assert "✓ nothing much" in out

    def test_not_a_number_never_holds(self, capsys):
        lecturekit.start("smoke").identity("nan", torch.tensor([0.0, math.nan]), torch.zeros(2))
        assert "✗ nan" in capsys.readouterr().out

    def test_is_judged_in_every_profile_and_raises_when_strict(self, monkeypatch):
        monkeypatch.setenv("LECTUREKIT_STRICT", "1")
        with pytest.raises(AssertionError, match="✗ two is three"):
            lecturekit.start("smoke").identity("two is three", 2.0, 3.0)

    def test_shapes_must_agree(self):
        with pytest.raises(ValueError, match=r"one shape, got \(2,\) and \(2, 1\)"):
            lecturekit.start("smoke").identity("x", torch.zeros(2), torch.zeros(2, 1))


def test_the_package_offers_the_session_and_nothing_by_accident():
    assert lecturekit.Session is type(lecturekit.start("smoke"))
    with pytest.raises(AttributeError, match="no attribute 'begin'"):
        _ = lecturekit.begin


class TestFits:
    def test_is_silent_where_the_versions_fit(self, capsys):
        lecturekit.fits(lecturekit.__version__)
        lecturekit.fits(".".join(lecturekit.__version__.split(".")[:2]))
        assert capsys.readouterr().out == ""

    def test_names_both_versions_where_they_do_not(self, capsys):
        lecturekit.fits("99.1")
        said = capsys.readouterr().out
        assert said.count("\n") == 1
        assert "99.1" in said
        assert lecturekit.__version__ in said

    @pytest.mark.parametrize("package", ["", "__version__ = '0.0.1'"])
    def test_without_the_package_or_with_an_older_one_there_is_one_sentence(
        self, package, monkeypatch, tmp_path
    ):
        if package:
            (tmp_path / "lecturekit.py").write_text(package)
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        monkeypatch.setattr(sys, "meta_path", [PathFinder])
        monkeypatch.delitem(sys.modules, "lecturekit")
        with pytest.raises(SystemExit, match="conda env create"):
            exec(asking(""), {})
