"""``explain``: codes, patterns, pasted lines, and what the configuration adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

LINE = "GenericError\teb659162-c499-4fe9-a38d-c579d3c380f6\t"
OWN = """
    [codes.ProfileLocked]
    title = "the profile was locked"
    remedies = ["Ask Ada."]
    retry_helps = true
    [codes."GenericError/payroll"]
    title = "payroll was at work"
    message = "locked by * of payroll"
"""


@pytest.mark.parametrize("width", ["60", "120"])
@pytest.mark.parametrize("code", ["GenericError", "GenericError/time-out", "QueueImportProfileProperties", "Nonsense"])
def test_the_explanation_fits_the_terminal(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, width: str, code: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    ran = upa("explain", code)
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= int(width)
    assert "What to do:" in ran.out


def test_a_code_is_explained_with_its_patterns(upa: Callable[..., Ran]) -> None:
    ran = upa("explain", "genericerror")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("GenericError: the profile store failed\n")
    assert "\n  GenericError/deadlock: two writers blocked each other" in ran.out
    assert "Importing the same file again can help: unknown" in ran.out


def test_a_pattern_is_explained_with_its_phrases(upa: Callable[..., Ran]) -> None:
    ran = upa("explain", "GenericError/deadlock")
    assert ran.out.startswith("GenericError/deadlock: two writers blocked each other in the profile store\n")
    assert "Importing the same file again can help: yes" in ran.out
    assert "\n  Error Number:1205,\n" in ran.out
    assert "Kinds of messages" not in ran.out


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"{LINE}SqlException: x\nError Number:1205,State:51,Class:13", "GenericError/deadlock: "),
        (r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1", "DataFileNotJson/backslash: "),
        ("Property Names [AboutMe] are editable by user.", "QueueImportProfileProperties/editable-by-user: "),
    ],
)
def test_a_pasted_line_leads_to_its_pattern(upa: Callable[..., Ran], text: str, first: str) -> None:
    ran = upa("explain", text)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(first)


def test_a_pasted_line_without_a_pattern_is_reported(upa: Callable[..., Ran]) -> None:
    ran = upa("explain", f"{LINE}something new")
    assert ran.out.startswith("GenericError: ")
    assert ran.err == "The message matches none of these.\n"


def test_as_json_a_code_has_its_patterns_and_whether_a_retry_helps(upa: Callable[..., Ran]) -> None:
    content = upa("explain", "GenericError", "--json").json
    assert (content["code"], content["retry_helps"]) == ("GenericError", None)
    by_name = {pattern["code"]: pattern for pattern in content["patterns"]}
    assert by_name["GenericError/deadlock"]["retry_helps"] is True
    assert "Error Number:1205," in by_name["GenericError/deadlock"]["phrases"]
    assert upa("explain", "ImportCompleteWithError", "--json").json["patterns"] == []


def test_an_unknown_code_lists_the_known_ones(upa: Callable[..., Ran]) -> None:
    ran = upa("explain", "Nobody")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Nobody: not known")
    assert "IdentityNotResolvable" in ran.err
    assert upa("explain", "identitynotresolvable").err == ""


@pytest.mark.parametrize("code", ["Error 31", "State 7"])
def test_an_undocumented_number_is_not_a_misspelled_name(upa: Callable[..., Ran], code: str) -> None:
    ran = upa("explain", code)
    assert f"{code}: not known" in ran.out
    assert "Did you mean" not in ran.err


def test_of_a_misspelt_code_the_nearest_is_named(upa: Callable[..., Ran]) -> None:
    ran = upa("explain", "InvalidProprty")
    assert (ran.code, ran.err) == (0, "Did you mean InvalidProperty?\n")


def test_codes_of_the_configuration_are_explained(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "upa-analyzer.toml").write_text(OWN, encoding="utf-8")
    ran = upa("explain", "profilelocked")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ProfileLocked: the profile was locked\n")
    assert "1. Ask Ada." in ran.out
    assert upa("explain", f"{LINE}locked by a job of Payroll").out.startswith(
        "GenericError/payroll: payroll was at work"
    )
    assert "  GenericError/payroll: payroll was at work\n" in upa("explain", "GenericError").out


def test_a_wrong_table_of_codes_is_a_usage_error(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "upa-analyzer.toml").write_text('[codes.X]\ntitel = "x"', encoding="utf-8")
    ran = upa("explain", "GenericError")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "upa-analyzer: upa-analyzer.toml: there is no key codes.X.titel.\n              Did you mean title?\n"
    )


def test_hostile_text_cannot_steer_the_terminal(upa: Callable[..., Ran]) -> None:
    ran = upa("explain", f"{LINE}\x1b[2Jlocked\ud800")
    assert ran.code == 0
    assert "\x1b" not in upa("explain", "\x1b[2Jwho knows").out + ran.out


def test_a_message_with_a_position_has_its_record(upa: Callable[..., Ran]) -> None:
    line = "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[1672].Department', line 1, position 150235."
    assert "Where: Record 1,673, in Department (line 1, position 150,235)." in upa("explain", line).out
    assert "Where:" not in upa("explain", "DataFileNotJson").out
