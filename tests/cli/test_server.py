"""`lecturekit lab`: the server that it starts, and what JupyterLab makes of its settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jupyter_core.paths import jupyter_path
from jupyterlab.commands import get_app_dir
from jupyterlab_server.settings_utils import get_settings

from lecturekit.cli import hall, notebooks, server
from lecturekit.sections import SECTIONS
from tests.cli.toy import call

ROOT = Path(__file__).parents[2]
START = "--LabApp.default_url=/lab/workspaces/lectures/tree/Start%20here.md"


class Launched(list[str]):
    """The options with which JupyterLab would have been started, and its environment."""

    overrides: dict[str, Any]

    def start(self, options: list[str]) -> None:
        self.extend(options)
        folder = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0]
        overrides = Path(folder, "labconfig", "default_setting_overrides.json")
        self.overrides = json.loads(overrides.read_text(encoding="utf-8"))


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/somewhere")  # both are put back after the test
    monkeypatch.setenv("PATH", os.environ["PATH"])
    started = Launched()
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", started.start)
    return started


class TestLab:
    def test_opens_the_start_page_of_a_working_copy_that_it_makes(
        self, launched, originals, tmp_path
    ):
        code, output = call("lab")
        assert code == 0, output
        mine = tmp_path / "mine"
        assert {f"--ServerApp.root_dir={mine}", START} <= set(launched)
        assert "01_waves.ipynb: new" in output
        assert (mine / "Start here.md").is_file()
        call("copy", tmp_path / "other")
        for path in mine.rglob("*.*"):
            assert path.read_bytes() == (tmp_path / "other" / path.relative_to(mine)).read_bytes()

    def test_refreshes_the_working_copy(self, launched, originals, tmp_path):
        call("lab")
        shutil.copy(originals / "02_more_waves.ipynb", originals / "01_waves.ipynb")
        assert "01_waves.ipynb: refreshed" in call("lab")[1]

    def test_opens_a_folder_as_it_is(self, launched, originals):
        before = sorted(originals.rglob("*"))
        assert call("lab", originals)[0] == 0
        assert f"--ServerApp.root_dir={originals}" in launched
        assert START not in launched
        assert sorted(originals.rglob("*")) == before

    def test_opens_the_start_page_of_a_folder_that_has_one(self, launched, originals, tmp_path):
        call("copy", tmp_path / "other")
        call("lab", tmp_path / "other")
        assert {f"--ServerApp.root_dir={tmp_path / 'other'}", START} <= set(launched)

    @pytest.mark.parametrize("options", [["--port=9000"], ["--port", "9000"]])
    @pytest.mark.parametrize("folder", [[], ["other"]])
    def test_passes_options_on_and_does_without_a_browser(
        self, options, folder, launched, originals, monkeypatch, tmp_path
    ):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "other").mkdir()
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        assert call("lab", *folder, "--", *options)[0] == 0
        assert launched[-len(options) :] == options
        assert f"--ServerApp.root_dir={tmp_path / (folder or ['mine'])[0]}" in launched
        assert "--no-browser" in launched

    def test_opens_the_browser_where_there_is_one(self, launched, tmp_path, monkeypatch):
        monkeypatch.setenv("DISPLAY", ":0")
        call("lab", tmp_path)
        assert "--no-browser" not in launched

    def test_starts_with_the_lectures_settings_and_takes_them_away_again(self, launched, tmp_path):
        call("lab", tmp_path)
        assert launched.overrides == server.SETTINGS
        settings, rest = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
        assert rest == "/somewhere"
        assert not Path(settings).exists()

    def test_refuses_a_folder_that_is_not_there(self, launched, tmp_path):
        code, output = call("lab", tmp_path / "nowhere")
        assert code == 1
        assert "there is no folder" in output
        assert launched == []

    def test_without_jupyterlab_it_says_what_to_install(self, originals, monkeypatch, tmp_path):
        monkeypatch.delitem(sys.modules, "lecturekit.cli.server")
        monkeypatch.delattr("lecturekit.cli.server")
        monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
        code, output = call("lab")
        assert code == 1
        assert "pip install 'lecturekit[lab]'" in output
        assert not (tmp_path / "mine").exists()


class TestInTheHall:
    """`lecturekit lab --hall`."""

    @pytest.fixture
    def users(self, tmp_path, monkeypatch) -> Path:
        """The folder of a user's own settings, who has chosen a theme, and once showed a deck."""
        folder = tmp_path / "users"
        for name, told in {
            "@jupyterlab/apputils-extension/themes": {"theme": "JupyterLab Dark"},
            "@deathbeds/jupyterlab-deck/plugin": {"active": False},
        }.items():
            path = folder / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(told), encoding="utf-8")
        monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(folder))
        monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", "/somewhere")
        return folder

    def test_opens_a_lecture_in_a_folder_of_its_own(self, launched, originals, users, tmp_path):
        code, output = call("lab", "--hall", "2", "--", "--port=9000")
        assert code == 0, output
        place = "/lab/workspaces/lectures/tree/02_more_waves.ipynb"
        shown = tmp_path / "mine" / "hall"
        expected = {f"--ServerApp.root_dir={shown}", f"--LabApp.default_url={place}", "--port=9000"}
        assert expected <= set(launched)
        assert launched.overrides == hall.HALL
        cells = json.loads((shown / "02_more_waves.ipynb").read_text())["cells"]
        folded = [cell["metadata"].get("jupyter") for cell in cells if cell["cell_type"] == "code"]
        assert folded == [{"source_hidden": True}] * 2

    def test_without_a_lecture_it_opens_the_page_that_leads_to_all(
        self, launched, originals, users, tmp_path
    ):
        assert call("lab", "--hall")[0] == 0
        assert START in launched
        page = (tmp_path / "mine" / "hall" / "Start here.md").read_text()
        assert "(02_more_waves.ipynb)" in page.split("---\n")[1]

    def test_refuses_a_lecture_that_there_is_not(self, launched, originals, users):
        code, output = call("lab", "--hall", "optics")
        assert code == 1
        assert "there is no section optics; there are: waves, more_waves" in output
        assert launched == []

    def test_the_users_settings_are_in_force_as_a_copy(self, users, tmp_path):
        before = {path: path.read_text() for path in users.rglob("*.*") if path.is_file()}
        ours = hall.environment(tmp_path / "ours")
        copied = Path(ours["JUPYTERLAB_SETTINGS_DIR"])
        settings = [path.relative_to(copied) for path in copied.rglob("*.jupyterlab-settings")]
        assert settings == [Path("@jupyterlab/apputils-extension/themes.jupyterlab-settings")]
        assert Path(ours["JUPYTERLAB_WORKSPACES_DIR"]).parent == tmp_path / "ours"
        assert {path: path.read_text() for path in before} == before

    def test_a_user_who_has_no_settings_needs_none(self, tmp_path, monkeypatch):
        monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path / "nowhere"))
        assert hall.environment(tmp_path / "ours")


class TestWorkingFolder:
    def test_is_beside_a_checkouts_notebooks(self):
        assert notebooks.working_folder() == Path(__file__).parents[2] / "my-notebooks"

    def test_is_at_home_for_an_installed_package(self, monkeypatch, tmp_path):
        monkeypatch.setattr(notebooks, "_CHECKOUT", tmp_path)
        assert notebooks.working_folder() == Path.home() / "lecturekit-notebooks"


class TestSettings:
    """What JupyterLab's own server makes of them."""

    @pytest.fixture
    def users(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A folder for the user's settings, with ours for this server."""
        for name, value in server.environment(tmp_path / "ours", hall.HALL).items():
            monkeypatch.setenv(name, value)
        return tmp_path / "users"

    @staticmethod
    def read(plugin: str, users: Path) -> dict[str, Any]:
        app = Path(get_app_dir())
        found, _ = get_settings(
            str(app / "settings"),
            str(app / "schemas"),
            str(users),
            schema_name=plugin,
            labextensions_path=jupyter_path("labextensions"),
        )
        return found

    @pytest.mark.parametrize("plugin", hall.HALL)
    def test_are_defaults_of_plugins_that_there_are(self, plugin, users, monkeypatch):
        schema = self.read(plugin, users)["schema"]
        monkeypatch.delenv("JUPYTER_CONFIG_PATH")
        known = self.read(plugin, users)["schema"]
        for name, value in hall.HALL[plugin].items():
            assert schema["properties"][name]["default"] == value
            assert known["properties"][name]["default"] != value
            jsonschema.validate({name: value}, known)

    def test_leave_the_users_own_in_force(self, users):
        plugin = "@jupyterlab/notebook-extension:tracker"
        path = users / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text('{"windowingMode": "full"}')
        assert self.read(plugin, users)["settings"] == {"windowingMode": "full"}
        assert path.read_text() == '{"windowingMode": "full"}'
        assert len([each for each in users.rglob("*") if each.is_file()]) == 1

    def test_this_environments_command_is_on_the_path(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "/usr/bin")
        path = server.environment(tmp_path)["PATH"]
        ours = shutil.which("lecturekit", path=path)
        assert ours
        assert Path(ours).parent == Path(sys.executable).parent
        assert path.endswith(f"{os.pathsep}/usr/bin")


def test_jupyterlab_takes_the_options(tmp_path):
    """Its own parser, on all that it is told."""
    (tmp_path / "Start here.md").touch()
    command = [sys.executable, "-m", "jupyterlab", *server.options(tmp_path), "--show-config-json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    config = json.loads(shown.stdout)
    assert config["ServerApp"]["root_dir"] == str(tmp_path)
    assert config["LabApp"]["default_url"] == START.partition("=")[2]


def test_an_image_for_servers_has_the_settings_and_a_copy_to_work_in(tmp_path, monkeypatch):
    """What repo2docker runs once it has built the environment."""
    monkeypatch.setenv("NB_PYTHON_PREFIX", str(tmp_path / "prefix"))
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
    subprocess.run(["bash", ROOT / "postBuild"], cwd=tmp_path, check=True, capture_output=True)
    written = tmp_path / "prefix/etc/jupyter/labconfig/default_setting_overrides.json"
    assert json.loads(written.read_text()) == server.SETTINGS
    copied = sorted(path.name for path in (tmp_path / "my-notebooks").glob("*.ipynb"))
    assert copied == [section.notebook for section in SECTIONS]
