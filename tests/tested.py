"""Note what was tried: `make tested` runs the tests here, and enters the outcome in docs/tested.md.

A row is a Python, a PyTorch and a device, the newest outcome for each. Run it with the Python of
another environment (`PATH/python -m tests.tested`) to have that one's row, too.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import platform
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import torch

from lecturekit.machine import processor

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tested.md"
HEAD = """\
# What was tried where

Written by `make tested`, never by hand. *Tests* is the outcome of the package's tests and of all
notebooks in seconds-long runs, without those that drive a browser and those that take minutes;
what was skipped needs a GPU or MNIST.

| Python | PyTorch | device | Jupyter | tests | on |
|---|---|---|---|---|---|
"""
TOLD = [
    *("-q", "--numprocesses=auto", "--dist=worksteal", "-p", "no:cacheprovider"),
    *("-m", "not lecture and not browser"),
    "--ignore=tests/test_tested.py",  # it looks at the page that is being written
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tests", nargs="*", default=["tests", "--ignore=tests/benchmarks"])
    told = parser.parse_args()
    if not PAGE.exists():
        PAGE.write_text(HEAD, encoding="utf-8")
    row = [*here(), outcome(told.tests), f"{datetime.date.today()}"]
    PAGE.write_text(entered(PAGE.read_text(encoding="utf-8"), row), encoding="utf-8")
    print(" · ".join(row))


def here() -> list[str]:
    """Python, PyTorch, device, and the packages that draw in a page."""
    jupyter = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("jupyterlab", "ipykernel", "ipywidgets")
    )
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor()
    return [
        platform.python_version(),
        torch.__version__.partition("+")[0],
        f"{device}, {platform.system()}",
        jupyter,
    ]


def outcome(tests: list[str]) -> str:
    """Run the tests, and count."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", *TOLD, f"--junitxml={report}", *tests]
        subprocess.run(command, cwd=ROOT, check=False)
        suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    n, failures, errors, skipped = (
        int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    said = [f"{n - failed - skipped} passed", f"{failed} failed" * bool(failed)]
    return ", ".join(filter(None, [*said, f"{skipped} skipped" * bool(skipped)]))


def entered(page: str, row: list[str]) -> str:
    """The page with this row, which replaces one of the same Python, PyTorch and device."""
    key, rows = row[:3], page.removeprefix(HEAD).splitlines()
    kept = [line for line in rows if [each.strip() for each in line.split("|")[1:4]] != key]
    new = sorted([*kept, f"| {' | '.join(row)} |"], key=_versions, reverse=True)
    return HEAD + "\n".join(new) + "\n"


def _versions(line: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", "".join(line.split("|")[1:3]))]


if __name__ == "__main__":
    main()
