"""Follow the users that the jobs of a feed left out, one job after the other, until a later job updates them.

What is kept does not grow with the number of jobs: of a user, only the jobs since the last one that certainly updated
them matter. Users with the same jobs are a class, and there are few classes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import polars as pl

from analyzer.analysis.open_and_superseded import MAY_UPDATE, OpenUsers
from analyzer.model.job import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from analyzer.analysis.open_and_superseded import Import

USERS = {"key": pl.String, "class": pl.UInt32}


class UserClass(NamedTuple):
    """What happened to some users since a job last certainly updated them.

    Attributes:
        runs: the runs that left them out, by number: the first and the last of each uninterrupted row.
        retries: the retries that did, likewise.
        perhaps: place of the newest job that perhaps updated them; -1 without one.
        failed: place of the newest job in which they failed.
        newer: place of the newest job that may have newer values of them.
        own: places of jobs that left them out, and before which another may have had newer values of them.
    """

    runs: tuple[int, ...] = ()
    retries: tuple[int, ...] = ()
    perhaps: int = -1
    failed: int = -1
    newer: int = -1
    own: tuple[int, ...] = ()


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A job in its feed, after it was added.

    Attributes:
        number: of the run among the runs, or of the retry among the retries, from 0.
        is_retry: whether it is a retry.
        is_certain: whether each of its users was certainly not updated by the job itself.
        users: number of users that it may not have updated; None if unknown.
        disputed: whether a job that is sorted before it may have updated some of them later.
    """

    number: int
    is_retry: bool
    is_certain: bool
    users: int | None
    disputed: bool = False


class _Header(msgspec.Struct, frozen=True, array_like=True):
    places: list[Place]
    classes: list[UserClass]


class OpenFold:
    """The users of a feed's jobs, as marks, that no later job certainly updated."""

    def __init__(self) -> None:
        """Begin without jobs."""
        self.places: list[Place] = []
        self._users: dict[int, int] = {}  # number of the class by mark
        self._keys: dict[int, str] = {}
        self._classes: list[UserClass] = [UserClass()]
        self._numbers: dict[UserClass, int] = {UserClass(): 0}
        self._compact = 1000  # number of classes after which unused ones are removed

    @classmethod
    def restored(cls, header: bytes, users: pl.DataFrame, mark_of: Callable[[str], int]) -> OpenFold:
        """Return what was saved.

        Raises:
            msgspec.MsgspecError: the header is damaged.
        """
        fold, saved = cls(), msgspec.json.decode(header, type=_Header)
        fold.places, fold._classes = saved.places, saved.classes
        fold._numbers = {one: number for number, one in enumerate(saved.classes)}
        fold._compact = 2 * len(saved.classes) + 1000
        keys = users["key"].to_list()
        fold._keys = dict(zip(map(mark_of, keys), keys, strict=True))
        fold._users = dict(zip(fold._keys, users["class"].to_list(), strict=True))
        return fold

    def saved(self) -> tuple[bytes, pl.DataFrame]:
        """Return what ``restored`` needs; only possible without ``unnamed`` users."""
        self._remove_unused()
        keys = list(map(self._keys.__getitem__, self._users))
        users = pl.DataFrame({"key": keys, "class": list(self._users.values())}, USERS)
        return msgspec.json.encode(_Header(self.places, self._classes)), users.sort("key")

    @property
    def is_named(self) -> bool:
        """Whether the keys of all users are known."""
        return self._users.keys() <= self._keys.keys()

    @property
    def unnamed(self) -> AbstractSet[int]:
        """Users from source files whose keys are unknown."""
        return self._users.keys() - self._keys.keys()

    def name(self, keys: Mapping[int, str]) -> None:
        """Add keys of users."""
        self._keys.update(keys)

    def add(  # noqa: PLR0913 - what a feed knows of one job
        self,
        job: Import,
        users: AbstractSet[int] | None,
        file_of: Callable[[str], AbstractSet[int] | None],
        *,
        newer: AbstractSet[int] = frozenset(),
        disputed: bool = False,
        siblings: Sequence[int] = (),
    ) -> None:
        """Add the next job.

        Args:
            job: the job.
            users: all users that it may not have updated; None if unknown.
            file_of: returns the users of a job's source file.
            newer: those with newer values in a job that is sorted before it, perhaps.
            disputed: whether a job that is sorted before it may have updated some of them later.
            siblings: places of earlier parts of the same import.
        """
        place, is_retry = len(self.places), job.retry_of is not None
        number = sum(one.is_retry == is_retry for one in self.places)
        is_certain = job.outcome is Outcome.aborted or (job.outcome is Outcome.partial and job.names_all)
        self.places.append(Place(number, is_retry, is_certain, None if users is None else len(users), disputed))
        left = job.failed if users is None else users
        if job.outcome.ended:
            self._update(job, place, file_of, siblings)
            failed = (users or job.failed) & self._users.keys()
            self._move(failed, lambda one: one._replace(failed=place))

        def left_out(one: UserClass) -> UserClass:
            return _left_out(one, number, is_retry=is_retry)

        self._move(left - newer, left_out)
        self._move(left & newer, lambda one: left_out(one)._replace(own=(*one.own, place)))
        if len(self._classes) > self._compact:
            self._remove_unused()

    def results(self) -> list[OpenUsers]:
        """Return the numbers of each job, without the users."""
        counted = _Counts(self.places)
        for number, size in Counter(self._users.values()).items():
            counted.add(self._classes[number], size)
        return [_result(place, *numbers) for place, numbers in zip(self.places, counted.totals(), strict=True)]

    def users_of(self, place: int, left: AbstractSet[int]) -> tuple[frozenset[int], frozenset[int]]:
        """Return ``updated_since`` and ``newer`` of a job that may not have updated the users ``left``."""
        job, updated, newer = self.places[place], set(), set()
        answers: dict[int, tuple[bool, bool]] = {}
        for user in left:
            number = self._users.get(user, 0)
            if number not in answers:
                answers[number] = _answers(self._classes[number], place, job)
            is_updated, is_newer = answers[number]
            if is_updated:
                updated.add(user)
            if is_newer:
                newer.add(user)
        return frozenset(updated), frozenset(newer)

    def _update(
        self, job: Import, place: int, file_of: Callable[[str], AbstractSet[int] | None], siblings: Sequence[int]
    ) -> None:
        """Remove the users that a job updated, and note those that it perhaps did."""
        users = self._users.keys() - job.failed
        if not users or job.outcome not in MAY_UPDATE:
            return
        held = file_of(job.job_id)
        updated = users if held is None else users & held
        if held is None and siblings:
            # The users of an import are in one part each.
            theirs = {number for number, one in enumerate(self._classes) if self._is_left_by(one, siblings)}
            updated = {user for user in updated if self._users[user] not in theirs}
        if held is not None and job.outcome is not Outcome.unknown and job.names_all:
            for user in updated:
                del self._users[user]
                self._keys.pop(user, None)
        elif job.retry_of is None:
            self._move(updated, lambda one: one._replace(perhaps=place, newer=place))
        else:
            self._move(updated, lambda one: one._replace(perhaps=place))

    def _is_left_by(self, one: UserClass, places: Sequence[int]) -> bool:
        """Return whether one of some jobs left the users of a class out."""
        return any(not _is_updated(one, self.places[place]) for place in places)

    def _move(self, users: Iterable[int], change: Callable[[UserClass], UserClass]) -> None:
        """Change the class of users; a user without one begins with an empty one."""
        moved: dict[int, int] = {}
        mine = self._users
        for user in users:
            before = mine.get(user, 0)
            after = moved.get(before)
            if after is None:
                changed = change(self._classes[before])
                after = moved[before] = self._numbers.setdefault(changed, len(self._classes))
                if after == len(self._classes):
                    self._classes.append(changed)
            mine[user] = after

    def _remove_unused(self) -> None:
        used = dict.fromkeys(self._users.values())
        self._classes = [UserClass(), *(self._classes[number] for number in used)]
        self._numbers = {one: number for number, one in enumerate(self._classes)}
        renumbered = {number: after for after, number in enumerate(used, 1)}
        self._users = {user: renumbered[number] for user, number in self._users.items()}
        self._compact = 2 * len(self._classes) + 1000


class _Counts:
    """Numbers of users by job: not updated since, perhaps updated, failed later, and with newer values."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        # For both runs and retries: their places, and by measure the differences from each number to the next.
        self._of = {kind: [place for place, one in enumerate(places) if one.is_retry is kind] for kind in (False, True)}
        self._steps = {kind: [[0] * (len(of) + 1) for _ in range(4)] for kind, of in self._of.items()}

    def add(self, one: UserClass, size: int) -> None:
        """Add the users of a class."""
        newest = max(one.failed, one.newer)
        for kind, rows in ((False, one.runs), (True, one.retries)):
            places, steps = self._of[kind], self._steps[kind]
            ends = [len(places), *(bisect_left(places, place) for place in (one.perhaps, one.failed, newest))]
            for first, last in zip(rows[::2], rows[1::2], strict=True):
                for measure, end in zip(steps, ends, strict=True):
                    if end > first:
                        measure[first] += size
                        measure[min(last + 1, end)] -= size
        for place in one.own:
            if place >= newest:
                job = self._places[place]
                measure = self._steps[job.is_retry][3]
                measure[job.number] += size
                measure[job.number + 1] -= size

    def totals(self) -> list[tuple[int, ...]]:
        """Return the four numbers of each job."""
        sums = {kind: list(zip(*map(accumulate, steps), strict=True)) for kind, steps in self._steps.items()}
        return [sums[one.is_retry][one.number] for one in self._places]


def _result(place: Place, left: int, perhaps: int, failed: int, newer: int) -> OpenUsers:
    """Return the state of a job's users from their numbers: not updated since, perhaps updated, and so on."""
    if place.users is None:
        return OpenUsers(None, None)
    if not left:
        return OpenUsers(0, 0)
    if not place.is_certain or perhaps:
        result = OpenUsers(None, 0 if failed == left else None)
    else:
        result = OpenUsers(left, left - failed)
    if result.open and place.disputed:
        result = OpenUsers(None, None)
    if newer == left:
        result.due = 0
    return result


def _left_out(one: UserClass, number: int, *, is_retry: bool) -> UserClass:
    rows = one.retries if is_retry else one.runs
    rows = (*rows[:-1], number) if rows and rows[-1] == number - 1 else (*rows, number, number)
    return one._replace(retries=rows) if is_retry else one._replace(runs=rows)


def _answers(one: UserClass, place: int, job: Place) -> tuple[bool, bool]:
    """Return whether users of a class were updated since a job, and whether a later one may have newer values."""
    is_updated = _is_updated(one, job)
    return is_updated, is_updated or place < max(one.failed, one.newer) or place in one.own


def _is_updated(one: UserClass, job: Place) -> bool:
    """Return whether users of a class were updated since a job, or by it."""
    rows = one.retries if job.is_retry else one.runs
    following = bisect_left(rows, job.number)
    # Left out between the two ends of a row, or at one of them.
    return not (following < len(rows) and (following % 2 == 1 or rows[following] == job.number))
