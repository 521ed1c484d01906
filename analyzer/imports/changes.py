"""Compare a file with the last run's: values that are gone, a feed that lost users, values that change for everyone.

An import writes such values without an error. Nothing here is certain: the feed may have been changed on purpose.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from analyzer.analysis.rhythm import usual_size
from analyzer.catalogue.change_findings import (
    CHANGED_DATE,
    CHANGED_PROPERTY,
    EMPTIED_PROPERTY,
    FEWER_USERS,
    GONE_PROPERTY,
)
from analyzer.catalogue.check_findings import NOT_JSON, OTHER_SHAPE
from analyzer.errors import InputError
from analyzer.imports.value_marks import EMPTY, NULL, USER, ValueMarks
from analyzer.model.text import count, shortened
from analyzer.source.batches import BatchReader
from analyzer.source.id_property import name_by_looks
from analyzer.source.model import NO_ID
from analyzer.source.reader.records import read_records, reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.imports.findings import Findings
    from analyzer.imports.last_run import LastRun
    from analyzer.imports.model import ImportPlan
    from analyzer.source.batches import Batch

_MOST = 0.9
"""Share of the users for whom a value changes that is nearly everyone."""
_LEAST_CHANGED, _LEAST_EMPTIED = 10, 3
"""Users of a property that it takes to compare it."""
_SAME_USERS = 0.8
"""Share of a file's users that the last run has, too: a feed that sends only changes has other users in each file."""
_HALF = 0.5
_LEAST_LOST = 5
_SAMPLE = 50
"""Users whose texts are kept for examples."""
_SHOWN = 40
_FIRST = 200
# 2026-11-28T02:14:00Z, 28.11.2026, 11/28/2026 2:14 AM, 20261128, /Date(1764300000000)/, an epoch
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(,? .*)?|20\d{6}(\d{4}(\d\d)?)?"
    r"|/Date\(\d+\)/|1[4-9]\d{8}(\d{3})?",
    re.DOTALL,
)


class LastRunCheck:
    """Compares a file with that of the last run; a remark says with which, and how many users are new and gone."""

    def __init__(self, last: LastRun, plan: ImportPlan) -> None:
        """Compare with a run.

        Args:
            last: the run.
            plan: its property map says which properties are imported; if unknown, all are compared.
        """
        self._last = last
        self._map = plan.property_map
        self._id_property = plan.id_property
        self._now = ValueMarks(self._is_compared)
        self._texts: dict[int, Mapping[str, object]] = {}
        self._texts_before: dict[int, Mapping[str, object]] = {}
        self._names: set[str] = set()

    def take(self, batch: Batch, findings: Findings) -> None:  # noqa: ARG002 - all is known at the end only
        """Remember some records."""
        if not self._id_property:
            self._id_property = _property_with(batch.identities, batch)
        users = self._now.take(batch)
        self._names.update(batch.names)
        if len(self._texts) < _SAMPLE:
            for index, user in enumerate(users[: _SAMPLE - len(self._texts)].tolist()):
                self._texts[user] = _texts_at(batch, index)
            self._texts.pop(NO_ID, None)

    def finish(self, findings: Findings) -> None:
        """Read the last run's file, and add what differs; nothing if one of the files can't be read as a whole."""
        if findings.count(NOT_JSON) or findings.count(OTHER_SHAPE) or not self._now.records:
            return
        before = ValueMarks(self._is_compared)
        try:
            self._read(before)
        except InputError as error:
            findings.remarks.append(f"Not compared with {self._last.name}: {error.what}.")
            return
        mask = max(self._now.mask, before.mask)
        self._now.restrict(mask)
        before.restrict(mask)
        comparison = _Comparison(self._now.table(), before.table())
        about = "about " if mask else ""
        new, gone = (about + count(number * (mask + 1), "user") for number in (comparison.new, comparison.gone))
        findings.remarks.append(f"Compared with {self._last.name}: {new} new, {gone} gone.")
        self._compare_sizes(comparison, before.records, findings)
        if comparison.has_same_users:
            for name in sorted(set(comparison.before.columns) - {USER}):
                self._compare_property(name, comparison, findings)

    def _is_compared(self, name: str) -> bool:
        return name != self._id_property and (self._map is None or name in self._map)

    def _read(self, before: ValueMarks) -> None:
        path = self._last.path
        id_property = _id_property_of(path, self._id_property)

        def take(batch: Batch) -> None:
            users = before.take(batch)
            wanted = np.flatnonzero(np.isin(users, list(self._texts)))
            for index in wanted.tolist():
                self._texts_before[int(users[index])] = _texts_at(batch, index)

        with reading(path) as buffer:
            BatchReader(buffer, id_property, take).read()

    def _compare_sizes(self, comparison: _Comparison, records_before: int, findings: Findings) -> None:
        records = findings.records
        usual = usual_size(self._last.sizes)
        if usual is not None:
            if records < usual.limit:
                message = f"{count(records, 'user')}, usually {round(usual.median):,}"
                findings.add(FEWER_USERS, f"{message}; {records_before:,} in {self._last.name}")
        elif comparison.has_same_users and records_before - records >= _LEAST_LOST and records < _HALF * records_before:
            findings.add(FEWER_USERS, f"{count(records, 'user')}, {records_before:,} in {self._last.name}")

    def _compare_property(self, name: str, comparison: _Comparison, findings: Findings) -> None:
        filled = comparison.filled_before(name)
        if filled.height < _LEAST_EMPTIED:
            return
        if name not in self._names:
            had = f"{count(filled.height, 'user')} had a value in {self._last.name}"
            findings.add(GONE_PROPERTY, f"no record has {name}; {had}", property_name=name)
            return
        still = filled.filter(pl.col("now").is_not_null() & ~pl.col("now").is_in([EMPTY, NULL]))
        emptied = filled.height - still.height
        if emptied > _HALF * filled.height:
            findings.add(EMPTIED_PROPERTY, self._emptied(name, filled, emptied), property_name=name)
        changed = still.filter(pl.col("now") != pl.col("before"))
        if still.height >= _LEAST_CHANGED and changed.height >= _MOST * still.height:
            self._add_changed(name, still, changed, findings)

    def _emptied(self, name: str, filled: pl.DataFrame, emptied: int) -> str:
        texts = filled.filter(pl.col("now") == EMPTY).height
        nulls = filled.filter(pl.col("now") == NULL).height
        state = "empty" if texts == emptied else "null" if nulls == emptied else "empty, null, or missing"
        return f"{name} is {state} for {_of_all(emptied, filled.height)} who had a value in {self._last.name}"

    def _add_changed(self, name: str, still: pl.DataFrame, changed: pl.DataFrame, findings: Findings) -> None:
        pairs = [
            (before, now)
            for user in set(self._texts) & set(self._texts_before)
            if (now := _text(self._texts[user].get(name))) and (before := _text(self._texts_before[user].get(name)))
        ]
        is_date = bool(pairs) and all(map(_DATE.fullmatch, (text for pair in pairs for text in pair)))
        message = f"{name} differs from {self._last.name} for {_of_all(changed.height, still.height)}"
        if not is_date and changed["now"].n_unique() == 1:
            message += ", and is now the same for all of them"
        example = next(((before, now) for before, now in sorted(pairs) if before != now), None)
        if example:
            before, now = (shortened(text, _SHOWN) for text in example)
            message += f"; for example, {before} before and {now} now"
        findings.add(CHANGED_DATE if is_date else CHANGED_PROPERTY, message, property_name=name)


class _Comparison:
    """The marks of two files.

    Attributes:
        before: of the last run.
        common: number of users that both files have.
        new: number of users that only the new file has.
        gone: number of users that only the last run has.
    """

    def __init__(self, now: pl.DataFrame, before: pl.DataFrame) -> None:
        self.before = before
        self._now = now
        users = now.select(USER).join(before.select(USER), on=USER)
        self.common = users.height
        self.new, self.gone = now.height - users.height, before.height - users.height

    @property
    def has_same_users(self) -> bool:
        """Whether most users of the new file are in the last run, too."""
        return self.common >= _SAME_USERS * self._now.height

    def filled_before(self, name: str) -> pl.DataFrame:
        """Return the marks ``before`` and ``now`` of the common users who had a value before."""
        before = self.before.select(USER, before=name).filter(
            pl.col("before").is_not_null() & ~pl.col("before").is_in([EMPTY, NULL])
        )
        now = pl.col(name) if name in self._now.columns else pl.lit(None, pl.Int64)
        return before.join(self._now.select(USER, now=now), on=USER)


def _of_all(some: int, users: int) -> str:
    return f"all {count(users, 'user')}" if some == users else f"{some:,} of {count(users, 'user')}"


def _id_property_of(path: Path, name: str) -> str:
    """Return the ID property of a file: the given one if its first records have it, else inferred."""
    first = list(islice(read_records(path), _FIRST))
    return name if name and any(name in record.members for record in first) else name_by_looks(first)


def _property_with(identities: Sequence[str | None], batch: Batch) -> str:
    """Return the property that has these IDs; empty if none has."""
    ids = list(identities)
    columns = zip(batch.names, batch.columns, strict=True)
    return next((name for name, column in columns if any(ids) and list(column) == ids), "")


def _texts_at(batch: Batch, index: int) -> Mapping[str, object]:
    return {name: column[index] for name, column in zip(batch.names, batch.columns, strict=True)}


def _text(value: object) -> str:
    return "" if value is None else str(value)
