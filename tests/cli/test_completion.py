"""Completion of commands, options and values, as each shell asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.cli.app import COMPLETION, EXAMPLES, GROUPS, Shell

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

_ROOT = Path(__file__).resolve().parents[2]


def _asked(shell: Shell, words: list[str], *flags: str, action: str = "get-args") -> subprocess.CompletedProcess[str]:
    """Ask as the script of a shell does for the completions of the last word."""
    line, last = " ".join(words), words[-1]
    variables = {
        COMPLETION: f"complete_{shell}",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": last,
        "_TYPER_COMPLETE_FISH_ACTION": action,
    }
    command = [sys.executable, *flags, "-m", "analyzer"]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def _values(shell: Shell, out: str) -> list[str]:
    """The words that a shell offers, without what they do."""
    match shell:
        case Shell.bash:
            return out.splitlines()
        case Shell.zsh:
            return [line.split('"')[1] for line in out.removeprefix("_arguments '*: :((").splitlines() if '"' in line]
        case Shell.fish:
            return [line.partition("\t")[0] for line in out.splitlines()]
        case _:
            return [line.partition(":::")[0] for line in out.splitlines()]


@pytest.mark.parametrize("shell", Shell)
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([""], [*(name for name in EXAMPLES if " " not in name), *GROUPS]),
        (["sh"], ["show"]),
        (["jobs", "--li"], ["--limit", "--library"]),
        (["jobs", "--no"], ["--no-color"]),
        (["jobs", "--tenant", "contoso", "-q", "--feed", "hr", "--o"], ["--outcome"]),
        (["--quiet", "retry", "--outcome", "a"], ["aborted"]),
        (["pull", "--log-format", "j"], ["json"]),
    ],
    ids=lambda value: " ".join(value)[:30] or "commands",
)
def test_a_shell_is_offered_commands_options_and_values(shell: Shell, words: list[str], offered: list[str]) -> None:
    asked = _asked(shell, ["upa-analyzer", *words])
    assert (asked.returncode, asked.stderr) == (0, "")
    assert _values(shell, asked.stdout) == offered


@pytest.mark.parametrize("shell", Shell)
def test_a_path_is_left_to_the_shell(shell: Shell) -> None:
    asked = _asked(shell, ["upa-analyzer", "parse", "-o", "fo"])
    assert asked.stdout.strip() == ("_files" if shell is Shell.zsh else "")


def test_fish_learns_from_the_exit_code_whether_there_is_something_to_offer() -> None:
    words = ["upa-analyzer", "parse", "fo"]
    assert _asked(Shell.fish, words, action="is-args").returncode == 1
    assert _asked(Shell.fish, ["upa-analyzer", "sh"], action="is-args").returncode == 0


def test_completion_loads_no_tables() -> None:
    loaded = _asked(Shell.bash, ["upa-analyzer", "jobs", "--"], "-X", "importtime").stderr
    assert "typer" in loaded
    assert "polars" not in loaded
    assert "requests" not in loaded


@pytest.mark.parametrize("shell", Shell)
def test_the_script_asks_by_our_variable(upa: Callable[..., Ran], shell: Shell) -> None:
    ran = upa("--show-completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert COMPLETION in ran.out
    assert f"complete_{shell}" in ran.out
    assert "upa-analyzer" in ran.out


def test_a_shell_that_has_no_script_is_an_error(upa: Callable[..., Ran]) -> None:
    ran = upa("--show-completion", "csh")
    assert ran.code == 2
    assert "--show-completion needs one of bash, zsh, fish, powershell." in ran.err


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_by_the_script(upa: Callable[..., Ran], tmp_path: Path) -> None:
    program = tmp_path / "upa-analyzer"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{_ROOT}" exec "{sys.executable}" -m analyzer "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    asks = (
        'COMP_WORDS=(upa-analyzer show --fail-on "") COMP_CWORD=3\n'
        '"$(complete -p upa-analyzer | sed "s/.*-F \\([^ ]*\\).*/\\1/")" upa-analyzer\n'
        'echo "${COMPREPLY[*]}"\n'
    )
    script = upa("--show-completion", "bash").out + asks
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["never", "new", "partial", "aborted", "any"]
