"""A job's failures by code and by pattern."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.cli.views.job import Failure, failures_of
from analyzer.history.job_log import JobLogs
from analyzer.history.log_parts import PatternCount
from analyzer.model.service import JobError
from tests.report.conftest import LittleLibrary

if TYPE_CHECKING:
    from pathlib import Path


def test_a_code_has_patterns_only_if_a_message_matches_one(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path)
    log = (
        "GenericError\tada@contoso.com\twas deadlocked on lock\r\n"
        "GenericError\t\tsomething new\r\n"
        "DataFileNotJson\t\tsomething new\r\n"
        "Weird\t\twas deadlocked on lock\r\n"
    )
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log)
    deadlock = PatternCount("GenericError/deadlock", 1, 1)
    failures = failures_of(JobLogs(little.tables()).of(job_id))
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
