"""Build the page of everybody who ever failed: in which runs, why, and whether they are open.

The users of all jobs are read in one scan. Only for the few jobs whose open users are to be retried is it asked which
users these are; every other state follows from the job.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.history.store import scanning
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.text import grouped
from analyzer.report.index_model import PeoplePage, PersonRow
from analyzer.report.packed import packed
from analyzer.report.rows import frame_of, job_href
from analyzer.report.sentences import when_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.report.view import Run, View

MOST_FAILURES = 1_000_000
"""Failures of one user in one run that are read; those of older runs are left out."""

MOST_RUNS = 30
"""Newest runs shown of a person."""

SHOWN = 200
"""People that are rows of the page itself; its script finds the others."""

_NOTHING, _OPEN, _UPDATED, _UNKNOWN, _SUPERSEDED = range(5)
"""Whether a person is open after their newest failure of a feed; nothing for the failures before."""


def people_page(view: View) -> PeoplePage:
    """Return the page; at least one log has to name a user."""
    runs = [run for run in reversed(view.runs) if run.named_users]
    shown = _newest(runs)
    found = _failures(view, shown)
    people = found.select("key").unique().height
    left_out = len(runs) - len(shown)
    note = ""
    if left_out:
        text = ngettext(
            "{runs} earlier run is left out, which ran before {when}.",
            "{runs} earlier runs are left out, which ran before {when}.",
            left_out,
        )
        note = text.format(runs=grouped(left_out), when=when_text(shown[-1], view.zone))
    return PeoplePage(
        frame=frame_of(view, dated=False),
        total=people,
        newest=_first_rows(view, found, shown),
        note=note,
        data=_data(view, found, shown),
        messages=json.dumps(_messages(), ensure_ascii=False),
    )


def _newest(runs: Sequence[Run]) -> list[Run]:
    """Return the newest runs with ``MOST_FAILURES``; at least one."""
    left = MOST_FAILURES
    shown: list[Run] = []
    for run in runs:
        left -= run.named_users
        if left < 0 and shown:
            break
        shown.append(run)
    return shown


def _failures(view: View, runs: Sequence[Run]) -> pl.DataFrame:
    """Return the failures of each user in runs, the newest first.

    Args:
        view: what pages are made from.
        runs: the newest first.

    Returns:
        Columns ``key``, ``identity``, ``run`` (index in ``runs``), ``codes``, ``count`` (all runs of this person) and
        ``state``; at most ``MOST_RUNS`` rows a person. Sorted by person and run.
    """
    order = pl.LazyFrame(
        {
            "job_id": [run.job_id for run in runs],
            "run": range(len(runs)),
            "feed": [run.feed for run in runs],
        },
        schema_overrides={"run": pl.UInt32},
    )
    with scanning():
        users = view.tables.only([run.job_id for run in runs]).scan_users()
        found = (
            users.select("job_id", "key", "identity", "codes")
            .join(order, on="job_id")
            .with_columns(codes=pl.col("codes").list.join(", "))
            .sort("key", "run")
            .with_columns(count=pl.len().over("key"), at=pl.int_range(pl.len()).over("key"))
            .with_columns(is_newest=pl.int_range(pl.len()).over("key", "feed") == 0)
            .filter(pl.col("at") < MOST_RUNS)
            .drop("job_id", "feed", "at")
            .collect()
        )
    return found.with_columns(state=_states(view, found, runs)).drop("is_newest")


def _states(view: View, found: pl.DataFrame, runs: Sequence[Run]) -> pl.Series:
    """Return the state of each failure."""
    usual = [_state_of(view, run) for run in runs]
    states = found.select(
        state=pl.when("is_newest")
        .then(pl.col("run").replace_strict(range(len(runs)), [_UNKNOWN if one is None else one for one in usual]))
        .otherwise(_NOTHING)
    )["state"].to_list()
    mixed = [at for at, one in enumerate(usual) if one is None]
    asked = found.with_row_index("row").filter("is_newest", pl.col("run").is_in(mixed))
    for (run,), rows in asked.partition_by("run", as_dict=True).items():
        flags = view.tables.open_flags(runs[run].job_id, rows["key"].to_list())
        for row, flag in zip(rows["row"], flags, strict=True):
            states[row] = _UNKNOWN if flag is None else _OPEN if flag else _UPDATED
    return pl.Series("state", states, pl.UInt8)


def _state_of(view: View, run: Run) -> int | None:
    """Return the state of all users whose newest failure is in a run; None if they differ."""
    users = view.tables.open_users.get(run.job_id)
    if run.superseded:
        return _SUPERSEDED
    if run.open == 0:
        return _UPDATED
    if run.open is not None and run.open == run.not_updated:
        return _OPEN
    if users is not None and not users.needs_retry and view.following.get(run.job_id):
        return _UPDATED  # each user who is still open is in a later job
    return None


def _words_of(state: int) -> str:
    return {
        _OPEN: _("open"),
        _UPDATED: _("updated since"),
        _UNKNOWN: _("unknown whether open"),
        _SUPERSEDED: _("not failing in later runs"),
    }.get(state, "")


def _reason(view: View, codes: str) -> str:
    return "; ".join(dict.fromkeys(_(view.catalogue.explain(code).title) for code in codes.split(", ") if code))


def _first_rows(view: View, found: pl.DataFrame, runs: Sequence[Run]) -> tuple[PersonRow, ...]:
    """Return the people of the newest runs, by run and ID."""
    newest = found.group_by("key", maintain_order=True).first().sort("run", "key").head(SHOWN)
    return tuple(
        PersonRow(
            identity=row["identity"] or row["key"],
            href=job_href(run := runs[row["run"]]),
            feed=run.feed,
            when=when_text(run, view.zone),
            reason=_reason(view, row["codes"] or ""),
            state=_words_of(row["state"]),
        )
        for row in newest.iter_rows(named=True)
    )


def _data(view: View, found: pl.DataFrame, runs: Sequence[Run]) -> str:
    """Return all people for ``person.js``: for each person, the runs and codes, each as the difference to the last."""
    codes = found["codes"].fill_null("").unique().sort()
    rows = found.with_columns(
        code=pl.col("codes").fill_null("").replace_strict(codes, range(len(codes))),
        step=pl.col("run").cast(pl.Int64).diff().over("key").fill_null(pl.col("run").cast(pl.Int64)),
    )
    people = rows.group_by("key", maintain_order=True).agg(
        pl.col("identity").first(), pl.col("count").first(), pl.len()
    )
    content: dict[str, Any] = {
        "runs": [
            [job_href(run), run.feed, when_text(run, view.zone), run.outcome.value, int(run.retry_of is not None)]
            for run in runs
        ],
        "codes": [[one, _reason(view, one)] for one in codes],
        "states": [_words_of(state) for state in range(5)],
        "people": people["identity"].fill_null(people["key"]).to_list(),
        "count": people["count"].to_list(),
        "shown": people["len"].to_list(),
        "run": rows["step"].to_list(),
        "code": rows["code"].to_list(),
        "state": rows["state"].to_list(),
    }
    return packed(content)


def _messages() -> dict[str, str]:
    """Return the texts of the page's script."""
    return {
        "shown": _("{all} people who ever failed"),
        "found": _("{found} of {all} people found"),
        "first": _("{found} of {all} people found; the first {shown} are shown"),
        "runs": _("failed in {runs} runs"),
        "run": _("failed in 1 run"),
        "more": _("The newest {shown} of {runs} runs are shown."),
        "retry": _("a retry"),
        "when": _("When"),
        "feed": _("Feed"),
        "reason": _("Reason"),
        "state": _("Now"),
        "all": _("All runs"),
    }
