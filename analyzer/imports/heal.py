"""Import a file and repair what fails: retry while the catalogue says that it can help, and while it does help.

The state is in the records of imports and in the history alone, so that a command that died at any moment is continued
by the next one: what was queued is found again, and how often a run was retried is counted from its retries.
"""

from __future__ import annotations

import dataclasses
import shutil
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failures import with_answers
from analyzer.errors import UnreachableError
from analyzer.imports.prepare import Wish, prepare
from analyzer.model.job import FAILED, Outcome, find_job
from analyzer.model.text import SHORT_ID, count, duration, listed
from analyzer.retry.inputs import inputs_of_job
from analyzer.retry.make import make_retry
from analyzer.retry.model import Choices
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from analyzer.catalogue import Catalogue
    from analyzer.history.load import Tables
    from analyzer.imports.checker import Checker
    from analyzer.imports.destination import Destination
    from analyzer.imports.queue import Sender
    from analyzer.library.mirror import Library
    from analyzer.retry.library_jobs import JobRetry
    from analyzer.storage.import_record import ImportRecord

PATIENCE = 7_200.0
"""Seconds that are waited for a retry to make sense, such as after a deadlock; a new account takes a day."""
_WORK = "retry-being-made"


@dataclass(frozen=True, slots=True)
class RetryStep:
    """What to do next about a run.

    Attributes:
        job_id: the job whose users are retried.
        users: IDs of the users to retry by key; None for everyone in the job's retry file.
        due: when a retry can help; UTC.
        waits_for: the causes that pass by themselves, a clause each.
    """

    job_id: str
    users: Mapping[str, str] | None
    due: datetime
    waits_for: tuple[str, ...]


@dataclass(slots=True)
class Healing:
    """The state of a run that is being repaired.

    Attributes:
        run: ID of the run's job.
        open: number of users who aren't updated; None if unknown.
        retries: how many retries were imported.
        step: the next retry; None if none can help now.
        left: why there is none, sentences.
    """

    run: str
    open: int | None
    retries: int = 0
    step: RetryStep | None = None
    left: list[str] = field(default_factory=list)

    @property
    def is_healed(self) -> bool:
        """Whether nobody is open."""
        return self.open == 0


@dataclass(frozen=True, slots=True)
class Reported:
    """What is known after a pull.

    Attributes:
        library: the library.
        tables: its history.
        retries: the retry files by job ID.
    """

    library: Library
    tables: Tables
    retries: Mapping[str, JobRetry]


@dataclass(slots=True)
class Healer:
    """Repairs the run that an import made.

    Attributes:
        sender: sends retries.
        checker: checks them before.
        destination: where retries are uploaded to, and what they are queued with.
        report: pulls, and writes retry files and the report.
        catalogue: says whether a retry can help, and when.
        say: shows a remark.
        patience: seconds that it waits for a retry to make sense; what takes longer is left to the next start.
    """

    sender: Sender
    checker: Checker
    destination: Destination
    report: Callable[[], Reported]
    catalogue: Catalogue
    say: Callable[[str], None]
    patience: float = PATIENCE
    _stopped: threading.Event = field(default_factory=threading.Event)

    def heal(self, record: ImportRecord, most: int) -> list[Healing]:
        """Retry until nobody is open, or until that can't help or has to wait.

        Args:
            record: of an import of which each part is queued.
            most: number of retries of each part's job.

        Returns:
            The state of each part's job.

        Raises:
            AnalyzerError: a stage failed; the next start continues.
        """
        clock = self.sender.tenant.session.policy.clock
        self._give_up_others(record)
        while True:
            for one in self._retries(record):
                self.sender.send(one, until_end=True)
            made = self.report()
            self._check_pulled(record, made.tables)
            now = clock.now()
            ended = {
                part.job_id: part.ended_at
                for one in self._records()
                for part in one.parts
                if part.ended_at is not None and part.ended_at <= now  # else the clock was set back
            }
            healings = [
                plan_healing(made.tables, made.retries, part.job_id, ended, self.catalogue, most)
                for part in record.parts
                if part.job_id  # the others were given up
            ]
            steps = [one.step for one in healings if one.step is not None]
            if not steps:
                return healings
            step = min(steps, key=lambda one: one.due)
            wait = (step.due - now).total_seconds()
            if wait > self.patience:
                return healings
            if wait > 0:
                self.say(
                    f"Waiting {duration(wait)} before the retry of {step.job_id[:SHORT_ID]}: {listed(step.waits_for)}."
                )
                clock.wait(wait, self._stopped)
            self._retry(step, made)

    def _records(self) -> list[ImportRecord]:
        return self.sender.journal.records

    def _retries(self, record: ImportRecord) -> list[ImportRecord]:
        """Return the retries of a run that an earlier command has begun; those of other runs may be superseded."""
        jobs = {part.job_id for part in record.parts if part.job_id}
        retries = []
        for one in self._records():
            if one.retry_of in jobs:
                jobs.update(part.job_id for part in one.parts if part.job_id)
                retries.append(one)
        return [one for one in retries if one.is_unfinished]

    def _give_up_others(self, record: ImportRecord) -> None:
        """Give up retries of other runs that aren't sent yet: meanwhile, later imports may have superseded them."""
        ours = [record.import_id, *(one.import_id for one in self._retries(record))]
        others = [one for one in self._records() if one.has_unsent_parts and one.import_id not in ours]
        self.sender.take_over(others, lambda _: "a newer run of the feed is being repaired")

    def _check_pulled(self, record: ImportRecord, tables: Tables) -> None:
        """Check that the history knows how each import ended: else a retry might be imported a second time.

        Raises:
            UnreachableError: a job is missing.
        """
        outcomes = dict(tables.jobs.select("job_id", "outcome").iter_rows())
        since = [one for one in self._records() if one.created_at >= record.created_at and not one.abandoned]
        for part in (part for one in since for part in one.parts if part.job_id and part.state is not None):
            outcome = outcomes.get(part.job_id)
            if outcome is None or not Outcome(outcome).ended:
                raise UnreachableError(
                    f"job {part.job_id[:SHORT_ID]} has ended, but its result wasn't pulled",
                    "Run the same command again: it continues.",
                )

    def _retry(self, step: RetryStep, made: Reported) -> None:
        """Import the retry file of a job, or its records of some users."""
        journal = self.sender.journal
        now = self.sender.tenant.session.policy.clock.now()
        work = journal.folder / _WORK
        try:
            files = self._files(step, made, work)
            wish = Wish(files, self.destination, again=True, retry_of=step.job_id)
            prepared = prepare(journal, wish, self.checker, now)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        users = sum(part.records for part in prepared.record.parts)
        self.say(f"Retrying {count(users, 'user')} of {step.job_id[:SHORT_ID]}: {listed(step.waits_for)}.")
        self.sender.send(prepared.record, until_end=True)

    def _files(self, step: RetryStep, made: Reported, work: Path) -> list[Path]:
        retry = made.retries[step.job_id]
        assert retry.path is not None  # noqa: S101 - as the step says
        assert retry.manifest is not None  # noqa: S101 - likewise
        if step.users is None or len(step.users) == retry.manifest.users:
            return [retry.path.with_name(file.name) for file in retry.manifest.files]
        job = find_job(made.library.jobs(), step.job_id)
        inputs = inputs_of_job(made.library, made.tables, job, retry.manifest.id_property or None)
        inputs = dataclasses.replace(inputs, choices=Choices(users=dict(step.users)))
        work.mkdir(parents=True, exist_ok=True)
        result = make_retry(inputs, work / retry.path.name)
        return list(result.retry.paths) if result.retry else []


def plan_healing(  # noqa: PLR0913, PLR0917 - what the decision depends on
    tables: Tables,
    retries: Mapping[str, JobRetry],
    run_id: str,
    ended: Mapping[str, datetime],
    catalogue: Catalogue,
    most: int,
) -> Healing:
    """Decide what to do next about a run.

    Args:
        tables: the history, up to date.
        retries: the retry files by job ID.
        run_id: ID of the run's job.
        ended: when jobs were seen to have ended (UTC), by job ID.
        catalogue: says whether a retry can help, and when.
        most: number of retries that are allowed.
    """
    if tables.jobs.filter(job_id=run_id).is_empty():
        return Healing(run_id, None, left=[f"job {run_id[:SHORT_ID]}: the tenant no longer lists the job"])
    run = tables.job(run_id)
    chain = [run, *tables.jobs.filter(retry_of=run_id).iter_rows(named=True)]
    healing = Healing(run_id, run["open"], len(chain) - 1)
    if run["open"] == 0 or run["outcome"] not in FAILED:
        return healing
    if tables.superseded_by(run_id):
        healing.left.append("a later run of the feed has ended")
        return healing
    steps = []
    for job in reversed(chain):
        retry = retries.get(job["job_id"])
        users = tables.open_users.get(job["job_id"])
        if job["outcome"] not in FAILED or retry is None or users is None or not users.needs_retry:
            continue
        step = _step(tables, job, retry, ended.get(job["job_id"]), catalogue, healing.left)
        if step is None:
            continue
        if job is not run and _helped_nobody(job):
            healing.left.append(f"the retry {job['job_id'][:SHORT_ID]} updated none of its users")
            continue
        steps.append(step)
    if not steps:
        return healing
    if healing.retries >= most:
        healing.left.append(f"{most} retries were imported, as many as --heal allows")
        return healing
    healing.step = min(steps, key=lambda step: step.due)
    return healing


def _helped_nobody(job: Mapping[str, Any]) -> bool:
    """Return whether a retry ended with as many users not updated as it had."""
    if job["outcome"] == Outcome.aborted:
        return True
    return job["not_updated"] is not None and job["users"] is not None and job["not_updated"] >= job["users"]


def _step(  # noqa: PLR0913, PLR0917 - as above
    tables: Tables,
    job: Mapping[str, Any],
    retry: JobRetry,
    ended: datetime | None,
    catalogue: Catalogue,
    left: list[str],
) -> RetryStep | None:
    """Return the next retry of one job, or add why none can help."""
    short = job["job_id"][:SHORT_ID]
    if retry.path is None or retry.manifest is None:
        left.append(f"job {short}: {retry.sentence.rstrip('.')}. {retry.advice}".strip())
        return None
    if retry.manifest.first:
        left.append(f"job {short}: a person has to do this first: {retry.manifest.first}")
        return None
    began = ended or job["latest"] or job["finished"]
    if began is None:
        left.append(f"job {short}: when it ended is unknown")
        return None
    if job["outcome"] != Outcome.partial:
        cause = catalogue.explain_job(job["error"], job["outcome"], has_log=bool(job["entries"]))
        if not cause.retry_helps:
            left.append(f"job {short}: {cause.title}; the same file again can't help")
            return None
        return RetryStep(job["job_id"], None, began + cause.retry_after, (cause.title,))
    return _step_of_users(tables, job, began, catalogue, left)


def _step_of_users(
    tables: Tables, job: Mapping[str, Any], began: datetime, catalogue: Catalogue, left: list[str]
) -> RetryStep | None:
    """Return a retry of the users whose failures all pass by themselves, those who can be retried first."""
    users = failing_users(tables, job["job_id"], catalogue)
    helped = users.filter("helps")
    for titles, number in users.filter(~pl.col("helps")).group_by("titles").len().sort("titles").iter_rows():
        left.append(f"{number:,} of {job['job_id'][:SHORT_ID]} can't be helped by the same record: {'; '.join(titles)}")
    if helped.is_empty():
        return None
    first = helped["wait"].min()
    assert isinstance(first, timedelta)  # noqa: S101 - of its column
    chosen = helped.filter(pl.col("wait") <= first)
    titles = tuple(dict.fromkeys(title for one in chosen["titles"] for title in one))
    return RetryStep(job["job_id"], dict(chosen.select("key", "identity").iter_rows()), began + first, titles)


def failing_users(tables: Tables, job_id: str, catalogue: Catalogue) -> pl.DataFrame:
    """Return the open users in a job's log whose newest records it has, as its retry file does.

    Columns: ``key``, ``identity``, ``helps`` Boolean, ``wait`` Duration, ``titles`` List.
    A retry helps a user only if it can help with each of the user's entries, after the longest of their waits.
    """
    entries = tables.entries_of(job_id).filter("names", pl.col("code").is_not_null())

    def answers(code: str, message: str, detail: str | None) -> tuple[bool, timedelta, str]:
        cause = catalogue.explain_entry(code, message, detail)
        return cause.retry_helps is True, cause.retry_after, cause.title

    schema = {"helps": pl.Boolean, "wait": pl.Duration("us"), "title": pl.String}
    explained = with_answers(entries, answers, schema)
    users = explained.group_by("key", maintain_order=True).agg(
        pl.col("identity").first(),
        pl.col("helps").all(),
        pl.col("wait").max(),
        titles=pl.col("title").unique(maintain_order=True),
    )
    keys, newer = users["key"].to_list(), tables.users_after(job_id).newer
    flags = zip(keys, tables.open_flags(job_id, keys), strict=True)
    wanted = [flag is not False and mark_of(key) not in newer for key, flag in flags]
    return users.filter(pl.Series(wanted, dtype=pl.Boolean))
