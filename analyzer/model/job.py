"""An import job as the service lists it."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.service import ENDED, GUID, JobError, State, error_name, state_name
from analyzer.model.text import SHORT_ID, nearest
from analyzer.model.uri import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Job:
    """One ``ImportProfilePropertiesJobInfo``; the field names are the service's, in our spelling.

    Attributes:
        job_id: in lower case.
        state: the number, also one that nobody documented.
        error: likewise.
        error_message: empty where there is none.
        source_uri: as queued.
        log_folder_uri: empty where there is none.
        gone: the tenant no longer lists it.
        answer: what the service sent, unknown fields included.
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
        """Whether the service will not change it any more."""
        return self.state in ENDED

    @property
    def succeeded(self) -> bool:
        """Whether the service says that every profile was written."""
        return self.state == State.Succeeded and self.error == 0

    @property
    def source_name(self) -> str:
        """The source file's name, as the URI spells it, without a query."""
        return file_name(self.source_uri)

    @staticmethod
    def from_answer(answer: Mapping[str, object]) -> Job:
        """Reads one element of the job list.

        Raises:
            ValueError: it has no job id, or a state that is no number.
        """
        job_id = answer.get("JobId")
        if not isinstance(job_id, str) or not job_id.strip("{} "):
            raise ValueError("a job has no JobId that is a text")
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
        """The same job, no longer listed by the tenant."""
        return Job.from_answer({**self.answer, "Gone": True})


def job_list(content: object) -> list[Job]:
    """Reads what the service answers to ``GetImportProfilePropertyJobs``, which is also what ``jobs.json`` holds.

    Raises:
        ValueError: it is something else; its text says what is wrong.
    """
    listed = content.get("value") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(answer, dict) for answer in listed):
        raise ValueError('there is no list of jobs under "value"')
    return [Job.from_answer(answer) for answer in listed]


def name_in_files(job_id: str) -> str:
    """A job's id as a part of file names: as it is where it is a Guid.

    Another one comes from a job list that somebody tampered with: it must not become a path, nor be too long, nor turn
    the line round in which it is printed.

    >>> name_in_files("../../evil")
    'evil-0fbfd372a483'
    """
    if GUID.fullmatch(job_id):
        return job_id
    safe = re.sub(r"[^A-Za-z0-9-]+", "-", job_id)[:40].strip("-")
    return f"{safe}-{hashlib.sha256(job_id.encode(errors='replace')).hexdigest()[:12]}".lstrip("-")


def _text(answer: Mapping[str, object], name: str) -> str:
    """A text of the service; half a surrogate pair, which no table can hold, becomes a question mark."""
    return str(answer.get(name) or "").encode("utf-8", "replace").decode("utf-8")


def _number(answer: Mapping[str, object], name: str, names: type[IntEnum]) -> int:
    """A number of an enumeration, also as a text, or as OData may spell it: by its name."""
    value = answer.get(name, 0)
    if isinstance(value, str) and value in names.__members__:
        return names[value]
    with contextlib.suppress(ValueError):
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            return int(value)
    raise ValueError(f"{name} is no number in the job {answer.get('JobId')}")


def find_job(jobs: Sequence[Job], wanted: str, *, holder: str = "the library") -> Job:
    """The job with this id; its first eight characters do where they are its alone.

    Args:
        jobs: among which to look.
        wanted: as the user wrote it.
        holder: whose jobs they are, for the error.

    Raises:
        InputError: there is none, or more than one.
    """
    key = wanted.strip("{} ").lower()
    found = [job for job in jobs if job.job_id == key] or [job for job in jobs if key and job.job_id.startswith(key)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"the job id {wanted!r} is short for {len(found)} jobs", f"Give more of it: {_some(found)}.")
    whole = {job.job_id[: max(len(key), SHORT_ID)]: job.job_id for job in reversed(jobs)}
    near = nearest(key, whole)
    advice = f"Did you mean {whole[near]}?" if near else "upa-analyzer jobs lists those there are."
    raise InputError(f"{holder} has no job {wanted!r}", advice)


def _some(jobs: Sequence[Job]) -> str:
    return ", ".join(job.job_id for job in jobs[:3])
