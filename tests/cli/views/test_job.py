"""A job's failures by code and by pattern."""

from __future__ import annotations

import dataclasses

from analyzer.catalogue import OURS
from analyzer.cli.views.job import Failure, failures_of
from analyzer.history.job_facts import PatternCount, patterns_in
from tests.analysis.frames import entry, named


def test_a_code_has_patterns_only_if_a_message_matches_one() -> None:
    content = named(
        entry("a", "GenericError", "ada@contoso.com", message="was deadlocked on lock"),
        entry("a", "GenericError", message="something new"),
        entry("a", "DataFileNotJson", message="something new"),
        entry("a", "Weird", message="was deadlocked on lock"),
    )
    deadlock = PatternCount("GenericError/deadlock", 1, 1)
    failures = failures_of(content, patterns_in(content, OURS))
    assert failures == [
        Failure("GenericError", 2, 1, (deadlock, PatternCount(None, 1, 0))),
        Failure("DataFileNotJson", 1, 0, ()),
        Failure("Weird", 1, 0, ()),
    ]
    assert dataclasses.asdict(failures[0]) == {
        "code": "GenericError",
        "entries": 2,
        "users": 1,
        "patterns": (
            {"name": "GenericError/deadlock", "entries": 1, "users": 1},
            {"name": None, "entries": 1, "users": 0},
        ),
    }
