"""Count failures by code, pattern, property, and user, and find what the users who failed have in common.

Entries are those of ``analysis.named_users``; text that isn't an entry doesn't count.

A trait is shared (``SharedTrait``) if chance doesn't explain it. For each value of each trait (a domain, a department,
a part of the file), the users who failed are considered as drawn without replacement from all users of the source file:
how likely is it that at least so many of them have the value? That is the upper tail of the hypergeometric
distribution, Fisher's exact test. Many values are tested in one file, so the traits share ``ALARM`` equally, and the
values of a trait share its part (Bonferroni's bound): of files with random failures, at most one in a hundred has a
shared trait. A value with so few users that even the failure of all of them would not be significant doesn't count as a
test (Tarone's bound, which is valid because it depends only on the numbers of users, not on who failed).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


_USERS = pl.col("key").filter("names").n_unique().cast(pl.UInt32)


def by_code(entries: pl.DataFrame) -> pl.DataFrame:
    """Count entries by code, most entries first.

    Returns:
        Columns ``code`` String, ``entries`` UInt32, ``users`` UInt32 (distinct).
    """
    return (
        _coded(entries)
        .group_by("code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("entries", "code", descending=[True, False])
    )


def job_codes(entries: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``job_codes``: the entries of each job and code, most entries first."""
    counts = (
        _coded(entries).group_by("tenant", "job_id", "code", maintain_order=True).agg(entries=pl.len(), users=_USERS)
    )
    return counts.sort("entries", descending=True, maintain_order=True)


def with_answers(
    entries: pl.DataFrame, answers: Callable[[str, str, str | None], tuple[Any, ...]], schema: dict[str, Any]
) -> pl.DataFrame:
    """Add columns to entries that depend on code, message, and detail only; in the order of the entries.

    Args:
        entries: the entries.
        answers: returns a value for each column; called once for equal entries, as a log can have 100,000 failures of
            one kind.
        schema: the names and types of the columns.
    """
    distinct = entries.select("code", "message", "detail").unique(maintain_order=True)
    rows = [answers(code, message or "", detail) for code, message, detail in distinct.iter_rows()]
    found = distinct.hstack(pl.DataFrame(rows, schema, orient="row"))
    return entries.join(found, on=distinct.columns, how="left", nulls_equal=True, maintain_order="left")


def by_pattern(
    entries: pl.DataFrame, pattern_of: Callable[[str, str, str], str | None], says_nothing: str
) -> pl.DataFrame:
    """Count the entries of each job and code by what their messages mean.

    Args:
        entries: the entries.
        pattern_of: returns the name of the pattern that a code, message, and detail match, or None; called once for
            equal ones, because a log can have 100,000 failures of one kind.
        says_nothing: a regular expression for insignificant parts of details; they are removed.

    Returns:
        Columns ``job_id`` String, ``code`` String, ``pattern`` String (null for none), ``entries`` UInt32, ``users``
        UInt32; in each code most users first, then most entries.
    """
    coded = _coded(entries).with_columns(pl.col("detail").fill_null("").str.replace_all(says_nothing, ""))
    distinct = coded.select("code", "message", "detail").unique()
    patterns = pl.Series("pattern", [pattern_of(*row) for row in distinct.iter_rows()], dtype=pl.String)
    return (
        coded.join(distinct.with_columns(patterns), on=distinct.columns, how="left")
        .group_by("job_id", "code", "pattern")
        .agg(entries=pl.len(), users=_USERS)
        .sort(
            "job_id",
            "code",
            "users",
            "entries",
            "pattern",
            descending=[False, False, True, True, False],
            nulls_last=True,
        )
    )


def by_property(entries: pl.DataFrame) -> pl.DataFrame:
    """Count the entries of each job by property and code, most entries first.

    Returns:
        Columns ``job_id`` String, ``property`` String, ``code`` String, ``entries`` UInt32, ``users`` UInt32.
    """
    return (
        _coded(entries)
        .filter(pl.col("property").is_not_null())
        .group_by("job_id", "property", "code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("job_id", "entries", "property", "code", descending=[False, True, False, False])
    )


def by_user(entries: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each job and user.

    Args:
        entries: the entries; those of a job and user have to be side by side, in the order of the logs.

    Returns:
        Columns ``job_id``, ``key``, ``identity`` (first spelling) String, ``codes`` List(String), ``entries`` UInt32.
    """
    named = entries.lazy().filter("names").select("job_id", "key", "identity", "code")
    number = pl.col("job_id").rle_id() + pl.col("key").rle_id()  # sorted, so that nothing has to be looked up
    return (
        named.with_columns(user=number.set_sorted())
        .group_by("user", maintain_order=True)
        .agg(
            pl.col("job_id", "key", "identity").first(),
            codes=pl.col("code").unique(maintain_order=True),
            entries=pl.len(),
        )
        .drop("user")
        .collect()
    )


def without_user(entries: pl.DataFrame) -> pl.DataFrame:
    """Return the entries with a code but without a user."""
    return _coded(entries).filter(~pl.col("names"))


def _coded(entries: pl.DataFrame) -> pl.DataFrame:
    return entries.filter(pl.col("code").is_not_null())


ALARM = 0.01
"""The maximum share of files with random failures in which a trait is reported."""

_FEWEST = 3
"""The minimum number of users who share a reported value."""

_MOST_VALUES = 1_000
"""A trait with more values, such as a phone number, identifies users instead of grouping them."""


@dataclass(frozen=True, slots=True)
class SharedTrait:
    """A value that more of the users who failed have than chance explains.

    Attributes:
        trait: the trait.
        value: its value.
        failed: number of users who failed and have the value.
        failed_of: number of users who failed.
        users: number of users in the source file with the value, including those who failed.
        users_of: number of users in the source file.
        probability: the probability of as many or more by chance.
    """

    trait: str
    value: str
    failed: int
    failed_of: int
    users: int
    users_of: int
    probability: float


@dataclass(slots=True)
class Traits:
    """Counts of users by the values of their traits."""

    users: int = 0
    failed: int = 0
    _users: dict[str, Counter[str]] = field(default_factory=dict)
    _failed: dict[str, Counter[str]] = field(default_factory=dict)
    _too_many: set[str] = field(default_factory=set)

    def add(self, traits: Mapping[str, str], *, failed: bool) -> None:
        """Count a user; a trait that is missing is the value ``""``."""
        self.users += 1
        self.failed += failed
        for trait, value in traits.items():
            if trait in self._too_many:
                continue
            counts = self._users.setdefault(trait, Counter())
            counts[value] += 1
            if failed:
                self._failed.setdefault(trait, Counter())[value] += 1
            if len(counts) > _MOST_VALUES:
                self._too_many.add(trait)
                del self._users[trait]
                self._failed.pop(trait, None)

    def add_all(self, traits: Mapping[str, Sequence[str | None]], failed: Sequence[bool]) -> None:
        """Count several users as ``add`` does: by trait the value of each, None where it is missing."""
        self.users += len(failed)
        self.failed += sum(failed)
        for trait, values in traits.items():
            if self.has_too_many(trait):
                continue
            counts = self._users.setdefault(trait, Counter())
            counts.update(value for value in values if value is not None)
            if any(failed):
                of_failed = (value for value in compress(values, failed) if value is not None)
                self._failed.setdefault(trait, Counter()).update(of_failed)
            if len(counts) > _MOST_VALUES:
                self._too_many.add(trait)
                del self._users[trait]
                self._failed.pop(trait, None)

    def has_too_many(self, trait: str) -> bool:
        """Return whether a trait has too many values to be compared, so that it need not be counted any more."""
        return trait in self._too_many

    def drawn(self, failed: Iterable[Mapping[str, str]]) -> Traits:
        """Return the same users with others who failed: those with these traits, each of whom was added before."""
        others = Traits(self.users, 0, self._users, {}, self._too_many)
        for traits in failed:
            others.failed += 1
            for trait in traits.keys() & self._users.keys():
                others._failed.setdefault(trait, Counter())[traits[trait]] += 1
        return others

    def shared(self, alarm: float = ALARM) -> tuple[SharedTrait, ...]:
        """Return what the users who failed have in common, the least likely first, once for each set of users.

        Args:
            alarm: the maximum probability that there is anything if failures are random.
        """
        found: list[SharedTrait] = []
        for trait in self._users:
            found += self._shared_in(trait, alarm / len(self._users))
        found.sort(key=lambda one: one.probability)
        # Two values with the same numbers of users usually describe the same thing.
        once: dict[tuple[int, int], SharedTrait] = {}
        for one in found:
            once.setdefault((one.failed, one.users), one)
        return tuple(once.values())

    def _shared_in(self, trait: str, alarm: float) -> Iterator[SharedTrait]:
        # Users without the trait count as having the value "".
        counts = self._users[trait].copy()
        failed = self._failed.get(trait, Counter[str]()).copy()
        counts[""] += self.users - counts.total()
        failed[""] += self.failed - failed.total()
        least = sorted(
            tail(min(self.failed, users), self.failed, users, self.users) for users in counts.values() if users
        )
        # The number of tests: values that could pass a bound divided by their own number.
        tries = next(
            (number for number in range(1, len(least) + 1) if sum(p <= alarm / number for p in least) <= number), 1
        )
        for value, number in failed.items():
            if number >= _FEWEST:
                probability = tail(number, self.failed, counts[value], self.users)
                if probability <= alarm / tries:
                    yield SharedTrait(trait, value, number, self.failed, counts[value], self.users, probability)


def tail(least: int, drawn: int, having: int, of: int) -> float:
    """Return how likely at least ``least`` of ``drawn`` users have a value that ``having`` of ``of`` users have.

    >>> round(tail(3, 4, 3, 30), 6)
    0.000985
    """
    whole = _log_choose(of, drawn)
    return math.fsum(
        math.exp(_log_choose(having, number) + _log_choose(of - having, drawn - number) - whole)
        for number in range(max(least, drawn + having - of), min(drawn, having) + 1)
    )


def _log_choose(of: int, drawn: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(drawn + 1) - math.lgamma(of - drawn + 1)
