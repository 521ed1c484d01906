"""The text of ``sample_logs/README.md``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.model.service import error_name, state_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_TEXT = """\
# Sample library

Seven weeks of bulk profile imports at Contoso, as a pull leaves them: `jobs.json` is the service's own answer, and
every other file is at its server-relative path. `upa-analyzer demo` uses this library, and every command that works
on a library works on this folder.

**All of it is synthetic.** Contoso and Fabrikam are the vendor's fictitious companies, the people are combined from
tables of common names, telephone numbers are from a range reserved for fiction, and GUIDs are derived from addresses.

## What happened, job by job

{table}

Three feeds send a file each week: `hr-feed` identifies users by mail address, `phones-feed` by principal name with a
claims prefix, `badges-feed` by object ID. Fabrikam was bought in summer, and its people are moved into the directory in
batches, so the failures of `hr-feed` fall. Every week some new employees are in HR's list before the directory has
them, and three addresses (an apostrophe, a plus sign, letters beyond ASCII) are missing and fail every time.

The file of `hr-feed` on 10 November has commas after the last values, as in the vendor's example, so it isn't strict
JSON; the one on 9 November is a single line that isn't valid JSON; `phones-feed` is indented; `badges-feed` is pure
ASCII without a byte order mark.

## The other files

- `emulator.json`: the tenant on 23 November: its users, without those that the newest `hr-feed` could not resolve, and
  its profile properties. Importing that file again fails for exactly those users.
- `.upa/pull.json`: the time of the last pull.
- `.upa/observations.json`: what the nightly pulls at 06:10 UTC saw: one row for each new or changed job.
- `.gitattributes`: prevents git from changing line ends.

## How it is made

    python tools/make_samples.py

The logs come from runs of the emulator's import engine on the source files, with the users that the tenant had on
that day. The script itself writes what the engine can't produce (a running job, an internal failure, a log saved as
UTF-16, lost tabs, an entry without an identity, a message in German). The result is the same, byte for byte, each time.
"""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A row of the table of jobs."""

    feed: str
    on: date
    state: int
    error: int
    entries: int
    what: str


def readme(jobs: Sequence[JobRow]) -> str:
    """The README in Markdown, with a row for every job in the order given."""
    head = [
        "| feed | file of | state | error | entries in the log | what happened |",
        "| --- | --- | --- | --- | ---: | --- |",
    ]
    return _TEXT.format(table="\n".join([*head, *(_row(job) for job in jobs)]))


def _row(job: JobRow) -> str:
    cells = (
        job.feed,
        job.on.isoformat(),
        state_name(job.state),
        error_name(job.error),
        job.entries or "",
        job.what,
    )
    return f"| {' | '.join(map(str, cells))} |"
