"""What ``docs/`` lists is what there is: options, keys of the configuration and of JSON, scenarios."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from analyzer.cli.app import EXAMPLES, app_for
from analyzer.config.read import CodeConfig
from analyzer.config.settings import Config, FeedConfig, ReportConfig, TenantConfig, load_settings
from analyzer.emulator import SCENARIOS
from analyzer.model.tables import JOBS
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

_DOCS = Path(__file__).parents[1] / "docs"
_OPTION = re.compile(r"(?<![\w-])(?:--[a-z][a-z-]+|-[a-zA-Z](?=[,` ]))")


def _page(name: str) -> str:
    return (_DOCS / name).read_text("utf-8")


def _row(page: str, section: str, first: str) -> set[str]:
    """The words in backquotes of a table's row."""
    rows = _page(page).split(f"\n## {section}\n")[1].split("\n## ")[0].splitlines()
    (row,) = [row for row in rows if row.startswith(f"| `{first}` |")]
    return set(re.findall(r"`([^`]+)`", row)[1:])


@pytest.mark.parametrize("command", ["", *EXAMPLES])
def test_every_option_of_a_command_is_documented(upa: Callable[..., Ran], command: str) -> None:
    offered = set(_OPTION.findall(upa(*command.split(), "--help").out))
    assert offered - {"--help"} <= set(_OPTION.findall(_page("commands.md") + _page("check.md") + _page("queue.md")))


def test_every_option_that_is_documented_is_one_of_a_command(upa: Callable[..., Ran]) -> None:
    offered = "".join(upa(*command.split(), "--help").out for command in ("", *EXAMPLES))
    pages = _page("commands.md").replace("mkdir -p", "") + _page("check.md") + _page("reference/retry.md")
    assert set(_OPTION.findall(pages)) <= set(_OPTION.findall(offered))


def test_every_key_of_the_configuration_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", _page("configuration.md")))
    keys = {
        key for form in (Config, TenantConfig, FeedConfig, ReportConfig, CodeConfig) for key in form.__struct_fields__
    }
    assert keys - {"tenants", "codes", "feeds"} <= documented


def test_the_environment_variables_of_the_documentation_are_read(tmp_path: Path) -> None:
    named = re.findall(r"`(UPA_ANALYZER_\w+)`", _page("configuration.md"))
    assert len(named) > 1
    for name in named:
        assert load_settings(None, {name: "x"}, [tmp_path]).config != load_settings(None, {}, [tmp_path]).config, name


def test_the_scenarios_that_are_documented_are_those_of_the_emulator() -> None:
    section = _page("reference/emulator.md").split("## Scenarios")[1]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE)) == set(SCENARIOS)


def _keys(found: dict[str, object] | list[dict[str, object]]) -> set[str]:
    """Of an object, or of the objects of a list."""
    return set(found) if isinstance(found, dict) else {key for one in found for key in one}


@pytest.mark.parametrize(
    ("words", "inner"),
    [
        (["jobs"], ""),
        (["feeds"], "feeds"),
        (["show", "56a9bd95"], "failures users"),
        (["show", "135503d8"], "failures"),
        (["diff", "cc75e06b"], "codes users"),
        (["user", "o'brien@contoso.com"], "runs records"),
        (["trend", "--feed", "hr-feed"], "feeds details"),
        (["report", "-o", "report"], "retries"),
        (["query", "SELECT 1", "-o", "q.csv"], ""),
        (["history", "publish", "lake"], "tables"),
        (["parse", sample_library(), "-o", "e.csv"], ""),
        (["parse", sample_library(), "--check"], ""),
        (["explain", "GenericError"], "patterns"),
        (["doctor"], "steps"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_key_of_json_is_documented(upa: Callable[..., Ran], words: list[str], inner: str) -> None:
    takes_library = ("jobs", "feeds", "show", "diff", "trend", "user", "query", "history")
    library = ["--library", sample_library()] if words[0] in takes_library else []
    library = [sample_library()] if words[0] == "report" else library
    found = upa(*words, *library, "--json").json
    names = _keys(found).union(*(_keys(found[name]) for name in inner.split()))
    documented = _row("commands.md", "Results as JSON", " ".join(words[:2]) if words[0] == "history" else words[0])
    if words[0] == "show":  # "what `jobs` has of the job"
        documented |= _row("commands.md", "Results as JSON", "jobs")
    assert names - set(JOBS) <= documented


def test_every_key_of_a_located_entry_is_documented(upa: Callable[..., Ran]) -> None:
    text = _page("commands.md").split("\n## Results as JSON\n")[1]
    for job, name in ("8fa2b155", "located"), ("56a9bd95", "bounds"):
        found = upa("show", job, "--library", sample_library(), "--json").json[name]
        assert found
        assert _keys(found) <= set(re.findall(r"`([^`]+)`", text))


_QUERIES = re.findall(r"^(\w[^\n]*)\n\n```sql\n(.*?)^```", _page("query.md"), re.MULTILINE | re.DOTALL)


def test_there_are_ten_queries() -> None:
    assert len(_QUERIES) == 10


@pytest.mark.parametrize("sql", [sql for _, sql in _QUERIES], ids=[about[:40] for about, _ in _QUERIES])
def test_a_query_of_the_documentation_runs(upa: Callable[..., Ran], sql: str) -> None:
    ran = upa("query", sql, "--library", sample_library(), "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json


def _shell_lines(text: str) -> list[str]:
    """The lines of a page's blocks for a POSIX shell, in their order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_commands_of_the_readme_run_one_after_the_other(upa: Callable[..., Ran], tmp_path: Path) -> None:
    lines = _shell_lines((_DOCS.parent / "README.md").read_text("utf-8"))
    # Up to the installation, nothing needs a tenant. What make does for the demo is to run it.
    lines = ["upa-analyzer demo" if line == "make demo" else line for line in lines[: lines.index("pip install .")]]
    ran = [shlex.split(line)[1:] for line in lines if line.startswith("upa-analyzer ")]
    history = ["feeds", "trend", "user", "query"]
    expected = ["demo", "jobs", "show", "retry", "report", *history, "explain", "parse", "check"]
    assert [words[0] for words in ran] == expected
    for words in ran:
        result = upa(*words)
        assert (result.code, bool(result.out)) == (0, True), (words, result.err)
    assert {path.name for path in tmp_path.iterdir()} == {"upa-demo"}
    named = re.findall(r"`([a-z]+)/`", (_DOCS.parent / "README.md").read_text("utf-8"))
    assert {path.name for path in (tmp_path / "upa-demo/contoso").iterdir() if path.is_dir()} == set(named)


def test_other_commands_that_the_readme_names_are_taken_by_the_command_line() -> None:
    text = (_DOCS.parent / "README.md").read_text("utf-8")
    lines = {*re.findall(r"`upa-analyzer ([^`]+)`", text), *(line for line in _shell_lines(text) if "analyzer" in line)}
    assert lines
    for line in lines:
        _parse(shlex.split(line.removeprefix("upa-analyzer ")))


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_examples_of_a_help_are_taken_by_the_command_line(upa: Callable[..., Ran], command: str) -> None:
    shown = upa(*command.split(), "--help").out.partition("\nExamples:\n")[2].partition("\n\n")[0].splitlines()
    lines = [shlex.split(line) for line in shown]
    assert 2 <= len(lines) <= 4
    for program, *words in lines:
        assert [program, *words][: 1 + len(command.split())] == ["upa-analyzer", *command.split()]
        _parse(words)


def _parse(words: list[str]) -> None:
    """Read arguments as the command line does, and run nothing."""
    group: Any = typer.main.get_command(app_for(""))
    with group.make_context("upa-analyzer", words) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        within = command.make_context(name, rest, parent=context)
        if hasattr(command, "commands"):
            name, command, rest = command.resolve_command(within, [*within._protected_args, *within.args])
            command.make_context(name, rest, parent=within)
