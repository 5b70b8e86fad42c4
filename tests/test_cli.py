"""The command as a person uses it: its files, its words, its exit codes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from typer.testing import CliRunner

from lecturekit import data
from lecturekit.cli import app, checkup, notebooks, working_copy
from tests.local_mirror import GOOD, Mirror


def lecture(*sources: str) -> nbformat.NotebookNode:
    """A notebook with a title, a parameters cell, and these code cells."""
    first = nbformat.v4.new_code_cell(
        'profile = "auto"\nseed = 0', metadata={"tags": ["parameters"]}
    )
    cells = [first, *map(nbformat.v4.new_code_cell, sources)]
    title = nbformat.v4.new_markdown_cell("# Waves & particles\n\nWords.")
    return nbformat.v4.new_notebook(cells=[title, *cells])


@pytest.fixture
def originals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small lectures where the command looks for the real ones."""
    folder = tmp_path / "originals"
    (folder / "notebooks").mkdir(parents=True)
    nbformat.write(lecture("print(profile, seed)"), folder / "notebooks" / "01_waves.ipynb")
    nbformat.write(lecture("1 + 1"), folder / "notebooks" / "02_more_waves.ipynb")
    monkeypatch.setattr(notebooks, "shared_folder", lambda: folder)
    return folder / "notebooks"


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, " ".join(result.output.split())  # whatever the terminal's width


class TestHelp:
    def test_needs_neither_torch_nor_jupyter(self):
        heavy = "{'torch', 'matplotlib', 'jupyterlab', 'papermill', 'nbformat', 'sklearn'}"
        code = f"import sys, lecturekit.cli; print({heavy} & set(sys.modules))"
        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert printed.stdout == "set()\n", printed.stderr

    @pytest.mark.parametrize("command", ["lab", "fetch", "copy", "run", "doctor"])
    def test_every_command_explains_itself(self, command):
        code, output = call(command, "--help")
        assert code == 0
        assert f"lecturekit {command}" in output.replace("root", "lecturekit")


class TestSections:
    @pytest.mark.parametrize("name", ["waves", "1", "01", "01_waves", "01_waves.ipynb"])
    def test_go_by_stem_number_and_file(self, name, originals):
        assert notebooks.select([name]) == [originals / "01_waves.ipynb"]

    def test_are_all_taken_in_order_if_none_is_named(self, originals):
        assert [path.stem for path in notebooks.select()] == ["01_waves", "02_more_waves"]

    def test_unknown_ones_are_refused(self, originals):
        with pytest.raises(ValueError, match="no section tides; there are: waves, more_waves"):
            notebooks.select(["waves", "tides"])

    def test_are_found_where_pip_put_them(self, tmp_path, monkeypatch):
        share = tmp_path / "share" / "lecturekit"
        (share / "notebooks").mkdir(parents=True)
        (share / "constraints.txt").touch()
        file = importlib.metadata.PackagePath("share/lecturekit/constraints.txt")
        file.dist = importlib.metadata.PathDistribution(tmp_path / "lecturekit.dist-info")
        monkeypatch.setattr(importlib.metadata, "files", lambda _: [file])
        monkeypatch.setattr(notebooks, "_CHECKOUT", tmp_path)
        monkeypatch.chdir(tmp_path)
        assert notebooks.shared_folder() == share
        assert notebooks.folder_to_open() == tmp_path

    def test_an_installation_without_them_says_so(self, tmp_path, monkeypatch):
        monkeypatch.setattr(importlib.metadata, "files", lambda _: None)
        monkeypatch.setattr(notebooks, "_CHECKOUT", tmp_path)
        with pytest.raises(FileNotFoundError, match="install it again"):
            notebooks.shared_folder()


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
        ]
        nbformat.validate(nbformat.read(mine / "01_waves.ipynb", as_version=4))

    def test_refreshes_what_was_run_but_not_changed(self, mine, originals):
        path = mine / "01_waves.ipynb"
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="auto 0")]
        notebook.cells[2].execution_count = 7
        nbformat.write(notebook, path)
        self.change(originals / "01_waves.ipynb", "print('better')")
        code, output = call("copy", mine)
        assert code == 0
        assert "01_waves.ipynb: refreshed" in output
        assert "02_more_waves.ipynb: up to date" in output
        assert self.code(path) == ["print('better')"]

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
            assert len(list(mine.iterdir())) == 3

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

    def test_the_fingerprint_sees_sources_only(self):
        notebook = json.loads(nbformat.writes(lecture("a\nb")))
        same = json.loads(nbformat.writes(lecture("a\nb")))
        assert isinstance(same["cells"][2]["source"], list)
        same["cells"][2]["source"] = "a\nb"  # as other editors store it
        same["cells"][2]["outputs"] = [{"output_type": "stream", "text": "b"}]
        assert working_copy.fingerprint(notebook) == working_copy.fingerprint(same)
        same["cells"][2]["source"] = "a\nc"
        assert working_copy.fingerprint(notebook) != working_copy.fingerprint(same)


class TestFetch:
    @pytest.fixture
    def mirror(self, tmp_path, monkeypatch):
        """A mirror on this machine, the only one; the files go to a folder of this test."""
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in GOOD.items()}
        monkeypatch.setattr(data.mnist_files, "SHA256", digests)
        monkeypatch.setattr(data, "MNIST_MIRRORS", ())
        monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path / "data"))
        server = Mirror(dict(GOOD))
        yield server
        server.close()

    def test_downloads_what_is_missing_and_says_where_it_is(self, mirror, tmp_path):
        code, output = call("fetch", "--mirror", mirror.url)
        assert code == 0, output
        assert "MNIST is complete in" in output
        assert data.mnist_available()
        call("fetch", "--mirror", mirror.url)
        assert mirror.requests == list(GOOD)

    def test_failure_is_explained_in_words(self, mirror):
        mirror.files.clear()
        code, output = call("fetch", "--mirror", mirror.url)
        assert code == 1
        assert "no mirror had a good copy of train-images" in output
        assert "Traceback" not in output


@pytest.mark.notebook
class TestRun:
    def test_writes_executed_notebooks_pages_and_an_index(self, originals, tmp_path):
        output = tmp_path / "out"
        code, printed = call("run", "--profile", "smoke", "--seed", "3", "--output", output)
        assert code == 0, printed
        executed = nbformat.read(output / "01_waves.ipynb", as_version=4)
        assert executed.cells[-1].outputs[0].text == "smoke 3\n"
        assert "smoke 3" in (output / "01_waves.html").read_text()
        index = (output / "index.html").read_text()
        assert '<a href="02_more_waves.html">Waves &amp; particles</a>' in index
        assert "outputs" not in (originals / "01_waves.ipynb").read_text().replace(
            '"outputs": []', ""
        )

    def test_a_failing_cell_is_named_and_the_others_still_run(self, originals, tmp_path):
        nbformat.write(lecture("x = 1", "# why\nx / 0"), originals / "01_waves.ipynb")
        code, printed = call("run", "--output", tmp_path / "out")
        assert code == 1
        assert (
            "01_waves.ipynb: cell In [4] (# why) — ZeroDivisionError: division by zero" in printed
        )
        assert (tmp_path / "out" / "02_more_waves.html").exists()
        assert "ZeroDivisionError" in (tmp_path / "out" / "01_waves.html").read_text()

    def test_an_unknown_section_is_refused_before_anything_runs(self, originals, tmp_path):
        code, printed = call("run", "tides", "--output", tmp_path / "out")
        assert code == 1
        assert "there is no section tides" in printed
        assert not (tmp_path / "out").exists()


class TestDoctor:
    def test_finds_nothing_wrong_here(self, originals):
        (originals.parent / "constraints.txt").write_text(f"torch=={torch.__version__}")
        problems = [f for f in checkup.findings() if f.state == "problem"]
        assert not problems
        assert call("doctor")[0] == 0

    def test_says_which_packages_are_missing_old_or_untested(self, monkeypatch):
        installed = {"torch": "2.5.1", "numpy": "9.9.9", "papermill": None}
        real = importlib.metadata.version
        monkeypatch.setattr(
            checkup, "_installed_version", lambda name: installed.get(name, real(name))
        )
        found = {f.subject: f for f in checkup.package_versions()}
        assert found["torch"].state == "problem"
        assert ">=2.6 is needed" in found["torch"].found
        assert found["papermill"].found == "is not installed"
        assert found["numpy"].state == "note"
        assert "tested with 2." in found["numpy"].found
        assert "make setup" in found["papermill"].advice
        code, output = call("doctor")
        assert code == 1
        assert "papermill is not installed" in output

    def test_refuses_an_old_python(self):
        assert checkup.python_version((3, 10, 4)).state == "problem"
        assert checkup.python_version((3, 11, 0)).state == "ok"

    def test_sees_that_the_widget_manager_is_missing(self, monkeypatch, tmp_path):
        monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [str(tmp_path)])
        found = {f.subject: f.state for f in checkup.widgets()}
        assert found["Widgets"] == "problem"

    def test_sees_a_kernel_of_another_environment(self, monkeypatch, tmp_path):
        kernel = tmp_path / "kernels" / "python3"
        kernel.mkdir(parents=True)
        spec = {"argv": ["/elsewhere/python", "-m", "ipykernel"], "display_name": "Other"}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
        found = {f.subject: f for f in checkup.widgets()}
        assert found["Kernel"].state == "problem"
        assert "/elsewhere/python" in found["Kernel"].found

    def test_says_how_to_get_mnist(self, monkeypatch, tmp_path):
        monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path))
        found = checkup.mnist()
        assert found.state == "note"
        assert "lecturekit fetch" in found.advice


class TestLab:
    @pytest.fixture
    def launched(self, monkeypatch) -> list[str]:
        """The options with which JupyterLab would have been started."""
        options: list[str] = []
        monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", options.extend)
        return options

    def test_opens_the_checkouts_notebooks(self, launched, monkeypatch):
        monkeypatch.setenv("DISPLAY", ":0")
        assert call("lab")[0] == 0
        checkout = Path(__file__).parents[1]
        assert f"--ServerApp.root_dir={checkout / 'notebooks'}" in launched
        assert "--no-browser" not in launched

    def test_passes_options_on_and_does_without_a_browser(self, launched, monkeypatch, tmp_path):
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        assert call("lab", "--dir", tmp_path, "--", "--port=9000")[0] == 0
        assert {f"--ServerApp.root_dir={tmp_path}", "--port=9000", "--no-browser"} <= set(launched)

    def test_refuses_a_folder_that_is_not_there(self, launched, tmp_path):
        code, output = call("lab", "--dir", tmp_path / "nowhere")
        assert code == 1
        assert "there is no folder" in output
        assert launched == []

    def test_without_jupyterlab_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
        code, output = call("lab")
        assert code == 1
        assert "pip install 'lecturekit[lab]'" in output


def test_the_command_is_installed():
    assert shutil.which("lecturekit", path=str(Path(sys.executable).parent))
