"""What is shipped: the wheel's content, and that it works alone, far from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built through the source distribution, as it is published."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", out, ROOT], check=True, cwd=out, stdout=subprocess.DEVNULL
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has the wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [commands / "python", "-m", "pip", "install", "--quiet", f"{wheel}[emulator]"], check=True, cwd=folder
    )
    return commands


def _run(installed: Path, cwd: Path, *arguments: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(installed / "upa-analyzer"), *map(str, arguments)]
    ran = subprocess.run(command, check=True, cwd=cwd, env=environment, capture_output=True, text=True)
    return ran.stdout


def test_the_wheel_holds_the_package_with_templates_and_samples_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"analyzer"}
    for folder in ("report_templates", "sample_logs"):
        carried = {name.removeprefix("analyzer/") for name in names if name.startswith(f"analyzer/{folder}/")}
        kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert carried == kept
    assert "analyzer/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_installed_command_works_on_its_own_samples(installed: Path, tmp_path: Path) -> None:
    assert _run(installed, tmp_path, "--version").startswith("upa-analyzer ")
    where = "from analyzer.storage.files import sample_library; print(sample_library())"
    found = subprocess.run(
        [installed / "python", "-I", "-c", where], check=True, cwd=tmp_path, capture_output=True, text=True
    )
    samples = Path(found.stdout.strip())
    assert samples.is_relative_to(installed.parent)
    assert "partial" in _run(installed, tmp_path, "jobs", "--library", samples)


def test_the_installed_demo_works(installed: Path, tmp_path: Path) -> None:
    report = _run(installed, tmp_path, "demo").splitlines()[-1]
    assert (tmp_path / report).is_file()
