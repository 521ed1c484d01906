"""An import job as the service lists it, its outcome, and the number of users that it did not update."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.service import ENDED, GUID, JobError, State, error_name, state_name
from analyzer.model.text import SHORT_ID, grouped, nearest
from analyzer.model.uri import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Job:
    """One ``ImportProfilePropertiesJobInfo``; the field names are the service's, in our spelling.

    Attributes:
        job_id: in lower case.
        state: a number, possibly undocumented.
        error: a number, possibly undocumented.
        error_message: empty if there is none.
        source_uri: as queued.
        log_folder_uri: empty if there is none.
        gone: the tenant no longer lists it.
        answer: the service's JSON, including unknown fields.
    """

    job_id: str
    state: int
    error: int
    error_message: str = ""
    source_uri: str = ""
    log_folder_uri: str = ""
    gone: bool = False
    answer: Mapping[str, object] = field(default_factory=dict, compare=False, hash=False)

    @property
    def state_name(self) -> str:
        """``Succeeded``; an unknown number as ``State 7``."""
        return state_name(self.state)

    @property
    def error_name(self) -> str:
        """``NoError``; an unknown number as ``Error 7``."""
        return error_name(self.error)

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self.state in ENDED

    @property
    def succeeded(self) -> bool:
        """Whether every profile was written, according to the service."""
        return self.state == State.Succeeded and self.error == 0

    @property
    def source_name(self) -> str:
        """The source file's name, as the URI spells it, without a query."""
        return file_name(self.source_uri)

    @staticmethod
    def from_answer(answer: Mapping[str, object]) -> Job:
        """Read one element of the job list.

        Raises:
            ValueError: it has no job ID, or a state that isn't a number.
        """
        job_id = answer.get("JobId")
        if not isinstance(job_id, str) or not job_id.strip("{} "):
            raise ValueError("a job has no JobId that is a string")
        return Job(
            job_id=job_id.strip("{}").lower(),
            state=_number(answer, "State", State),
            error=_number(answer, "Error", JobError),
            error_message=_text(answer, "ErrorMessage"),
            source_uri=_text(answer, "SourceUri"),
            log_folder_uri=_text(answer, "LogFolderUri"),
            gone=answer.get("Gone") is True,
            answer=dict(answer),
        )

    def marked_gone(self) -> Job:
        """Return the job as one that the tenant no longer lists."""
        return Job.from_answer({**self.answer, "Gone": True})


def job_list(content: object) -> list[Job]:
    """Read an answer to ``GetImportProfilePropertyJobs``, which is also the content of ``jobs.json``.

    Raises:
        ValueError: it isn't one; with the reason.
    """
    answers = content.get("value") if isinstance(content, dict) else None
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise ValueError('there is no list of jobs under "value"')
    return [Job.from_answer(answer) for answer in answers]


@functools.lru_cache(maxsize=8_192)  # asked several times for each job of a history
def name_in_files(job_id: str) -> str:
    """Return a job's ID as a part of file names; a GUID is unchanged.

    Any other ID comes from a manipulated job list and may contain a path or control characters, or be too long.

    >>> name_in_files("../../evil")
    'evil-0fbfd372a483'
    """
    if GUID.fullmatch(job_id):
        return job_id
    safe = re.sub(r"[^A-Za-z0-9-]+", "-", job_id)[:40].strip("-")
    return f"{safe}-{hashlib.sha256(job_id.encode(errors='replace')).hexdigest()[:12]}".lstrip("-")


def _text(answer: Mapping[str, object], name: str) -> str:
    """Return a string of the answer; half a surrogate pair, which no table can hold, becomes a question mark."""
    text = str(answer.get(name) or "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _number(answer: Mapping[str, object], name: str, names: type[IntEnum]) -> int:
    """Return a number of an enumeration, which may also be a string, or a name as in OData."""
    value = answer.get(name, 0)
    if type(value) is int:
        return value
    if isinstance(value, str) and value in names.__members__:
        return names[value]
    with contextlib.suppress(ValueError):
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            return int(value)
    raise ValueError(f"{name} isn't a number in the job {answer.get('JobId')}")


def find_job(jobs: Sequence[Job], wanted: str, *, holder: str = "the library") -> Job:
    """Return the job with this ID, or the only one whose ID begins with it.

    Args:
        jobs: the jobs to search.
        wanted: the user's spelling.
        holder: what has the jobs, for the error.

    Raises:
        InputError: there is none, or more than one.
    """
    key = wanted.strip("{} ").lower()
    matches = [job for job in jobs if job.job_id == key] or [job for job in jobs if key and job.job_id.startswith(key)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        examples = ", ".join(job.job_id for job in matches[:3])
        raise InputError(f"{len(matches)} jobs have IDs that begin with {wanted!r}", f"Specify more of it: {examples}.")
    by_prefix = {job.job_id[: max(len(key), SHORT_ID)]: job.job_id for job in reversed(jobs)}
    near = nearest(key, by_prefix)
    advice = f"Did you mean {by_prefix[near]}?" if near else "upa-analyzer jobs lists all jobs."
    raise InputError(f"{holder} has no job {wanted!r}", advice)


class Outcome(StrEnum):
    """How a job ended, in terms of its users."""

    succeeded = N_("succeeded")
    partial = N_("partial")
    aborted = N_("aborted")
    unknown = N_("unknown")
    running = N_("running")
    stuck = N_("stuck")

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self not in NOT_ENDED


FAILED = (Outcome.partial, Outcome.aborted, Outcome.unknown)
"""The outcomes after which there may be users to retry."""

NOT_ENDED = (Outcome.running, Outcome.stuck)
"""The outcomes of jobs that the service has not ended."""

WORST_FIRST = (
    Outcome.aborted,
    Outcome.unknown,
    Outcome.stuck,
    Outcome.partial,
    Outcome.running,
    Outcome.succeeded,
)
"""All outcomes."""


@dataclass(frozen=True, slots=True)
class NotUpdatedCount:
    """How many users a job did not update: a lower bound unless ``exact``, None if unknown."""

    number: int | None
    exact: bool

    @staticmethod
    def of(outcome: Outcome, not_updated: int | None, named_users: int) -> NotUpdatedCount:
        """Return the number in the table ``jobs``; if there is none, the users in the log as a lower bound."""
        if not_updated is not None:
            return NotUpdatedCount(not_updated, exact=True)
        if outcome is Outcome.partial and named_users:
            return NotUpdatedCount(named_users, exact=False)
        return NotUpdatedCount(None, exact=False)

    def __str__(self) -> str:
        """``12``, ``at least 12`` or ``unknown``."""
        if self.number is None:
            return _("unknown")
        return grouped(self.number) if self.exact else _("at least {number}").format(number=grouped(self.number))

    def users(self, total: int | None = None) -> str:
        """``12 of 295 users``, ``at least 1 user`` or ``an unknown number of users``.

        A smaller ``total`` is left out: our copy of the source file isn't what the job read then.
        """
        if self.number is None:
            return _("an unknown number of users")
        if total is None or total < self.number:
            return ngettext("{number} user", "{number} users", self.number).format(number=self)
        return ngettext("{part} of {whole} user", "{part} of {whole} users", total).format(
            part=self, whole=grouped(total)
        )


def not_updated_text(outcome: Outcome, not_updated: int | None, named_users: int, *, dash: str) -> str:
    """Return the number of a job's users not updated as a table cell; ``dash`` for a job that has not ended."""
    if not outcome.ended:
        return dash
    if outcome is Outcome.aborted and not_updated is None:
        return _("all")
    return str(NotUpdatedCount.of(outcome, not_updated, named_users))
