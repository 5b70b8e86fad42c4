"""Enter where the project is published: `make published REPOSITORY=https://github.com/OWNER/NAME`.

The README gets links that open each lecture on Binder, Colab and Kaggle, the first cell of each
notebook learns to install the package there, and the package's metadata says where it comes from.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from urllib.parse import quote

import nbformat

from lecturekit.cli import form, start_page

ROOT = Path(__file__).parents[1]
BRANCH = "main"
BEGIN, END = "<!-- ways in: written by `make published` -->\n", "<!-- end of ways in -->"
_GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


def publish(root: Path, repository: str) -> None:
    """Write the address of a repository into all files that name it; twice is as once.

    Raises:
        ValueError: an address that is not a repository's on GitHub, which all three open from.
    """
    found = _GITHUB.fullmatch(repository)
    if not found:
        raise ValueError(f"expected https://github.com/OWNER/NAME, got {repository!r}")
    owner, name = found.groups()
    address = f"https://github.com/{owner}/{name}"
    _enter(root / "lecturekit/_version.py", r'(?m)^REPOSITORY = ".*?"', f'REPOSITORY = "{address}"')
    _enter(
        root / "pyproject.toml",
        r'(?:\[project\.urls\]\nRepository = ".*?"\n\n)?\[project\.scripts\]',
        f'[project.urls]\nRepository = "{address}"\n\n[project.scripts]',
    )
    lectures = start_page.table((root / "README.md").read_text(encoding="utf-8"))
    links = _links(owner, name, {notebook: title for _, title, notebook, _ in lectures})
    _enter(root / "README.md", f"(?s){re.escape(BEGIN)}.*?{re.escape(END)}", BEGIN + links + END)
    for _, _, notebook, _ in lectures:
        _ask(root / "notebooks" / notebook, address)


def _links(owner: str, name: str, titles: dict[str, str]) -> str:
    repository, place = f"{owner}/{name}", f"github.com/{owner}/{name}/blob/{BRANCH}/notebooks"
    lines = [
        "Open a lecture without installing anything:",
        "",
        "| | | | |",
        "|---|---|---|---|",
    ]
    for notebook, title in titles.items():
        path = quote(f"lab/tree/notebooks/{notebook}", safe="")
        links = {
            "Binder": f"https://mybinder.org/v2/gh/{repository}/{BRANCH}?urlpath={path}",
            "Colab": "https://colab.research.google.com/"
            f"github/{repository}/blob/{BRANCH}/notebooks/{notebook}",
            "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://{place}/{notebook}",
        }
        cells = [title, *(f"[{where}]({link})" for where, link in links.items())]
        lines.append(f"| {' | '.join(cells)} |")
    pull = f"repo={quote(f'https://github.com/{repository}', safe='')}&branch={BRANCH}"
    return "\n".join(
        [
            *lines,
            "",
            "On a JupyterHub with nbgitpuller, a link brings them, and keeps what was changed:",
            f"`https://HUB/hub/user-redirect/git-pull?{pull}&urlpath=lab%2Ftree%2F{name}%2Fnotebooks`.",
            "",
        ]
    )


def _ask(path: Path, repository: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    first = form.code_cells(notebook)[0]
    first.source = f"{form.asking(repository)}\n\n{form.PARAMETERS}"
    nbformat.write(notebook, path)
    path.write_text(form.text(notebook), encoding="utf-8")


def _enter(path: Path, pattern: str, text: str) -> None:
    source = path.read_text(encoding="utf-8")
    new, n = re.subn(pattern, lambda _: text, source)
    if n != 1:
        raise ValueError(f"{path.name} has {n} places for the repository's address")
    path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository")
    publish(ROOT, parser.parse_args().repository)
