"""The types of a job's page: rows and sentences for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.report.model import Frame, Grid, JobRow, Note, RetryButton


@dataclass(frozen=True, slots=True)
class Queue:
    """How to queue a retry file: lines for PowerShell in order, and remarks on what to check in them."""

    lines: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToDo:
    """An action for a job: ``text`` may have commands in backticks; ``command`` performs the action, or is empty."""

    text: str
    reason: str
    who: str
    command: str


@dataclass(frozen=True, slots=True)
class Command:
    """Lines to paste into a terminal, and what they do."""

    lines: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next about a job.

    Attributes:
        text: a sentence; empty if ``note`` or ``steps`` say it.
        note: what the retry file has, or why there is none; empty if nothing is to be said.
        button: the retry file; None if there is none.
        command: the command of this program that queues it; None if there is none.
        powershell: how to queue it with PnP PowerShell; None if unknown.
        steps: actions that belong to no cause.
    """

    text: str = ""
    note: str = ""
    button: RetryButton | None = None
    command: Command | None = None
    powershell: Queue | None = None
    steps: tuple[ToDo, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """What failures have in common: a sentence around the emphasized value, and how the others fared."""

    before: str
    value: str
    after: str
    compared: str = ""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A log entry; ``place`` is its file and line.

    ``whereabouts`` gives the records between which it belongs if it names no user and that is known; else empty.
    """

    code: str
    identity: str
    message: str
    detail: str
    place: str
    whereabouts: str = ""


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries shown, and a sentence on omitted ones (empty if none are)."""

    rows: tuple[EntryRow, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A code of the log, or the job's error: explained, counted, and what to do about it.

    Attributes:
        code: its name.
        title: what happened, a clause.
        counted: users and entries; empty for the job's error.
        meaning: what happened, in a sentence or two.
        causes: possible causes; empty if there are patterns.
        who: who can act on it; empty if there are patterns.
        retry: whether importing unchanged helps; empty if there are patterns.
        known_from: the source of the explanation; empty if there are patterns.
        patterns: of the code's messages, if there are several.
        steps: what to do, in order.
        located: where the fault is in the source file, in sentences.
        message: the service's message; empty if there is none.
        takes: how long such a job usually takes; empty if unknown.
    """

    code: str
    title: str
    counted: str
    meaning: str
    causes: tuple[str, ...]
    who: str
    retry: str
    known_from: str
    patterns: tuple[Cause, ...] = ()
    steps: tuple[ToDo, ...] = ()
    located: tuple[str, ...] = ()
    message: str = ""
    takes: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A user named in the log.

    ``status`` is New, Recurring, or a dash without a run to compare with; ``since`` is the result of later imports;
    ``directory`` is what the ID is in a directory export, empty if it wasn't looked up.
    """

    identity: str
    codes: tuple[str, ...]
    status: str
    since: str
    count: int
    counted: str
    entries: Entries
    directory: str = ""


@dataclass(frozen=True, slots=True)
class PeopleData:
    """All users of a job, for the page's script.

    Attributes:
        packed: see ``people_data``.
        messages: the script's texts as JSON.
        name: of files that the script saves, without an ending.
        lists: addresses of the list as files, with the text of their links.
    """

    packed: str
    messages: str
    name: str
    lists: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the evidence.

    Attributes:
        label: what it is.
        value: as text.
        note: how the value is known, or why it is unknown.
        href: an HTTPS address in the tenant that the value leads to; empty if there is none.
        is_copied: whether the value has a button that copies it.
    """

    label: str
    value: str
    note: str
    href: str = ""
    is_copied: bool = False


@dataclass(frozen=True, slots=True)
class JobPage:
    """A job's page.

    Attributes:
        frame: details of the report.
        row: the job's row in the list of jobs.
        feed: the feed, with the address of its jobs in the index.
        previous: the feed's run before, with its address relative to the index; None if there is none.
        following: the feed's next run, likewise.
        expected: when the next run is expected; empty if unknown, or if there is one.
        verdict: how the job ended for its users.
        below: when it ran, how that is known, and why it failed, in sentences.
        history: retries, verification, and what superseded it.
        next: what to do next; None if there is nothing to do.
        shared: what the users who failed have in common.
        warnings: wrong values in the source file that an import accepts.
        causes: the codes of the log, or the job's error.
        properties: properties named in the log.
        support: a text for a support request; empty unless a step is to open one.
        commands: to go on.
        people: users named in the log.
        people_note: on omitted people.
        nameless: entries that don't identify a user.
        nameless_note: explains these entries, or how certain their bounds are.
        no_entry: text that isn't an entry.
        facts: the evidence.
        logs: log files, and how each was read.
        observations: states seen by pulls.
        files: with their addresses relative to the page.
        csv: name of the table of all entries next to the page; empty if there are none.
        directory: what the IDs that couldn't be resolved are in a directory export, in sentences.
        directory_name: name of the export; empty if nothing was looked up.
        people_data: all people; None if the table has everybody, and there is no list to correct.
    """

    frame: Frame
    row: JobRow
    feed: Note
    previous: Note | None
    following: Note | None
    expected: str
    verdict: str
    below: tuple[str, ...]
    history: tuple[Note, ...]
    next: NextStep | None
    shared: tuple[Shared, ...]
    warnings: tuple[str, ...]
    causes: tuple[Cause, ...]
    properties: Grid | None
    support: str
    commands: tuple[Command, ...]
    people: tuple[Person, ...]
    people_note: str
    nameless: Entries
    nameless_note: str
    no_entry: Entries
    facts: tuple[Fact, ...]
    logs: Grid | None
    observations: Grid | None
    files: tuple[Note, ...]
    csv: str = ""
    directory: tuple[str, ...] = ()
    directory_name: str = ""
    people_data: PeopleData | None = None
