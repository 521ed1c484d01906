"""A configuration's own codes and patterns, on top of what the catalogue knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.catalogue import OURS, Explanation, explain
from analyzer.config.read import CodeConfig, catalogue_of
from analyzer.errors import UsageError

WHERE = "upa-analyzer.toml"


def test_a_code_of_ones_own_is_explained_as_it_is_written() -> None:
    locked = CodeConfig(
        title="the profile was locked",
        meaning="Somebody has locked it.",
        causes=("A legal hold.",),
        remedies=("Ask the legal department.",),
        who="feed owner",
        retry_helps=False,
        known_from="our runbook",
    )
    assert catalogue_of({"ProfileLocked": locked}, WHERE).explain("PROFILELOCKED") == Explanation(
        "ProfileLocked",
        "the profile was locked",
        "Somebody has locked it.",
        ("A legal hold.",),
        ("Ask the legal department.",),
        "feed owner",
        retry_helps=False,
        known_from="our runbook",
    )


def test_a_title_is_enough_for_a_new_code() -> None:
    found = catalogue_of({"Locked": CodeConfig(title="the profile was locked.")}, WHERE).explain("Locked")
    assert (found.title, found.meaning) == ("the profile was locked", "The profile was locked.")
    assert (found.retry_helps, found.known_from, found.known) == (None, "your configuration", True)


def test_what_is_left_out_stays_ours() -> None:
    ours = explain("InvalidProperty")
    found = catalogue_of({"invalidproperty": CodeConfig(remedies=("Ask Ada.",))}, WHERE).explain("InvalidProperty")
    assert (found.code, found.title, found.causes) == (ours.code, ours.title, ours.causes)
    assert found.remedies == ("Ask Ada.",)
    assert found.known_from == f"your configuration; {ours.known_from}"


def test_an_unknown_number_of_the_service_can_be_explained() -> None:
    found = catalogue_of({"Error 7": CodeConfig(title="the service was moved")}, WHERE).explain("Error 7")
    assert found.title == "the service was moved"


@pytest.mark.parametrize(
    ("message", "matched"),
    [
        ("locked by *payroll", True),
        (("nothing of the kind", "LOCKED BY"), True),
        ("payroll*locked", False),
        ("locked.by", False),
        ("(locked", False),
    ],
    ids=["gap", "list", "order", "no-regular-expression", "bracket"],
)
def test_a_pattern_matches_by_its_phrases_and_comes_before_ours(message: str | tuple[str, ...], matched: bool) -> None:
    catalogue = catalogue_of({"GenericError/locked": CodeConfig(title="locked", message=message)}, WHERE)
    found = catalogue.pattern_of("GenericError", "Profile is Locked by user 7 of Payroll after a deadlock", None)
    assert found is not None
    assert found.code == ("GenericError/locked" if matched else "GenericError/deadlock")


def test_a_pattern_of_ours_keeps_its_phrases_unless_others_are_given() -> None:
    kept = catalogue_of({"genericerror/deadlock": CodeConfig(remedies=("Wait.",))}, WHERE)
    found = kept.pattern_of("GenericError", "was deadlocked on lock", None)
    assert found is not None
    assert (found.code, found.remedies) == ("GenericError/deadlock", ("Wait.",))
    other = catalogue_of({"GenericError/deadlock": CodeConfig(message="Verklemmung")}, WHERE)
    assert other.pattern_of("GenericError", "was deadlocked on lock", None) is None


def test_a_pattern_can_belong_to_a_code_that_nobody_knows() -> None:
    catalogue = catalogue_of({"ProfileLocked/hold": CodeConfig(title="on hold", message="hold")}, WHERE)
    found = catalogue.pattern_of("ProfileLocked", "legal hold", None)
    assert found is not None
    assert found.title == "on hold"
    assert not catalogue.explain("ProfileLocked").known


@pytest.mark.parametrize("phrase", ["*a" * 1500, "a*" * 1500, "(a+)+$"], ids=["gaps", "open-end", "evil-expression"])
def test_a_phrase_takes_no_longer_for_hostile_text(phrase: str) -> None:
    catalogue = catalogue_of({"Weird/x": CodeConfig(title="x", message=phrase)}, WHERE)
    assert catalogue.pattern_of("Weird", "b" * 30_000_000, "b" * 30_000_000) is None


@pytest.mark.parametrize(
    ("name", "config", "what"),
    [
        ("Locked", CodeConfig(), "codes.Locked.title is missing"),
        ("Locked", CodeConfig(title=" . "), "codes.Locked.title is missing"),
        ("Profile Locked", CodeConfig(title="x"), "codes.Profile Locked isn't the name of a code"),
        ("GenericError/", CodeConfig(title="x"), "codes.GenericError/ isn't the name of a code"),
        ("", CodeConfig(title="x"), "codes. isn't the name of a code"),
        ("Locked", CodeConfig(title="x", message="y"), "codes.Locked.message: a code has no message of its own"),
        ("Locked/x", CodeConfig(title="x"), "codes.Locked/x.message is missing"),
        ("Locked/x", CodeConfig(title="x", message=("y", " ")), "codes.Locked/x.message: it has no words"),
        ("Locked/x", CodeConfig(title="x", message=" * "), "codes.Locked/x.message: it has no words"),
    ],
)
def test_a_table_that_cannot_be_meant_is_said(name: str, config: CodeConfig, what: str) -> None:
    with pytest.raises(UsageError) as error:
        catalogue_of({name: config}, WHERE)
    assert error.value.what.startswith(f"{WHERE}: {what}")
    assert error.value.advice


def test_the_documentation_lists_every_key() -> None:
    told = (
        (Path(__file__).parents[2] / "docs" / "configuration.md")
        .read_text(encoding="utf-8")
        .partition("## `[codes.NAME]`")[2]
    )
    keys = [line.split("`")[1] for line in told.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert sorted(keys) == sorted(CodeConfig.__struct_fields__)


def test_without_a_table_the_catalogue_is_ours() -> None:
    assert catalogue_of({}, WHERE) == OURS
