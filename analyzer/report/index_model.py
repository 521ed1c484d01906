"""The types of the first page, and of the page of all people: rows and sentences for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.model.job import Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from analyzer.report.model import Frame, JobRow, Month, RetryButton


@dataclass(frozen=True, slots=True)
class Spark:
    """A sparkline. Coordinates are in pixels from the top left.

    Attributes:
        width: of the drawing.
        height: of the drawing.
        line: path of the known numbers, with gaps.
        marks: path of the aborted runs, on the axis.
        end: the newest known number; None if there is none.
    """

    width: int
    height: int
    line: str
    marks: str
    end: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Strip:
    """A part of a chart that shows its values on hover, and links to a job.

    Attributes:
        x: left edge.
        width: of the strip.
        href: address of the job's page.
        title: what happened there.
    """

    x: float
    width: float
    href: str
    title: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A line over time with its scale.

    Attributes:
        name: what is drawn.
        top: y of the upper edge.
        bottom: y of the axis, which is zero.
        most: text of the value at the upper edge.
        line: path, with gaps where the value is unknown.
        band: path of the usual range; empty without one.
        beyond: path of the marks for values above the upper edge.
    """

    name: str
    top: float
    bottom: float
    most: str
    line: str
    band: str = ""
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """The chart of a feed: panels over one axis of time.

    Attributes:
        width: of the drawing.
        height: of the drawing.
        panels: from the top.
        aborted: path of the aborted runs, on the axis of the first panel.
        strips: from the left.
        first: text at the left end of the axis.
        last: text at the right end.
    """

    width: int
    height: int
    panels: tuple[Panel, ...]
    aborted: str
    strips: tuple[Strip, ...]
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A run in the chart of its feed.

    Attributes:
        job_id: of the run.
        ran: UTC.
        outcome: of the run.
        users: number of users in the source file; None if unknown.
        failed: number of users not updated; None if the run was aborted, or the number is unknown.
        rate: the share of ``users``, from 0 to 1; None if unknown.
        least: the smallest usual number of failed users; None if unknown.
        most: the largest usual number.
        jump: whether more failed than usual; None if unknown.
        open: users still open when the feed's next run came, or now; None if unknown.
    """

    job_id: str
    ran: datetime
    outcome: str
    users: int | None
    failed: int | None
    rate: float | None
    least: int | None
    most: int | None
    jump: bool | None
    open: int | None

    @property
    def is_aborted(self) -> bool:
        """Whether the run was aborted."""
        return self.outcome == Outcome.aborted


@dataclass(frozen=True, slots=True)
class Trend:
    """The runs of a feed over time.

    Attributes:
        feed: the feed.
        title: the answer, from the points.
        points: the runs, the oldest first.
        plot: the chart.
    """

    feed: str
    title: str
    points: tuple[TrendPoint, ...]
    plot: Plot


@dataclass(frozen=True, slots=True)
class FeedLine:
    """The newest run of a feed in one line.

    Attributes:
        feed: the feed.
        href: address of the run's page.
        when: time of the run as text.
        outcome: a value of ``Outcome``.
        failed: users not updated, of all: ``12 of 295``.
        detail: ``4 new, 8 recurring``, or why the run was aborted.
        open: number of open users as text.
        change: in comparison with a run about four weeks before; empty if there is none.
        notes: on runs that are late, missing, or unusual.
        spark: of the newest runs; None if none was counted.
    """

    feed: str
    href: str
    when: str
    outcome: str
    failed: str
    detail: str
    open: str
    change: str = ""
    notes: tuple[str, ...] = ()
    spark: Spark | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What needs action, with its one next step.

    Attributes:
        feed: the feed.
        text: the step; may have commands in backticks.
        reason: why; may be empty.
        who: who can do it; may be empty.
        href: address of the job's page.
        link: text of that link.
        command: to go on.
        button: the retry file; None if there is none.
        list_href: address of the list of failed users; empty if there is none.
        list_text: text of that link.
    """

    feed: str
    text: str
    reason: str
    who: str
    href: str
    link: str
    command: str
    button: RetryButton | None = None
    list_href: str = ""
    list_text: str = ""


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The report's first page.

    Attributes:
        frame: details of the report.
        lead: the verdict in words.
        notes: what it doesn't count.
        feeds: active feeds, the worst first.
        actions: what to do, the worst first.
        trends: of the feeds, the worst first.
        trends_note: on feeds without a chart.
        months: the calendar, the newest first.
        weekdays: names of the days from Monday, and their short forms.
        jobs: the newest jobs, the newest first.
        jobs_total: number of all jobs.
        jobs_data: all jobs for the page's script (``jobs_data``).
        messages: texts of the page's script, as JSON.
        has_retries: whether some jobs are retries.
        feed_names: for the filter.
        outcomes: for the filter.
        footnotes: letters and texts on the source of a time.
        has_people: whether there is a page of everybody who ever failed.
    """

    frame: Frame
    lead: str
    notes: tuple[str, ...]
    feeds: tuple[FeedLine, ...]
    actions: tuple[Action, ...]
    trends: tuple[Trend, ...]
    trends_note: str
    months: tuple[Month, ...]
    weekdays: tuple[tuple[str, str], ...]
    jobs: tuple[JobRow, ...]
    jobs_total: int
    jobs_data: str
    messages: str
    has_retries: bool
    feed_names: tuple[str, ...]
    outcomes: tuple[str, ...]
    footnotes: tuple[tuple[str, str], ...]
    has_people: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person's newest failure."""

    identity: str
    href: str
    feed: str
    when: str
    reason: str
    state: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The page of everybody who ever failed.

    Attributes:
        frame: details of the report.
        total: number of people.
        newest: the people of the newest runs that failed somebody, for browsers without scripts.
        note: what is left out; empty if nothing is.
        data: all people for the page's script (``people_page.people_data``).
        messages: texts of the page's script, as JSON.
    """

    frame: Frame
    total: int
    newest: tuple[PersonRow, ...]
    note: str
    data: str
    messages: str
