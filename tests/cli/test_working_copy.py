"""A student's own copy of the notebooks, through updates of the originals."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from ipykernel.ipkernel import IPythonKernel

from lecturekit.cli import notebooks, working_copy
from tests.cli.toy import call, lecture


class TestCopy:
    """A student's copy under /mine, through updates of the originals."""

    @pytest.fixture
    def mine(self, originals: Path, tmp_path: Path) -> Path:
        assert call("copy", tmp_path / "mine")[0] == 0
        return tmp_path / "mine"

    @staticmethod
    def code(path: Path) -> list[str]:
        return [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"][
            1:
        ]

    @staticmethod
    def change(path: Path, *sources: str) -> None:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[2:] = map(nbformat.v4.new_code_cell, sources)
        nbformat.write(notebook, path)

    def test_first_makes_a_copy_of_every_notebook(self, mine):
        assert self.code(mine / "01_waves.ipynb") == ["print(profile, seed)"]
        assert sorted(path.name for path in mine.iterdir()) == [
            "01_waves.ipynb",
            "02_more_waves.ipynb",
            "Start here.md",
            "glossary.md",
            "pictures",
        ]
        nbformat.validate(nbformat.read(mine / "01_waves.ipynb", as_version=4))

    def test_has_no_output_before_its_cell_has_run(self, originals, tmp_path):
        source = originals / "01_waves.ipynb"
        notebook = nbformat.read(source, as_version=4)
        notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="✓ as it should be")]
        notebook.cells[2].execution_count = 1
        nbformat.write(notebook, source)
        before = source.read_bytes()
        call("copy", tmp_path / "mine")
        copied = nbformat.read(tmp_path / "mine" / source.name, as_version=4)
        assert [cell.source for cell in copied.cells] == [cell.source for cell in notebook.cells]
        assert copied.cells[2].outputs == []
        assert copied.cells[2].execution_count is None
        assert source.read_bytes() == before
        assert "01_waves.ipynb: up to date" in call("copy", tmp_path / "mine")[1]

    @pytest.mark.parametrize("source", notebooks.select(), ids=lambda path: path.stem)
    def test_of_a_real_lecture_shows_no_result(self, source, tmp_path):
        assert '"output_type"' in source.read_text(encoding="utf-8")
        ((path, _),) = working_copy.hand_out(source, tmp_path)
        assert '"output_type"' not in path.read_text(encoding="utf-8")

    def test_is_not_changed_by_opening_it(self, mine):
        """JupyterLab writes what the kernel says of its language, if the notebook says another."""
        metadata = nbformat.read(mine / "01_waves.ipynb", as_version=4).metadata
        assert metadata.language_info == IPythonKernel.language_info

    @pytest.mark.parametrize("name", ["mine", "my own"])
    def test_says_what_to_do_next(self, name, originals, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("shutil.which", lambda _: "/bin/lecturekit")
        expected = "lecturekit lab mine" if name == "mine" else "lecturekit lab 'my own'"
        assert call("copy", name)[1].endswith(f"Open it with: {expected}")
        monkeypatch.setattr("shutil.which", lambda _: None)
        monkeypatch.setattr("sys.argv", [".venv/bin/lecturekit", "copy", name])
        assert call("copy", name)[1].endswith(f"Open it with: .venv/bin/{expected}")

    def test_refreshes_what_was_not_changed(self, mine, originals):
        self.change(originals / "01_waves.ipynb", "print('better')")
        code, output = call("copy", mine)
        assert code == 0
        assert "01_waves.ipynb: refreshed" in output
        assert "02_more_waves.ipynb: up to date" in output
        assert self.code(mine / "01_waves.ipynb") == ["print('better')"]

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"outputs": [nbformat.v4.new_output("stream", text="auto 0")]}, "your outputs"),
            ({"metadata": {"tags": ["important"]}}, "your changes"),
            ({"attachments": {"photo.png": {"image/png": "aGVsbG8="}}}, "your changes"),
        ],
        ids=["outputs", "tags", "attachments"],
    )
    def test_never_replaces_what_stands_beside_the_sources(self, changed, said, mine, originals):
        path = mine / "01_waves.ipynb"
        notebook = json.loads(path.read_text())
        notebook["cells"][0 if "attachments" in changed else 2] |= changed
        path.write_text(json.dumps(notebook))
        before = path.read_bytes()
        self.change(originals / "01_waves.ipynb", "print('better')")
        output = call("copy", mine)[1]
        assert f"01_waves.ipynb: kept, with {said}" in output
        assert path.read_bytes() == before
        assert self.code(mine / "01_waves.update.ipynb") == ["print('better')"]

    def test_a_full_disk_leaves_the_old_copy_whole(self, mine, originals, monkeypatch):
        before = (mine / "01_waves.ipynb").read_bytes()
        self.change(originals / "01_waves.ipynb", "print('better')")
        written = Path.write_text

        def half(path, text, **how):
            written(path, text[: len(text) // 2], **how)
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_text", half)
        code, output = call("copy", mine)
        assert code == 1
        assert "No space left on device" in output
        assert (mine / "01_waves.ipynb").read_bytes() == before
        assert not [path for path in mine.iterdir() if path.name.startswith(".")]

    def test_leaves_outputs_alone_when_there_is_no_update(self, mine):
        before = (mine / "01_waves.ipynb").read_bytes()
        call("copy", mine)
        assert (mine / "01_waves.ipynb").read_bytes() == before

    def test_keeps_answers_and_puts_the_update_beside_them_once(self, mine, originals):
        answered = mine / "01_waves.ipynb"
        self.change(answered, "print(profile, seed)", "my_answer = 42")
        assert "kept, with your changes" in call("copy", mine)[1]
        assert not (mine / "01_waves.update.ipynb").exists()

        self.change(originals / "01_waves.ipynb", "print('better')")
        for _ in range(2):
            assert call("copy", mine)[0] == 0
            assert self.code(answered) == ["print(profile, seed)", "my_answer = 42"]
            assert self.code(mine / "01_waves.update.ipynb") == ["print('better')"]
            assert len(list(mine.glob("*.ipynb"))) == 3

    def test_never_overwrites_answers_written_into_an_update(self, mine, originals):
        self.change(mine / "01_waves.ipynb", "answer_1 = 1")
        self.change(originals / "01_waves.ipynb", "second edition")
        call("copy", mine)
        self.change(originals / "01_waves.ipynb", "third edition")
        call("copy", mine)
        update = mine / "01_waves.update.ipynb"
        assert self.code(update) == ["third edition"]
        self.change(update, "answer_2 = 2")
        self.change(originals / "01_waves.ipynb", "fourth edition")
        output = call("copy", mine)[1]
        assert "01_waves.update-2.ipynb: the update, put beside it" in output
        assert self.code(mine / "01_waves.ipynb") == ["answer_1 = 1"]
        assert self.code(update) == ["answer_2 = 2"]
        assert self.code(mine / "01_waves.update-2.ipynb") == ["fourth edition"]

    @pytest.mark.parametrize("content", ["{ not json", "[]", '{"cells": 3, "metadata": {}}'])
    def test_keeps_a_file_that_is_no_notebook(self, content, mine):
        path = mine / "01_waves.ipynb"
        path.write_text(content)
        assert call("copy", mine)[0] == 0
        assert path.read_text() == content
        assert self.code(mine / "01_waves.update.ipynb") == ["print(profile, seed)"]

    def test_keeps_a_notebook_that_it_did_not_hand_out(self, originals, tmp_path):
        path = tmp_path / "mine" / "01_waves.ipynb"
        path.parent.mkdir()
        nbformat.write(lecture("my own"), path)
        call("copy", path.parent)
        assert self.code(path) == ["my own"]

    def test_refuses_the_folder_of_the_originals(self, originals):
        before = (originals / "01_waves.ipynb").read_bytes()
        code, output = call("copy", originals)
        assert code == 1
        assert "folder of the originals" in output
        assert (originals / "01_waves.ipynb").read_bytes() == before

    def test_the_fingerprint_sees_sources_not_how_they_are_stored(self):
        notebook = json.loads(nbformat.writes(lecture("a\nb")))
        same = json.loads(nbformat.writes(lecture("a\nb")))
        assert isinstance(same["cells"][2]["source"], list)
        same["cells"][2]["source"] = "a\nb"  # as other editors store it
        same["cells"][2]["outputs"] = [{"output_type": "stream", "text": "b"}]
        assert working_copy.fingerprint(notebook) == working_copy.fingerprint(same)
        same["cells"][2]["source"] = "a\nc"
        assert working_copy.fingerprint(notebook) != working_copy.fingerprint(same)
