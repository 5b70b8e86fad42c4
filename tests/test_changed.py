"""Which tests `make check` takes for a change."""

from __future__ import annotations

import pytest

from tests import changed


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        (
            "lecturekit/rbm/trainer.py",
            ["tests/exercises/test_rbm.py", "tests/rbm", "tests/test_trainers.py"],
        ),
        ("lecturekit/training/guard.py", ["tests/test_trainers.py", "tests/training"]),
        ("lecturekit/session.py", ["tests/test_session.py"]),
        ("lecturekit/plots/draw.js", ["tests/plots"]),
        ("notebooks/01_rbm.ipynb", ["tests/notebooks"]),
        ("tests/rbm/test_model.py", ["tests/rbm/test_model.py"]),
        ("tests/unit/section.py", ["tests/test_trainers.py", "tests/unit"]),
        ("tests/rbm/test_gone.py", []),
        ("README.md", []),
    ],
)
def test_the_tests_next_to_a_file(path, tests):
    assert changed.beside([path]) == sorted([*tests, "tests/test_project.py"])


def test_a_folder_stands_for_its_files():
    paths = ["tests/rbm/test_model.py", "lecturekit/rbm/ais.py"]
    assert "tests/rbm/test_model.py" not in changed.beside(paths)
