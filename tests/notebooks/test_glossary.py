"""The glossary, and the links to it from where a word first appears."""

from __future__ import annotations

import re

import nbformat
import pytest

from lecturekit.cli import start_page
from lecturekit.cli.book.lecture import anchor
from lecturekit.sections import SECTIONS
from tests.notebooks.lectures import ROOT

_WORD = re.compile(r"^### (.+)\n\n(.+)$", re.MULTILINE)
WORDS = dict(_WORD.findall(start_page.glossary()))


def links(number: int) -> list[str]:
    """The words to which a lecture's notebook links, in order."""
    (path,) = (ROOT / "notebooks").glob(f"{number:02}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    words = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(r"\]\(glossary\.md#([^)]*)\)", words)


def test_words_are_in_order_and_each_is_explained():
    assert len(WORDS) > 30
    assert list(WORDS) == sorted(WORDS, key=str.lower)
    assert all(len(text) > 15 for text in WORDS.values())


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.stem)
def test_each_word_of_a_lecture_is_linked_to_once_and_no_link_leads_nowhere(section):
    of_it = [
        anchor(word)
        for word, text in WORDS.items()
        if (named := re.search(r"\*Lectures? ([\d, ]+)\.\*$", text))
        and str(section.number) in named[1].split(", ")
    ]
    assert sorted(links(section.number)) == sorted(of_it)
