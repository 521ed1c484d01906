"""The types of a verification: values, users, and the result."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from analyzer.analysis.sample_bound import most_in_all
from analyzer.imports.read_values import Verdict
from analyzer.model.identity import identity_key

if TYPE_CHECKING:
    from analyzer.errors import AnalyzerError


class UserState(StrEnum):
    """What the profile of a user shows; the first that applies."""

    not_found = auto()
    """It couldn't be looked up."""
    missing = auto()
    """There is none."""
    differs = auto()
    overwritten = auto()
    """A later import wrote another value."""
    same = auto()
    """At least one value is the same; others may be unclear."""
    unclear = auto()
    """No value can be compared for certain."""


@dataclass(slots=True)
class ValueCheck:
    """A value of a user.

    Attributes:
        property: the profile's, as the import names it.
        expected: the value in the source file, as JSON has it.
        found: the text in the profile.
        verdict: whether they are the same.
        overwritten_by: ID of the later job that wrote another value; empty if there is none.
        note: why it may differ, or can't be compared, a clause; may be empty.
    """

    property: str
    expected: object
    found: str
    verdict: Verdict
    overwritten_by: str = ""
    note: str = ""


@dataclass(slots=True)
class UserCheck:
    """A user of the sample.

    Attributes:
        identity: the ID in the source file.
        values: those that were compared.
        keys: ``identity_key`` of the IDs that the profile shows, and of ``identity``.
        missing: whether there is no profile.
        not_found: why it couldn't be looked up, a clause; else empty.
    """

    identity: str
    values: list[ValueCheck] = field(default_factory=list)
    keys: frozenset[str] = frozenset()
    missing: bool = False
    not_found: str = ""

    @property
    def state(self) -> UserState:
        """What the profile shows."""
        if self.not_found:
            return UserState.not_found
        if self.missing:
            return UserState.missing
        if self.differing:
            return UserState.differs
        if any(value.overwritten_by for value in self.values):
            return UserState.overwritten
        return UserState.same if any(one.verdict is Verdict.same for one in self.values) else UserState.unclear

    @property
    def differing(self) -> list[ValueCheck]:
        """The values that differ, and that no later import wrote."""
        return [one for one in self.values if one.verdict is Verdict.differs and not one.overwritten_by]


@dataclass(slots=True)
class VerifyResult:
    """The result of reading profiles back.

    Attributes:
        users: number of users that the job is said to have updated.
        sample: number of users to be read.
        seed: with which they were drawn.
        checks: the users who were read, in random order.
        remarks: what was inferred or left out, sentences.
        fault: what ended the work early; None if all were read.
    """

    users: int
    sample: int
    seed: int
    checks: list[UserCheck] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    fault: AnalyzerError | KeyboardInterrupt | None = None

    @property
    def counts(self) -> Counter[UserState]:
        """The number of users by state."""
        return Counter(one.state for one in self.checks)

    @property
    def checked(self) -> int:
        """The number of users whose profile was compared, or is missing."""
        counts = self.counts
        return counts[UserState.same] + self.wrong

    @property
    def wrong(self) -> int:
        """The number of users who differ or have no profile."""
        counts = self.counts
        return counts[UserState.differs] + counts[UserState.missing]

    @property
    def at_most(self) -> int | None:
        """The number of all users who are like ``wrong``, at most; None if none was checked."""
        return most_in_all(self.wrong, self.checked, self.users) if self.checked else None

    @property
    def not_as_said(self) -> list[UserCheck]:
        """The users who differ or have no profile, in the order of their keys."""
        wrong = [one for one in self.checks if one.state in {UserState.differs, UserState.missing}]
        return sorted(wrong, key=lambda one: identity_key(one.identity))
