"""Read and write the results of reading profiles back: one JSON file for each job, ``verified/JOBID.json``.

A value of a profile is never stored: a user who isn't as the source file says is named with the properties that differ.
"""

from __future__ import annotations

import contextlib
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.model.job import name_in_files
from analyzer.storage.files import json_bytes, read_json, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ADVICE = "Restore it, or remove it: the earlier verifications of the job are lost then."


class NotAsSaid(msgspec.Struct):
    """A user whose profile isn't as the source file says.

    Attributes:
        user: the ID in the source file.
        properties: the profile's properties that differ; empty if there is no profile.
    """

    user: str
    properties: list[str]


class Verification(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One verification of a job; each user of the sample that was read counts once.

    Attributes:
        program: ``upa-analyzer`` and its version.
        verified_at: when it ended, UTC.
        users: number of users that the job is said to have updated.
        sample: number of users to be read; ``users`` for all of them.
        seed: with which the sample was drawn.
        checked: users whose profile was compared: as the source file says, ``differing``, or ``missing``.
        differing: users with another value in their profile.
        missing: users without a profile.
        overwritten: users with a value that a later import wrote.
        unclear: users without a value that can be compared for certain.
        not_found: users whose profile couldn't be looked up.
        at_most: number of ``users`` that differ or have no profile, at most, with a confidence of 95 percent; None if
            none was checked.
        interrupted: whether it ended before the whole sample was read.
        not_as_said: the users that differ or have no profile.
    """

    program: str
    verified_at: datetime
    users: int
    sample: int
    seed: int
    checked: int
    differing: int = 0
    missing: int = 0
    overwritten: int = 0
    unclear: int = 0
    not_found: int = 0
    at_most: int | None = None
    interrupted: bool = False
    not_as_said: list[NotAsSaid] = []


class JobVerifications(msgspec.Struct):
    """The verifications of a job, the oldest first."""

    job_id: str
    verifications: list[Verification] = []


def add_verification(folder: Path, job_id: str, verification: Verification) -> Path:
    """Add a verification to those of a job; return the file.

    Raises:
        InputError: the file is damaged.
        OutputError: it can't be written.
    """
    path = folder / f"{name_in_files(job_id)}.json"
    kept = read_json(path, JobVerifications, JobVerifications(job_id), _ADVICE)
    kept.verifications.append(verification)
    write_bytes(path, json_bytes(kept))
    return path


def all_verifications(folder: Path) -> Iterator[JobVerifications]:
    """Yield the verifications of each job in a tenant's folder ``verified``; damaged files are skipped."""
    for path in sorted(folder.glob("[!.]*.json")):
        with contextlib.suppress(InputError):
            yield read_json(path, JobVerifications, JobVerifications(""), _ADVICE)
