"""The start page of a working copy, of two small lectures and of the real ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from lecturekit.cli import notebooks, start_page
from tests.cli.toy import README, call


@pytest.fixture
def page(originals: Path, tmp_path: Path) -> Path:
    """The start page as it was handed out."""
    assert call("copy", tmp_path / "mine")[0] == 0
    return tmp_path / "mine" / start_page.NAME


def links(text: str) -> set[str]:
    """What a page links to, and the pictures that it shows."""
    return set(re.findall(r'\]\(([^)]+)\)|(?:href|src)="([^"]+)"', text))


def test_links_to_every_lecture_and_shows_its_picture(page: Path):
    found = {name for pair in links(page.read_text(encoding="utf-8")) for name in pair if name}
    expected = {"01_waves.ipynb", "02_more_waves.ipynb"}
    assert found == expected | {f"pictures/{Path(name).stem}.png" for name in expected}
    assert not [name for name in found if not (page.parent / name).is_file()]


def test_says_of_each_what_the_readme_and_the_notebook_say(page: Path):
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if ".ipynb" in line]
    assert len(rows) == 2
    assert "**[1 · Waves](01_waves.ipynb)**" in rows[0]
    assert "You will be able to hear a *wave*." in rows[0]
    assert "*Time: an hour, or two.*" in rows[0]
    assert "You will be able to add two of them." in rows[1]


def test_does_without_a_time_that_its_notebook_does_not_tell(originals: Path, tmp_path: Path):
    path = originals / "01_waves.ipynb"
    path.write_text(path.read_text().replace("**Time:**", "Long:"))
    call("copy", tmp_path / "mine")
    assert (tmp_path / "mine" / start_page.NAME).read_text().count("*Time:") == 1


class TestUpdates:
    def test_leave_a_page_alone_that_is_up_to_date(self, page: Path):
        before = page.stat().st_mtime_ns
        assert "Start here.md: up to date" in call("copy", page.parent)[1]
        assert page.stat().st_mtime_ns == before

    def test_refresh_what_was_not_changed(self, page: Path, originals: Path):
        (originals.parent / "README.md").write_text(README.replace("hear", "see"))
        Image.new("RGB", (30, 20)).save(originals.parent / "docs" / "start" / "01_waves.png")
        assert "Start here.md: refreshed" in call("copy", page.parent)[1]
        assert "You will be able to see a *wave*." in page.read_text(encoding="utf-8")
        assert Image.open(page.parent / "pictures" / "01_waves.png").size == (30, 20)

    @pytest.mark.parametrize("mine", ["My notes.", "{before}My notes.", "My notes.{before}"])
    def test_keep_what_was_written_into_it(self, mine: str, page: Path, originals: Path):
        changed = mine.replace("{before}", page.read_text(encoding="utf-8"))
        page.write_text(changed, encoding="utf-8")
        (originals.parent / "README.md").write_text(README.replace("hear", "see"))
        assert "Start here.md: kept, with your changes" in call("copy", page.parent)[1]
        assert page.read_text(encoding="utf-8") == changed


def test_an_installation_that_lacks_a_picture_says_so(originals: Path, tmp_path: Path):
    (originals.parent / "docs" / "start" / "01_waves.png").unlink()
    code, output = call("copy", tmp_path / "mine")
    assert code == 1
    assert "01_waves.png" in output
    assert "Traceback" not in output


class TestTheRealOne:
    def test_has_every_notebook(self):
        listed = start_page.lectures()
        assert [lecture.notebook for lecture in listed] == notebooks.select()
        assert all(lecture.title and lecture.outcome and lecture.time for lecture in listed)
        for lecture in listed:
            first = json.loads(lecture.notebook.read_text(encoding="utf-8"))["cells"][0]
            assert "".join(first["source"]).startswith(f"# {lecture.number} · ")

    def test_has_a_small_picture_of_each_all_of_one_shape(self):
        pictures = [lecture.picture for lecture in start_page.lectures()]
        assert {Image.open(picture).size for picture in pictures} == {(432, 288)}
        assert not [picture for picture in pictures if picture.stat().st_size > 40 * 1024]
        assert len({picture.read_bytes() for picture in pictures}) == len(pictures)
