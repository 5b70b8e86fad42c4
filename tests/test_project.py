"""The project's own files: they agree with each other, and the layout is the one agreed on."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lecturekit.sections import SECTIONS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = {"pytorch": "torch", "matplotlib-base": "matplotlib"}  # conda-forge's names for them


def requirements(lines: list[str]) -> dict[str, Requirement]:
    parsed = (Requirement(line) for line in lines)
    return {canonicalize_name(each.name): each for each in parsed if each.name != "lecturekit"}


RUNNING = requirements(PROJECT["project"]["dependencies"])
NOTEBOOK = requirements(PROJECT["project"]["optional-dependencies"]["notebook"])
LAB = requirements(PROJECT["project"]["optional-dependencies"]["lab"])
SITE = requirements(PROJECT["project"]["optional-dependencies"]["site"])
TEST = requirements(PROJECT["project"]["optional-dependencies"]["test"])
PINS = requirements(
    [
        line
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
)
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


class TestVersions:
    @pytest.mark.parametrize("name", sorted(RUNNING | NOTEBOOK | LAB | SITE | TEST))
    def test_metadata_has_a_lower_bound_and_constraints_a_pin_above_it(self, name):
        bound = (RUNNING | NOTEBOOK | LAB | SITE | TEST)[name].specifier
        assert [clause.operator for clause in bound] == [">="]
        (pin,) = PINS[name].specifier
        assert pin.operator == "=="
        assert bound.contains(pin.version)

    def test_the_pins_are_free_of_one_machines_builds(self):
        assert not [str(pin) for pin in PINS.values() if "+" in str(pin) or pin.url]

    def test_conda_has_the_same_bounds_as_pip(self):
        conda, (pip,) = ENVIRONMENT["dependencies"][:-1], ENVIRONMENT["dependencies"][-1].values()
        listed = requirements(
            [line for line in conda if not re.match(r"(python|pip)\b(?!-)", line)]
        )
        bounds = {
            canonicalize_name(CONDA.get(name, name)): each.specifier
            for name, each in listed.items()
        }
        assert bounds == {name: each.specifier for name, each in (RUNNING | LAB).items()}
        assert pip == ["--editable .[lab]"]
        assert ENVIRONMENT["channels"] == ["conda-forge"]

    def test_every_tool_wants_the_same_python(self):
        oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
        assert PROJECT["tool"]["mypy"]["python_version"] == oldest
        assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
        assert f"({oldest.replace('.', ', ')})" in (ROOT / "Makefile").read_text(encoding="utf-8")
        (conda,) = (d for d in ENVIRONMENT["dependencies"] if str(d).startswith("python="))
        assert Version(conda.removeprefix("python=")) >= Version(oldest)


def imported(folder: str) -> set[str]:
    """Top-level names of all imports in a folder's modules."""
    names: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"lecturekit", "tests", "__future__"}


def test_what_the_package_imports_is_declared():
    distributions = importlib.metadata.packages_distributions()
    declared = set(RUNNING | LAB | SITE)
    undeclared = {
        name
        for name in imported("lecturekit")
        if not declared & {canonicalize_name(each) for each in distributions.get(name, [name])}
    }
    assert not undeclared


class TestFloors:
    def test_every_section_is_on_its_floor_and_free_of_widgets_and_plots(self):
        layers, forbidden = PROJECT["tool"]["importlinter"]["contracts"]
        placed = set(re.findall(r"\w+", " ".join(layers["layers"])))
        rooms = [section.stem for section in SECTIONS]
        (line,) = (each for each in layers["layers"] if "(rbm)" in each)
        assert line == " | ".join(f"({stem})" for stem in rooms)
        there = {
            path.stem
            for path in (ROOT / "lecturekit").iterdir()
            if path.suffix == ".py" or (path / "__init__.py").is_file()
        } - {"__init__", "_version"}
        assert there <= placed
        seen = {"exercises", "predictions", "live", "plots"}
        upper = {"cli", "grading", "progress", "session"} | seen
        algorithms = {f"lecturekit.{name}" for name in there - upper}
        assert set(forbidden["source_modules"]) == algorithms
        assert set(forbidden["forbidden_modules"]) == {"ipywidgets", "IPython", "matplotlib"}

    def test_a_section_that_imports_another_is_found(self, tmp_path):
        """import-linter itself, with our contracts, on a package that breaks each of them."""
        package = tmp_path / "lecturekit"
        modules = {
            "rbm": "import lecturekit.training",
            "deep_energy": "import lecturekit.rbm",
            "training": "",
            "data": "import lecturekit.cli",
            "evaluation": "import matplotlib.pyplot",
            "cli": "",
        }
        package.mkdir()
        (package / "__init__.py").touch()
        for name, source in modules.items():
            (package / f"{name}.py").write_text(source)
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        known = '["lecturekit.rbm", "lecturekit.data", "lecturekit.evaluation"]'
        text = re.sub(r"source_modules = \[.*?\]", f"source_modules = {known}", text, flags=re.S)
        (tmp_path / "pyproject.toml").write_text(text)
        linted = subprocess.run(
            [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert linted.returncode == 1
        assert "lecturekit.deep_energy is not allowed to import lecturekit.rbm" in linted.stdout
        assert "lecturekit.data is not allowed to import lecturekit.cli" in linted.stdout
        assert "lecturekit.evaluation is not allowed to import matplotlib" in linted.stdout
        assert "lecturekit.rbm is not allowed" not in linted.stdout


class TestFiles:
    @pytest.mark.parametrize(
        "name",
        [
            "LICENSE",
            "README.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "Makefile",
            "environment.yml",
            "constraints.txt",
            "pyproject.toml",
            ".pre-commit-config.yaml",
            ".ci/run",
        ],
    )
    def test_is_there(self, name):
        assert (ROOT / name).read_text(encoding="utf-8").strip()

    def test_ci_can_be_executed_and_runs_the_readmes_commands(self):
        script = ROOT / ".ci" / "run"
        assert os.access(script, os.X_OK)
        commands = script.read_text(encoding="utf-8").splitlines()
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        for command in ("make test", "make test-lecture"):
            assert command in commands
            assert f"`{command}`" in readme

    def test_the_changelog_and_the_citation_know_this_version(self):
        version = importlib.metadata.version("lecturekit")
        cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
        assert cited["version"] == version
        assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
    def test_every_section_has_its_rooms_and_its_rows(self, section):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        assert f"| {section.number} | [" in readme
        assert f"](notebooks/{section.notebook}) |" in readme
        assert (
            f"| [{section.stem}](lecturekit/{section.stem}) | section {section.number}: " in readme
        )
        rooms = [
            f"notebooks/{section.notebook}",
            f"lecturekit/{section.stem}",
            f"lecturekit/exercises/{section.stem}",
            f"tests/{section.stem}/section.py",
            f"tests/exercises/test_{section.stem}.py",
            f"docs/start/{section.notebook[:-6]}.png",
        ]
        assert not [room for room in rooms if not (ROOT / room).exists()]

    @pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
    def test_every_file_that_a_document_links_to_is_there(self, name):
        text = (ROOT / name).read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
        assert links
        assert not [link for link in links if not (ROOT / link).exists()]


class TestMake:
    def test_an_old_python_is_refused_in_a_clear_line(self, tmp_path):
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        old = tmp_path / "python-old"
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
        old.chmod(0o755)
        made = subprocess.run(
            ["make", "lab", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True
        )
        assert made.returncode != 0
        assert f"needs Python 3.11 or newer; '{old}' is Python 3.9.2." in made.stdout
        assert "make lab PYTHON=python3.12" in made.stdout
        assert not (tmp_path / ".venv").exists()

    def test_setup_that_is_done_does_nothing(self, tmp_path):
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "python").touch()
        (tmp_path / ".venv" / ".ready").touch()
        made = subprocess.run(["make", "setup"], cwd=tmp_path, capture_output=True, text=True)
        assert made.returncode == 0
        assert "pip" not in made.stdout
