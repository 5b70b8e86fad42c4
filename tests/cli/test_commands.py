"""The command as a person uses it: its words, its exit codes, the files that it writes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
import torch

from lecturekit import data
from lecturekit.cli import book, checkup, decks, execution, form, notebooks
from lecturekit.cli.stored import COMPARED
from tests.cli.toy import call, lecture
from tests.local_mirror import GOOD, Mirror


class TestHelp:
    def test_needs_neither_torch_nor_jupyter(self):
        heavy = "{'torch', 'matplotlib', 'jupyterlab', 'papermill', 'nbformat', 'sklearn'}"
        code = f"import sys, lecturekit.cli; print({heavy} & set(sys.modules))"
        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert printed.stdout == "set()\n", printed.stderr

    @pytest.mark.parametrize("command", ["lab", "fetch", "copy", "run", "site", "slides", "doctor"])
    def test_every_command_explains_itself(self, command):
        code, output = call(command, "--help")
        assert code == 0
        assert f"lecturekit {command}" in output.replace("root", "lecturekit")

    def test_says_its_version(self):
        assert call("--version") == (0, f"lecturekit {importlib.metadata.version('lecturekit')}")

    @pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp1252", "ascii"])
    def test_can_be_redirected_on_any_code_page(self, encoding, tmp_path):
        with (tmp_path / "said").open("wb") as file:
            done = subprocess.run(
                [Path(sys.executable).with_name("lecturekit"), "doctor"],
                stdout=file,
                stderr=subprocess.PIPE,
                env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
            )
        said = (tmp_path / "said").read_text(encoding=encoding)
        assert "Error" not in done.stderr.decode(errors="replace")
        assert "MNIST" in said
        assert ("✓" if encoding == "utf-8" else "ok") in said


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
        assert notebooks.shared_folder() == share

    def test_an_installation_without_them_says_so(self, tmp_path, monkeypatch):
        monkeypatch.setattr(importlib.metadata, "files", lambda _: None)
        monkeypatch.setattr(notebooks, "_CHECKOUT", tmp_path)
        with pytest.raises(FileNotFoundError, match="install it again"):
            notebooks.shared_folder()


class TestSite:
    """`lecturekit site`, but for the pages: those are tested in `book`."""

    @pytest.fixture
    def built(self, monkeypatch, tmp_path):
        """What the command had made of which notebooks; a build that finds what is told here."""
        calls, complaints = [], []

        def build(executed, output):
            calls.append((executed, output))
            return complaints

        monkeypatch.setattr(book, "build", build)
        monkeypatch.chdir(tmp_path)
        return calls, complaints

    @pytest.mark.notebook
    def test_executes_what_was_not_executed_before_or_has_changed(self, originals, built, tmp_path):
        states = []
        for change in ("", "", "\n2"):
            path = originals / "02_more_waves.ipynb"
            notebook = nbformat.read(path, as_version=4)
            notebook.cells[-1].source += change
            nbformat.write(notebook, path)
            code, printed = call("site", "pages", "--profile", "smoke")
            assert code == 0, printed
            recorded = tmp_path / "build" / "recorded"
            names = "01_waves.ipynb", "02_more_waves.ipynb"
            states.append([(recorded / name).stat().st_mtime_ns for name in names])
        assert states[0] == states[1]
        assert states[1][0] == states[2][0]
        assert states[1][1] < states[2][1]
        executed, output = built[0][-1]
        assert executed == {
            "waves": Path("build/recorded/01_waves.ipynb"),
            "more_waves": Path("build/recorded/02_more_waves.ipynb"),
        }
        assert output == Path("pages")

    @pytest.mark.notebook
    def test_another_profile_or_seed_is_another_recording(self, originals, built):
        for options in ((), ("--seed", "1"), ("--seed", "1", "--profile", "smoke")):
            assert call("site", "pages", "waves", *options)[0] == 0
            recorded = nbformat.read(built[0][-1][0]["waves"], as_version=4)
            assert (
                recorded.cells[-1].outputs[0].text
                == {
                    0: "auto 0\n",
                    2: "auto 1\n",
                    4: "smoke 1\n",
                }[len(options)]
            )

    @pytest.mark.notebook
    def test_what_failed_is_listed_and_executed_again(self, originals, built):
        nbformat.write(lecture("1 / 0"), originals / "01_waves.ipynb")
        for _ in range(2):
            code, printed = call("site", "pages", "waves")
            assert code == 1
            assert "✗ 01_waves.ipynb: cell In [3] (1 / 0) — ZeroDivisionError" in printed

    def test_takes_executed_notebooks_as_they_are(self, originals, built, tmp_path):
        code, printed = call("site", "pages", "2", "--executed", tmp_path / "before")
        assert code == 0
        assert "✓ Open" in printed
        assert built[0] == [
            ({"more_waves": tmp_path / "before" / "02_more_waves.ipynb"}, Path("pages"))
        ]

    def test_a_broken_page_is_listed_and_fails(self, originals, built, tmp_path):
        built[1].append("a.html: b.html leads nowhere")
        code, printed = call("site", "pages", "--executed", tmp_path)
        assert code == 1
        assert printed == "✗ a.html: b.html leads nowhere"


class TestSlides:
    """`lecturekit slides`, but for the decks: those are tested in `decks`."""

    def test_takes_what_the_site_takes(self, originals, monkeypatch, tmp_path):
        calls, complaints = [], []
        monkeypatch.setattr(decks, "build", lambda *told: calls.append(told) or complaints)
        code, printed = call("slides", "pages", "2", "--executed", tmp_path / "before")
        assert code == 0
        assert "✓ Open" in printed
        assert calls == [
            ({"more_waves": tmp_path / "before" / "02_more_waves.ipynb"}, Path("pages"))
        ]
        complaints.append("a.html: b.html leads nowhere")
        assert call("slides", "pages", "--executed", tmp_path) == (1, f"✗ {complaints[0]}")


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
    def test_writes_executed_notebooks_and_leaves_the_sources(self, originals, tmp_path):
        output = tmp_path / "out"
        code, printed = call("run", "--profile", "smoke", "--seed", "3", "--output", output)
        assert code == 0, printed
        executed = nbformat.read(output / "01_waves.ipynb", as_version=4)
        assert executed.cells[-1].outputs[0].text == "smoke 3\n"
        assert {path.name for path in output.iterdir()} == {"01_waves.ipynb", "02_more_waves.ipynb"}
        assert "outputs" not in (originals / "01_waves.ipynb").read_text().replace(
            '"outputs": []', ""
        )

    def test_works_where_no_kernel_has_ever_run(self, originals, tmp_path, monkeypatch):
        # Short: the path of a socket has some hundred characters at most.
        with tempfile.TemporaryDirectory() as home:
            monkeypatch.setenv("JUPYTER_RUNTIME_DIR", f"{home}/new/runtime")
            code, printed = call("run", "waves", "--output", tmp_path / "out")
        assert code == 0, printed

    def test_a_failing_cell_is_named_and_the_others_still_run(self, originals, tmp_path):
        nbformat.write(lecture("x = 1", "# why\nx / 0"), originals / "01_waves.ipynb")
        code, printed = call("run", "--output", tmp_path / "out")
        assert code == 1
        assert (
            "01_waves.ipynb: cell In [4] (# why) — ZeroDivisionError: division by zero" in printed
        )
        assert (tmp_path / "out" / "02_more_waves.ipynb").exists()
        assert "ZeroDivisionError" in (tmp_path / "out" / "01_waves.ipynb").read_text()

    def test_what_does_not_hold_is_listed_and_fails(self, originals, tmp_path):
        session = "import lecturekit\nsession = lecturekit.start('cpu', seed)"
        wrong = "session.identity('1 < 2', 1.0, 2.0)\nsession.claim('PCD & CD', False, {'by': 1.5})"
        nbformat.write(lecture(session, wrong, "print('goes on')"), originals / "01_waves.ipynb")
        code, printed = call("run", "--output", tmp_path / "out")
        assert code == 1
        assert "✗ 01_waves.ipynb: ✗ 1 < 2 [largest difference 1]" in printed
        assert "✗ 01_waves.ipynb: ✗ PCD & CD [by 1.5]" in printed
        executed = nbformat.read(tmp_path / "out" / "01_waves.ipynb", as_version=4)
        assert executed.cells[-1].outputs[0].text == "goes on\n"

    def test_a_kernel_that_dies_is_a_line_and_the_others_still_run(self, originals, tmp_path):
        cells = "x = 1", "import os\nos._exit(9)", "print('never')"
        nbformat.write(lecture(*cells), originals / "01_waves.ipynb")
        code, printed = call("run", "--output", tmp_path / "out")
        assert code == 1
        assert "✗ 01_waves.ipynb: the kernel died, perhaps for lack of memory" in printed
        assert "in the cell (import os)" in printed
        assert "Traceback" not in printed
        assert (tmp_path / "out" / "02_more_waves.ipynb").exists()

    def test_a_kernel_that_does_not_start_is_a_line(self, originals, tmp_path, monkeypatch):
        class Dead(execution.AsyncSocketKernelManager):
            async def start_kernel(self, **_):
                raise RuntimeError("Kernel died before replying to kernel_info")

        monkeypatch.setattr(execution, "AsyncSocketKernelManager", Dead)
        code, printed = call("run", "--output", tmp_path / "out")
        assert code == 1
        for name in ("01_waves", "02_more_waves"):
            assert f"✗ {name}.ipynb: Kernel died before replying to kernel_info" in printed

    def test_interrupted_it_keeps_what_was_executed(self, originals, tmp_path):
        begun = tmp_path / "begun"
        cells = "print('kept')", f"open({str(begun)!r}, 'w').close()\nimport time; time.sleep(60)"
        nbformat.write(lecture(*cells), originals / "01_waves.ipynb")
        code = (
            "import pathlib; from lecturekit.cli import main, notebooks\n"
            f"notebooks.shared_folder = lambda: pathlib.Path({str(originals.parent)!r})\nmain()"
        )
        command = [sys.executable, "-c", code, "run", "--output", str(tmp_path / "out")]
        running = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            for _ in range(600):
                if begun.exists() or running.poll() is not None:
                    break
                time.sleep(0.1)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=60)
        finally:
            running.kill()
        assert running.returncode == 130, said.decode()
        assert "Interrupted; what was executed is in" in " ".join(said.decode().split())
        executed = nbformat.read(tmp_path / "out" / "01_waves.ipynb", as_version=4)
        assert any("kept" in str(cell.get("outputs")) for cell in executed.cells)

    @pytest.mark.parametrize("wrong", [("--profile", "fast"), ("--seed", "-1")])
    def test_an_option_that_means_nothing_is_refused_at_once(self, wrong, originals, tmp_path):
        code, printed = call("run", *wrong, "--output", tmp_path / "out")
        assert code == 2
        assert wrong[0] in printed
        assert not (tmp_path / "out").exists()

    def test_an_unknown_section_is_refused_before_anything_runs(self, originals, tmp_path):
        code, printed = call("run", "tides", "--output", tmp_path / "out")
        assert code == 1
        assert "there is no section tides" in printed
        assert not (tmp_path / "out").exists()


@pytest.mark.notebook
class TestCheck:
    """`lecturekit run --check` on a notebook whose form is none of this test's business."""

    @pytest.fixture(autouse=True)
    def any_form(self, monkeypatch):
        monkeypatch.setattr(form, "complaints", lambda path: [])

    def lecture(self, stored: str, cell: str = "") -> nbformat.NotebookNode:
        source = cell or "print('✓ PCD wins  [by 0.958]')"
        notebook = lecture(f"{COMPARED}\n{source}")
        notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text=stored)]
        return notebook

    @pytest.mark.parametrize(
        ("stored", "code", "said"),
        [
            ("✓ PCD wins  [by 0.958]\n", 0, "✓ 01_waves.ipynb is ready"),
            ("✓ PCD wins  [by 0.957]\n", 0, "✓ 01_waves.ipynb is ready"),
            ("✓ PCD wins  [by 1.19]\n", 0, "– 01_waves.ipynb: cell 2: a stored reading is stale"),
            ("✓ CD wins  [by 0.958]\n", 1, "✗ 01_waves.ipynb: cell 2: another output"),
            ("", 1, "✗ 01_waves.ipynb: cell 2: another output"),
        ],
    )
    def test_stored_outputs_are_compared(self, stored, code, said, originals):
        nbformat.write(self.lecture(stored), originals / "01_waves.ipynb")
        came, printed = call("run", "waves", "--check")
        assert came == code, printed
        assert said in printed
        assert not (originals.parent / "build").exists()

    def test_it_runs_in_the_lectures_profile_and_fails_with_a_claim(self, originals, monkeypatch):
        monkeypatch.setenv("LECTUREKIT_PROFILE", "smoke")
        cell = (
            "import lecturekit\nsession = lecturekit.start(profile, seed)\n"
            "session.claim('it holds', session.profile != 'cpu')"
        )
        nbformat.write(self.lecture("✗ it holds", cell), originals / "01_waves.ipynb")
        code, printed = call("run", "1", "--check")
        assert code == 1
        assert "✗ 01_waves.ipynb: ✗ it holds" in printed
        assert os.environ["LECTUREKIT_PROFILE"] == "smoke"

    def test_the_form_counts(self, originals, monkeypatch):
        monkeypatch.setattr(form, "complaints", lambda path: ["it has no title"])
        code, printed = call("run", "1", "--check")
        assert code == 1
        assert "✗ 01_waves.ipynb: it has no title" in printed
        assert "is ready" not in printed


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


def test_the_command_is_installed():
    assert shutil.which("lecturekit", path=str(Path(sys.executable).parent))
