"""Write the skeleton of a new section, green from the first: `make section STEM=flows N=7`.

It trains a point to lie amid data, a model as small as a section can have; every file is there to
be replaced. The section enters the register and the import contracts; the README and the CHANGELOG
get lines with …, to be worded by hand.
"""

from __future__ import annotations

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template

import jupytext
import nbformat
from PIL import Image, ImageDraw

TEMPLATES = Path(__file__).with_name("template")
FILES = {
    "lecturekit/{stem}/__init__.py": "room",
    "lecturekit/{stem}/trainer.py": "trainer",
    "lecturekit/exercises/{stem}/__init__.py": "exercises",
    "lecturekit/exercises/{stem}/gradient.py": "exercise",
    "tests/{stem}/section.py": "section",
    "tests/{stem}/test_trainer.py": "test_trainer",
    "tests/exercises/test_{stem}.py": "test_exercises",
}


def write(root: Path, stem: str, number: int) -> list[Path]:
    """Write all files below `root`, and return them.

    Raises:
        ValueError: a stem that is no name for a module, or a section that is there already.
    """
    if not re.fullmatch(r"[a-z][a-z_]*", stem) or keyword.iskeyword(stem):
        raise ValueError(f"expected a stem of small letters and _, got {stem!r}")
    words = {"stem": stem, "number": number, "title": stem.replace("_", " ").capitalize()}
    names = {name.format(stem=stem): template for name, template in FILES.items()}
    notebook = f"{number:02}_{stem}"
    _enter(root, stem, number, notebook, words["title"])
    for name, template in names.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(template, words), encoding="utf-8")
    source = (root / f"lecturekit/exercises/{stem}/gradient.py").read_text(encoding="utf-8")
    stub = re.search(r"^def .*?^    \"\"\"$", source, re.DOTALL | re.MULTILINE)
    assert stub is not None
    words["stub"] = f"{stub[0]}\n    return ...  # your code here"
    lecture = root / "notebooks" / f"{notebook}.ipynb"
    nbformat.write(jupytext.reads(_filled("notebook", words), fmt="py:percent"), lecture)
    picture = root / "docs" / "start" / f"{notebook}.png"
    _placeholder(picture, words["title"])
    written = [*(root / name for name in names), lecture]
    ruff = Path(sys.executable).with_name("ruff")  # the order of imports depends on the stem
    for command in (["check", "--fix"], ["format"]):
        subprocess.run([ruff, *command, "--quiet", *written], cwd=root, check=True)
    return [*written, picture]


def _filled(template: str, words: dict[str, object]) -> str:
    text = (TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _enter(root: Path, stem: str, number: int, notebook: str, title: object) -> None:
    """Into the register, the contracts, and the two documents."""
    entry = f'    Section({number}, "{stem}"),\n'
    register = (root / "lecturekit/sections.py").read_text(encoding="utf-8")
    if f'"{stem}"' in register or f"Section({number}," in register:
        raise ValueError(f"section {number}, {stem}: the number or the stem is taken")
    _insert(root / "lecturekit/sections.py", r"    Section\(\d+, \"\w+\"\),\n", entry)
    contracts = root / "pyproject.toml"
    _insert(contracts, r"\((?:\w+)\)(?=\",\n    \"\(evaluation\)\")", f" | ({stem})")
    _insert(contracts, r"source_modules = \[\n(?:    \"lecturekit\.\w+\",\n)*?"
            r"(?=    \"lecturekit\.evaluation\")", f'    "lecturekit.{stem}",\n')  # fmt: skip
    readme = root / "README.md"
    picture = f'<img src="docs/start/{notebook}.png" alt="" width="180">'
    _insert(readme, r"\| \d+ \| \[.*\n",
            f"| {number} | [{title}](notebooks/{notebook}.ipynb) | … | {picture} |\n")  # fmt: skip
    _insert(readme, r"\| \[\w+\]\(lecturekit/\w+\) \| section .*\n",
            f"| [{stem}](lecturekit/{stem}) | section {number}: … |\n")  # fmt: skip
    _insert(
        root / "CHANGELOG.md",
        r"- Section \d+, .*\n(?:  .*\n)*",
        f"- Section {number}, {title}: …\n",
    )


def _insert(path: Path, after: str, text: str) -> None:
    """Put a text behind the last match of a pattern."""
    content = path.read_text(encoding="utf-8")
    *_, last = re.finditer(after, content)
    path.write_text(content[: last.end()] + text + content[last.end() :], encoding="utf-8")


def _placeholder(path: Path, title: object) -> None:
    image = Image.new("RGB", (432, 288), "white")
    ImageDraw.Draw(image).text((216, 144), str(title), fill="black", anchor="mm", font_size=32)
    image.save(path)


def main() -> None:
    """As `make section` calls it, in the project itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stem")
    parser.add_argument("number", type=int)
    arguments = parser.parse_args()
    root = Path(__file__).parents[2]
    try:
        written = write(root, arguments.stem, arguments.number)
    except ValueError as error:
        sys.exit(f"✗ {error}")
    lecture = next(path for path in written if path.suffix == ".ipynb")
    print(*(path.relative_to(root) for path in written), sep="\n")
    print(f"\nNext: make outputs NOTEBOOK={lecture.relative_to(root)}, then make check.")


if __name__ == "__main__":
    main()
