from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.cli.app import EXAMPLES
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

COMMANDS = list(EXAMPLES)


def _process(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-m", "analyzer", *arguments], check=False, text=True, encoding="utf-8", **options
    )


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["jobs", "--version"], ["--json", "-qV"]])
def test_the_version_is_one_line(upa: Callable[..., Ran], words: list[str]) -> None:
    ran = upa(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("upa-analyzer ")
    assert ran.out.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_the_help_names_every_command(upa: Callable[..., Ran], words: list[str]) -> None:
    ran = upa(*words)
    assert (ran.code, ran.err) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command.split()[0]}" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_help(upa: Callable[..., Ran], command: str) -> None:
    ran = upa(*command.split(), "--help")
    assert ran.code == 0
    assert f"Usage: upa-analyzer {command}" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["nonsense"], 2, "there is no command 'nonsense'"),
        (["jobs", "--nonsense"], 2, "there is no option --nonsense"),
        (["explain"], 2, "CODE is missing"),
        (["pull"], 2, "no tenant is configured"),
        (["pull", "--tenant", "contoso"], 2, "there is no tenant 'contoso'"),
        (["jobs"], 2, "no library found in upa-data"),
        (["jobs", "--config", "nowhere.toml"], 2, "there is no configuration nowhere.toml"),
        (["run", "--fail-on", "sometimes"], 2, "--fail-on needs one of never, new, partial, aborted, any"),
        (["retry", "--source", "a"], 2, "--source and --log belong together"),
        (["retry", "5f05e38c", "--feed", "hr"], 2, "JOB and --feed can't be combined"),
        (["ack", "--undo"], 2, "JOB is missing"),
        (["ack", "5f05e38c", "--until", "2020-01-01"], 2, "--until 2020-01-01 is in the past"),
        (["ack", "5f05e38c", "--until", "soon"], 2, "--until 'soon' isn't a date"),
        (["retry", "5f05e38c", "--source", "a", "--log", "b"], 2, "a job and --source or --log can't be combined"),
        (["report", sample_library(), "--since", "soon"], 2, "--since 'soon' isn't a date"),
        (["jobs", "--library", "nowhere"], 5, "nowhere isn't a library: it does not exist"),
        (["parse", "nowhere.log"], 5, "nowhere.log does not exist"),
        (["retry", "--source", "nowhere.json", "--log", "nowhere.log"], 5, "nowhere.json is not a file"),
        (["emulator", "nowhere"], 5, "nowhere"),
        (["emulator", sample_library(), "--port", "99999"], 2, "--port"),
    ],
    ids=lambda value: " ".join(map(str, value))[:60] if isinstance(value, list) else None,
)
def test_an_error_is_one_plain_line_with_what_to_do_and_its_exit_code(
    upa: Callable[..., Ran], words: list[str], code: int, what: str
) -> None:
    ran = upa(*words)
    first, *rest = ran.err.splitlines()
    assert (ran.code, ran.out) == (code, "")
    assert first.startswith("upa-analyzer: ")
    assert what in first
    assert all(line.startswith(" " * 14) for line in rest)
    assert len(rest) <= 1
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("words", "what", "advice"),
    [
        (["jbos"], "there is no command 'jbos'.", "Did you mean jobs? `upa-analyzer --help` shows "),
        (
            ["jobs", "--libary", "x"],
            "there is no option --libary.",
            "Did you mean --library? `upa-analyzer jobs --help` ",
        ),
        (["explain"], "CODE is missing.", "`upa-analyzer explain --help` shows the options and examples."),
        (["jobs", "--tenant"], "--tenant needs a value.", "`upa-analyzer --help` shows "),
        (["jobs", "--library"], "--library needs a value.", "`upa-analyzer jobs --help` shows "),
        (["jobs", "--json=1"], "--json takes no value.", "`upa-analyzer --help` shows "),
        (["jobs", "5f05e38c"], "unexpected argument '5f05e38c'.", "`upa-analyzer jobs --help` shows "),
        (["--json"], "Missing command.", "`upa-analyzer --help` shows the commands."),
        (["emulator", "x", "--port", "abc"], "--port needs a whole number from 0 to 65535.", "`upa-analyzer emulator "),
        (["emulator", "x", "--speed", "0"], "--speed needs a number of at least 0.001.", "`upa-analyzer emulator "),
        (["jobs", "--limit", "0"], "--limit needs a whole number of at least 1.", "`upa-analyzer jobs --help` "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistyped_argument_has_a_suggestion_and_the_help_command(
    upa: Callable[..., Ran], words: list[str], what: str, advice: str
) -> None:
    ran = upa(*words)
    first, second = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert first.endswith(what)
    assert second.strip().startswith(advice)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_help_names_values_as_the_documentation_does_and_is_cut_nowhere(
    upa: Callable[..., Ran], command: str
) -> None:
    text = upa(*command.split(), "--help").out
    usage, *rest = text.splitlines()
    assert "{" not in usage
    assert not [line for line in rest if line.endswith("...")]
    assert not [word for word in ("<path>", "<str>", "range>") if word in text]


def test_a_traceback_comes_when_it_is_asked_for(upa: Callable[..., Ran]) -> None:
    ran = upa("jobs", "--library", "nowhere", "--verbose")
    assert ran.code == 5
    assert "Traceback (most recent call last)" in ran.err
    assert "\nupa-analyzer: nowhere isn't a library" in ran.err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device"), 5, "can't write the output: the disk is full"),
        (OSError(errno.EACCES, "x", "a.log"), 5, "can't use a.log: permission denied"),
        (
            RuntimeError("odd\x1b[31m"),
            5,
            "happened (RuntimeError: odd\N{REPLACEMENT CHARACTER}[31m)",
        ),
    ],
)
def test_an_unexpected_exception_is_one_line(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr("analyzer.logs.pasted_text.recognize", fail)
    ran = upa("explain", "InvalidProperty")
    assert ran.code == code
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_an_unexpected_exception_of_many_lines_is_one_line(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("odd\n\n  thing " + "x" * 5000)

    monkeypatch.setattr("analyzer.logs.pasted_text.recognize", fail)
    first, _advice = upa("explain", "InvalidProperty").err.splitlines()
    assert first.startswith("upa-analyzer: something unexpected happened (RuntimeError: odd thing xxx")
    assert len(first) < 500


def test_a_closed_output_pipe_is_not_an_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        ran = _process("jobs", "--library", sample_library(), stdout=closed, stderr=subprocess.PIPE, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_for_stdout_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = _process("explain", "InvalidProperty", stdout=full, stderr=subprocess.PIPE, cwd=tmp_path)
    assert ran.returncode == 5
    assert ran.stderr.startswith("upa-analyzer: can't write the output: the disk is full.")
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("kind", ["a full disk", "a closed pipe"])
def test_an_unwritable_stderr_doesn_t_stop_a_command(tmp_path: Path, kind: str) -> None:
    (tmp_path / "feed.json").write_text('{"value":[{"mail":"ada@contoso.com"}]}', encoding="utf-8")
    (tmp_path / "feed.log").write_text("IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\n")
    for source, code, out in ("feed.json", 0, "feed-retry.json\n"), ("missing.json", 5, ""):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as pipe, Path("/dev/full").open("w") as full:
            stderr = pipe if kind == "a closed pipe" else full
            ran = _process(
                *("retry", "--source", source, "--log", "feed.log"), stdout=subprocess.PIPE, stderr=stderr, cwd=tmp_path
            )
        assert (ran.returncode, ran.stdout) == (code, out)


def test_names_beyond_the_console_s_code_page_do_not_fail(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = _process(
        "jobs", "--json", "--library", sample_library(), stdout=subprocess.PIPE, cwd=tmp_path, env=environment
    )
    assert ran.returncode == 0
    assert "Zug\\u00e4nge" in ran.stdout
    assert any("Zugänge" in (job["source_uri"] or "") for job in json.loads(ran.stdout)["jobs"])


def test_python_m_analyzer_is_the_command(tmp_path: Path) -> None:
    ran = _process("--version", stdout=subprocess.PIPE, cwd=tmp_path)
    assert (ran.returncode, ran.stdout[:13]) == (0, "upa-analyzer ")


def test_a_closed_stdout_does_not_keep_a_command_from_its_work(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m analyzer parse "{sample_library()}" -o "{tmp_path / "all.csv"}" >&-'
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert (tmp_path / "all.csv").is_file()


def test_the_version_on_a_full_disk_is_a_plain_line() -> None:
    command = f'"{sys.executable}" -m analyzer --version >/dev/full'
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert ran.returncode == 5
    assert ran.stderr.startswith("upa-analyzer: can't write the output: the disk is full.")


def test_an_unknown_command_is_compared_with_all(upa: Callable[..., Ran]) -> None:
    ran = upa("retries")
    assert ran.code == 2
    assert "'retries'" in ran.err
