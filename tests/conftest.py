"""What all tests share: repeatability, and the rule that CI skips nothing in silence."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
import torch

from lecturekit import data
from lecturekit.rbm import fastest

ROOT = Path(__file__).parents[1]
CI = os.environ.get("CI") == "true"

hypothesis.settings.register_profile("lecturekit", deadline=None, derandomize=CI)
hypothesis.settings.load_profile("lecturekit")
# a shell starts what it puts in the background with interrupts ignored; tests of them need them
signal.signal(signal.SIGINT, signal.default_int_handler)
torch.set_num_threads(1)  # the nets are small, and results then repeat bit for bit

# marker → (whether this machine has what the test needs, what that is)
NEEDS = {
    "gpu": (torch.cuda.is_available(), "a CUDA device"),
    "mnist": (data.mnist_available(), "MNIST: run `lecturekit fetch`, or set LECTUREKIT_DATA"),
}


@pytest.fixture
def generator() -> torch.Generator:
    """The source of a test's random numbers, the same in every run."""
    return torch.Generator().manual_seed(20090614)


@pytest.fixture(scope="session", autouse=True)
def choices_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is fastest here is measured anew, and not kept where the user's own choices are."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastest, "user_cache_path", lambda project: folder)
        fastest.on_this_machine.cache_clear()
        fastest.on_this_machine()  # remembered from here on


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (available, what) in NEEDS.items():
        if item.get_closest_marker(marker) and not available:
            pytest.skip(f"needs {what}")


def may_be_skipped_in_ci(item: pytest.Item) -> bool:
    """No machine of CI need have a GPU, and MNIST is there only where LECTUREKIT_DATA names it."""
    gpu = item.get_closest_marker("gpu") and not torch.cuda.is_available()
    mnist = item.get_closest_marker("mnist") and "LECTUREKIT_DATA" not in os.environ
    return bool(gpu or mnist)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail") and not may_be_skipped_in_ci(item):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if CI and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"CI must not skip this: {reason}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's own files, without what was built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path
