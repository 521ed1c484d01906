"""Pack the list of all jobs into the first page, for its script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.packed import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.report.model import JobRow
    from analyzer.report.view import Run


def jobs_data(rows: Sequence[JobRow], runs: Sequence[Run], *, linked: bool = True) -> str:
    """Return the rows of all jobs for ``index.js``, packed.

    Args:
        rows: of the jobs, in the order in which they are shown first.
        runs: the same jobs.
        linked: whether the jobs have pages to link to.
    """
    values: list[str] = []
    places: dict[str, int] = {}

    def place(value: str) -> int:
        if value not in places:
            places[value] = len(values)
            values.append(value)
        return places[value]

    content = [
        [
            row.href.removeprefix("jobs/").removesuffix(".html") if linked else "",
            row.short,
            place(row.feed),
            row.when,
            place(row.letter),
            place(row.how),
            place(row.state),
            place(row.error),
            place(row.outcome),
            row.users,
            row.not_updated,
            row.open,
            place(row.kind),
            [[mark.text, mark.href if linked else ""] for mark in row.marks],
            # How they are sorted, where texts don't show it.
            int(run.ran.timestamp()) // 60 if run.ran else None,
            run.users,
            run.not_updated_count.number,
        ]
        for row, run in zip(rows, runs, strict=True)
    ]
    return packed({"values": values, "rows": content})
