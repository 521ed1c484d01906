"""Seven weeks of imports, job by job: what was sent, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from analyzer.model.service import State
from tools.samples import changes, mishaps, styles
from tools.samples.feeds import BADGES, HR, HR_HISTORY, PHONES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.samples.feeds import Feed
    from tools.samples.mishaps import Verdict
    from tools.samples.people import Person
    from tools.samples.styles import Record

TENANT = "contoso.sharepoint.com"
SLOW_MINUTES = 400
"""When a job ends that the morning's pull found still at work: minutes after midnight."""


@dataclass(frozen=True, slots=True)
class Job:
    """One import.

    Attributes:
        what: what happened, for the list of the samples.
        style: how the source file is written; None where no file lies in this tenant.
        change: what was odd about that export.
        verdict: the outcome where the service did not come to read the file, or failed by itself; None: it ran.
        mishap: what became of the log afterwards.
        slow: the state in which the pull of the same morning found the job; it ended later.
        swept: somebody tidied the library: the source file is gone, the log folder is not.
        gone: the tenant no longer lists it.
        host: where the source file is said to lie.
    """

    feed: Feed
    on: date
    what: str
    style: Callable[[Sequence[Record]], bytes] | None
    change: Callable[[list[Record], Sequence[Person]], list[Record]] = changes.unchanged
    verdict: Verdict | None = None
    mishap: Callable[[bytes], bytes] = mishaps.untouched
    slow: State | None = None
    swept: bool = False
    gone: bool = False
    host: str = TENANT

    @property
    def source_path(self) -> str:
        """The source file's server-relative path."""
        return self.feed.source_path(self.on)

    @property
    def source_uri(self) -> str:
        """The address as it was queued: nothing in it encoded."""
        return f"https://{self.host}{self.source_path}"

    @property
    def job_id(self) -> str:
        """A Guid that follows from the source's address."""
        return str(uuid5(NAMESPACE_URL, self.source_uri))

    @property
    def ended(self) -> datetime:
        """When the service was done with it, UTC: the feed's usual minute, and up to nine minutes more."""
        minutes = SLOW_MINUTES if self.slow else self.feed.ends
        spread = UUID(self.job_id).int % (9 * 60_000)
        return datetime.combine(self.on, time(), UTC) + timedelta(minutes=minutes, milliseconds=spread)

    def records(self, people: Sequence[Person]) -> list[Record]:
        """What was sent."""
        return self.change(self.feed.records(people, self.on), people)

    def source(self, people: Sequence[Person]) -> bytes | None:
        """The source file as it was sent; None where there is none in this tenant."""
        return self.style(self.records(people)) if self.style else None


def _october(day: int) -> date:
    return date(2026, 10, day)


def _november(day: int) -> date:
    return date(2026, 11, day)


_HR = (
    Job(HR, _october(5), "The first run; its source file was removed later.", styles.rows, swept=True),
    Job(HR, _october(12), "The log was saved again as UTF-16.", styles.rows, mishap=mishaps.as_utf16),
    Job(
        HR,
        _october(19),
        "Three of the entries have no identity.",
        styles.rows,
        mishap=mishaps.without_identities,
    ),
    Job(
        HR,
        _october(26),
        "The bad week: 24 addresses with the mail server's domain, two planted records (markup, a formula).",
        styles.rows,
        changes.wrong_domain,
        slow=State.Queued,
    ),
    Job(
        HR_HISTORY,
        _october(31),
        "Ten years of records in one file: refused, and too big to keep.",
        None,
        verdict=mishaps.TOO_BIG,
    ),
    Job(HR, _november(2), "Half of Fabrikam's people have arrived.", styles.rows),
    Job(HR, _november(9), r"A new export program left the backslash of `R\V` bare.", styles.glued),
    Job(HR, _november(10), "The same, corrected by hand: trailing commas, so not strict JSON.", styles.vendor),
    Job(HR, _november(16), "Better again.", styles.rows),
    Job(HR, _november(23), "The newest: only users who cannot be resolved, all named.", styles.rows),
)

_BADGES = (
    Job(BADGES, _october(5), "Contractors who left are still on the list.", styles.ascii_rows),
    Job(
        BADGES,
        _october(12),
        "Queued with an address in another tenant.",
        None,
        verdict=mishaps.OF_ANOTHER_TENANT,
        host="fabrikam.sharepoint.com",
    ),
    Job(BADGES, _october(13), "The same from the right place, without those contractors.", styles.ascii_rows),
    Job(
        BADGES,
        _october(19),
        "A column `Wing` that the map lacks; the messages are in German.",
        styles.ascii_rows,
        changes.with_wing,
        mishap=mishaps.in_german,
    ),
    Job(
        BADGES,
        _october(26),
        "Ran for hours, then failed without a log.",
        styles.ascii_rows,
        verdict=mishaps.INTERNAL,
        slow=State.Processing,
    ),
    Job(BADGES, _november(2), "Stuck: in Processing ever since.", styles.ascii_rows, verdict=mishaps.AT_WORK),
    Job(
        BADGES,
        _november(9),
        "Two records with the same ID, so the log has a .NET stack trace; contractors who left.",
        styles.ascii_rows,
        changes.with_second_badge,
    ),
    Job(
        BADGES,
        _november(16),
        "An undocumented error number.",
        styles.ascii_rows,
        verdict=mishaps.UNDOCUMENTED,
    ),
    Job(
        BADGES,
        _november(17),
        "Succeeded, but three empty dates became 1 January.",
        styles.ascii_rows,
        changes.without_dates,
    ),
    Job(BADGES, _november(23), "A column `Floor` that the map lacks.", styles.ascii_rows, changes.with_floor),
)

_PHONES = (
    Job(PHONES, _october(5), "The tenant no longer lists it; the library still has it.", styles.pretty, gone=True),
    Job(PHONES, _october(12), "A slow run: the morning's pull found it waiting.", styles.pretty, slow=State.Submitted),
    Job(
        PHONES,
        _october(19),
        "Two users not known yet; the log's tabs were lost.",
        styles.pretty,
        changes.with_fabrikam,
        mishap=mishaps.without_tabs,
    ),
    Job(PHONES, _october(26), "As it should be.", styles.pretty),
    Job(PHONES, _november(2), "Queued, but the file was never uploaded.", None),
    Job(PHONES, _november(3), "The same with its file.", styles.pretty),
    Job(PHONES, _november(9), "As it should be.", styles.pretty),
    Job(PHONES, _november(16), "A meeting room without an account.", styles.pretty, changes.with_meeting_room),
    Job(PHONES, _november(17), "The same without the room.", styles.pretty),
    Job(PHONES, _november(23), "Still running when it was last seen.", styles.pretty, verdict=mishaps.AT_WORK),
)

JOBS = tuple(sorted((*_HR, *_BADGES, *_PHONES), key=lambda job: (job.on, job.feed.ends)))
"""All jobs, the oldest first."""
