from __future__ import annotations

import pytest

from analyzer.cli.arguments import Arguments


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        (["jobs"], ["jobs"]),
        (["jobs", "--json"], ["--json", "jobs"]),
        (["--quiet", "jobs", "--json", "--library", "x"], ["--quiet", "--json", "jobs", "--library", "x"]),
        (["jobs", "-q"], ["--quiet", "jobs"]),
        (["pull", "-vq", "--all"], ["--verbose", "--quiet", "pull", "--all"]),
        (["pull", "--tenant", "contoso", "--all"], ["--tenant", "contoso", "pull", "--all"]),
        (["pull", "--config=a.toml"], ["--config=a.toml", "pull"]),
        (["pull", "--config"], ["--config"]),
        (["parse", "--", "--json"], ["parse", "--", "--json"]),
        (["parse", "-"], ["parse", "-"]),
        (["retry", "--jsonx", "-vx"], ["retry", "--jsonx", "-vx"]),
        (["jobs", "--library", "--json"], ["jobs", "--library", "--json"]),
    ],
    ids=" ".join,
)
def test_global_options_are_taken_before_and_after_the_command(words: list[str], expected: list[str]) -> None:
    assert Arguments.parse(words).words == expected


def test_an_option_without_its_value_keeps_the_options_before_it() -> None:
    parsed = Arguments.parse(["jobs", "-v", "--log-format", "json", "--tenant"])
    assert parsed.words == ["--verbose", "--log-format", "json", "--tenant"]
    assert parsed.flags == {"--verbose"}
    assert parsed.values == {"--log-format": "json"}


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["retry", "--help"], "retry"),
        (["--json", "jobs"], "jobs"),
        (["--tenant", "retry", "jobs"], "jobs"),
        (["--tenant=x", "--config", "a.toml", "show", "retry"], "show"),
        (["--help"], ""),
        (["--tenant", "retry"], ""),
        ([], ""),
    ],
    ids=" ".join,
)
def test_the_command_is_the_first_word_that_is_neither_option_nor_value(words: list[str], command: str) -> None:
    assert Arguments.parse(words).command == command


def test_a_flag_is_none_as_the_value_of_another_option_or_after_the_end_of_options() -> None:
    assert Arguments.parse(["show", "--tenant", "--quiet", "-v", "--", "--json"]).flags == {"--verbose"}


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "c.toml", "show", "5f05", "--library", "a b"],
        ["--config=c.toml", "show", "--library=a b", "5f05"],
        ["--config", "old.toml", "--config", "c.toml", "show", "--library", "a b", "--", "--library", "no"],
    ],
    ids=" ".join,
)
def test_what_further_commands_repeat_is_read_in_each_spelling(words: list[str]) -> None:
    commands = Arguments.parse(words).commands
    assert (commands.config, commands.library) == ("c.toml", "a b")
