"""The next command as a line that runs as it is printed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.cli.arguments import Arguments
from analyzer.model.next_step import Commands
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

ROOT = Path(__file__).resolve().parent.parent.parent
GIVEN = Commands(config="my conf.toml", tenant="contoso", library="my lib", windows=False)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("retry", "5f05e38c"), "retry 5f05e38c --library 'my lib' --config 'my conf.toml' --tenant contoso"),
        (("pull", "--all"), "pull --all --config 'my conf.toml' --tenant contoso"),
        (("report",), "report 'my lib' --config 'my conf.toml' --tenant contoso"),
        (("retry", "--source", "a.json"), "retry --source a.json --config 'my conf.toml' --tenant contoso"),
        (("demo",), "demo"),
    ],
    ids=["a-library-command", "pull", "report-takes-a-folder", "bare-files", "demo"],
)
def test_a_command_repeats_only_what_it_takes(words: tuple[str, ...], line: str) -> None:
    assert GIVEN.line(*words) == f"upa-analyzer {line}"


@pytest.mark.parametrize("value", ["my jobs", "a'b", 'a"b', "$HOME", "a`b", "-x", "~", "a;b", "ä (1)", "*"])
def test_a_posix_shell_reads_back_what_was_given(value: str) -> None:
    words = shlex.split(Commands(library=value, tenant=value, windows=False).line("show", "5f05"))
    read = Arguments.parse(words).commands
    assert (read.library, read.tenant) == (value, value)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        (r"C:\Users\ada\jobs", r"C:\Users\ada\jobs"),
        (r"C:\My Data", r'"C:\My Data"'),
        ("O'Hara", '"O\'Hara"'),
        ("R&D (new)", '"R&D (new)"'),
        ("D:\\$old", r"'D:\$old'"),
        ("D:\\$Ada's", "'D:\\$Ada''s'"),
        ("a\u201db", "'a\u201db'"),
        ("a`b", "'a`b'"),
    ],
)
def test_a_path_is_quoted_for_powershell(value: str, quoted: str) -> None:
    assert Commands(library=value, windows=True).line("jobs") == f"upa-analyzer jobs --library {quoted}"


def test_commands_in_a_sentence_are_completed_and_other_words_are_not() -> None:
    said = Commands(tenant="contoso", windows=False).completed(
        "upa-analyzer pull --all brings it. Made by upa-analyzer 0.2.0; see `upa-analyzer jobs`, upa-analyzer.toml."
    )
    assert said == (
        "`upa-analyzer pull --all --tenant contoso` brings it. Made by upa-analyzer 0.2.0;"
        " see `upa-analyzer jobs --tenant contoso`, upa-analyzer.toml."
    )
    assert Commands().completed("upa-analyzer pull brings it.") == "upa-analyzer pull brings it."


def _pasted(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a printed line by a shell that knows ``upa-analyzer`` by its name alone."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    program = bin_folder / "upa-analyzer"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m analyzer "$@"\n')
    program.chmod(0o755)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env={**os.environ, "PATH": path}, check=False, capture_output=True, text=True
    )


@pytest.mark.skipif(os.name == "nt", reason="pastes into a POSIX shell")
@pytest.mark.parametrize("name", ["my jobs", "it's $HOME", "-lib"])
def test_the_line_that_show_prints_runs_as_it_is(upa: Callable[..., Ran], tmp_path: Path, name: str) -> None:
    shutil.copytree(sample_library(), tmp_path / name)
    (tmp_path / "my conf.toml").write_text('data = "my data"\n', encoding="utf-8")
    shown = upa("show", f"--library={name}", "--config", "my conf.toml")
    (line,) = [text for text in shown.err.splitlines() if text.startswith("next: ")]
    ran = _pasted(line.removeprefix("next: "), tmp_path)
    assert ran.returncode in (0, 1), ran.stderr
    assert (tmp_path / ran.stdout.splitlines()[0]).is_file()


@pytest.mark.skipif(os.name == "nt", reason="pastes into a POSIX shell")
def test_the_command_that_an_error_advises_runs_as_it_is(upa: Callable[..., Ran], tmp_path: Path) -> None:
    shutil.copytree(sample_library(), tmp_path / "my jobs")
    refused = upa("show", "99999999", "--library", "my jobs")
    line = refused.err.split("`")[1]
    assert _pasted(line, tmp_path).stdout == upa("jobs", "--library", "my jobs").out


@pytest.mark.parametrize(
    ("started", "on_path", "program"),
    [
        (".venv/bin/upa-analyzer", False, ".venv/bin/upa-analyzer"),
        (".venv/bin/upa-analyzer", True, "upa-analyzer"),
        ("elsewhere/pytest/__main__.py", False, "upa-analyzer"),
    ],
    ids=["by-its-path", "by-its-name", "by-another-program"],
)
def test_a_command_names_the_program_as_the_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: str, *, on_path: bool, program: str
) -> None:
    script = tmp_path / started
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", str(script.parent) if on_path else "")
    assert Arguments.parse(["show"]).commands.line("show", "5f05").split()[0] == str(Path(program))


@pytest.mark.skipif(os.name == "nt", reason="Windows does not remove the current folder of a process")
def test_a_command_names_the_program_by_its_path_in_a_removed_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "upa-analyzer"
    script.touch(mode=0o755)
    removed = tmp_path / "removed"
    removed.mkdir()
    monkeypatch.chdir(removed)
    removed.rmdir()
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", "")
    assert Arguments.parse(["show"]).commands.line("show").split()[0] == str(script)
