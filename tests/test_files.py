"""A file is as it was or complete, and can be read by those who may."""

from __future__ import annotations

import os

import pytest

from lecturekit.files import replacing


def test_a_file_is_replaced_with_the_rights_of_a_new_one(tmp_path):
    path, plain = tmp_path / "deep" / "file", tmp_path / "plain"
    plain.touch()
    for text in ("first", "second"):
        with replacing(path) as new:
            new.write_text(text)
        assert path.read_text() == text
    assert path.stat().st_mode == plain.stat().st_mode
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fill_the_disk():
        with replacing(path) as new:
            new.write_text("half of the n")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fill_the_disk()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]
