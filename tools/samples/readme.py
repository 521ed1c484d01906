"""The words of ``sample_logs/README.md``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.model.service import error_name, state_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_TEXT = """\
# Sample library

Seven weeks of bulk profile imports at Contoso, as a pull would have left them: `jobs.json` is the service's own
answer, every other file lies under its server-relative path. The program's `demo` shows it; everything that works on
a library works on this folder.

**All of it is synthetic.** Contoso and Fabrikam are the vendor's invented companies, the people were made up from
tables of common names, telephone numbers are of a range kept for fiction, and the Guids follow from addresses.

## What happened, job by job

{table}

Three feeds send a file a week: `hr-feed` knows users by mail address, `phones-feed` by principal name with a claims
prefix, `badges-feed` by object id. Fabrikam was bought in summer, and its people are moved into the directory batch
by batch, so HR's failures fall; every week some newcomers are in HR's list before the directory knows them, and three
addresses (an apostrophe, a plus, letters beyond ASCII) were forgotten altogether and fail every time.

The file of `hr-feed` on 10 November has commas behind the last values, as in the vendor's example, so it is no strict
JSON; the one on 9 November is a single line and no JSON at all; `phones-feed` is indented; `badges-feed` is pure
ASCII without a BOM.

## The other files

- `emulator.json`: the tenant on 23 November: its users, without those whom the newest `hr-feed` could not resolve, and
  its profile properties. Importing that file again fails for exactly those users.
- `.upa/pull.json`: when the last pull was.
- `.upa/observations.json`: what the nightly pulls at 06:10 UTC saw: a row each time that a job was new or had changed.
- `.gitattributes`: keeps git from changing line ends.

## How it is made

    python tools/make_samples.py

The logs come from runs of the emulator's import engine on the source files, with the users that the tenant had on
the day. What no engine can give (a job at work, an internal failure, a log saved as UTF-16, lost tabs, an entry that
names nobody, a message in German) is written by the script. It has no clock and no chance in it: the same bytes
every time.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A row of the table of jobs."""

    feed: str
    on: date
    state: int
    error: int
    entries: int
    what: str


def readme(jobs: Sequence[Told]) -> str:
    """The README in Markdown, with a row for every job in the order given."""
    head = [
        "| feed | file of | state | error | entries in the log | what happened |",
        "| --- | --- | --- | --- | ---: | --- |",
    ]
    return _TEXT.format(table="\n".join([*head, *(_row(told) for told in jobs)]))


def _row(told: Told) -> str:
    cells = (
        told.feed,
        told.on.isoformat(),
        state_name(told.state),
        error_name(told.error),
        told.entries or "",
        told.what,
    )
    return f"| {' | '.join(map(str, cells))} |"
