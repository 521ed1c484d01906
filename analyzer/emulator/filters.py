"""``$filter``: which entities of a collection are returned.

Comparisons, ``and``, ``or``, ``not``, ``startswith`` and ``substringof`` are what SharePoint documents; that texts are
compared without regard to case is inferred.
https://learn.microsoft.com/sharepoint/dev/sp-add-ins/use-odata-query-operations-in-sharepoint-rest-requests
"""

from __future__ import annotations

import operator
import re
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from analyzer.emulator.model import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.emulator.content import Entity
    from analyzer.emulator.model import ServiceError

    Test = Callable[[Entity], bool]

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
# 'O''Neil'   datetime'2026-11-02T02:14:05Z'   eq   Author/Title   -1   (
_TOKEN = re.compile(r"\s*(?:(?:datetime|guid)?('(?:[^']|'')*')|([A-Za-z_][\w/]*|-?\d+)|([(),]))", re.IGNORECASE)
_TIME_VALUE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LONGEST = 2000
_DEEPEST = 20


def filtering(option: str) -> Test:
    """Whether an entity is returned, by the text of the option.

    Raises:
        ServiceError: 400, the text is no filter; the test raises it where an entity lacks a field that it names.
    """
    return _Reading(option).filter()


class _Reading:
    """Reads a filter from its beginning to its end."""

    def __init__(self, option: str) -> None:
        self._option = option
        self._tokens = deque(_tokens(option))

    def filter(self) -> Test:
        test = self._any_of(0)
        if self._tokens:
            raise self._refused()
        return test

    def _any_of(self, depth: int) -> Test:
        tests = [self._all_of(depth)]
        while self._takes("or"):
            tests.append(self._all_of(depth))
        return lambda entity: any(test(entity) for test in tests)

    def _all_of(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._takes("and"):
            tests.append(self._one(depth))
        return lambda entity: all(test(entity) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise self._refused()
        if self._takes("not"):
            negated = self._one(depth + 1)
            return lambda entity: not negated(entity)
        if self._takes("("):
            inner = self._any_of(depth + 1)
            self._expect(")")
            return inner
        name = self._next()
        if name.lower() in {"startswith", "substringof"} and self._takes("("):
            return self._of_texts(name.lower())
        compare = _COMPARISONS.get(self._next().lower())
        if compare is None:
            raise self._refused()
        return self._compared(name, compare, self._next())

    def _of_texts(self, function: str) -> Test:
        """``startswith(FIELD, 'TEXT')``, but ``substringof('TEXT', FIELD)``."""
        first = self._next()
        self._expect(",")
        second = self._next()
        self._expect(")")
        name, literal = (first, second) if function == "startswith" else (second, first)
        if not literal.startswith("'"):
            raise self._refused()
        wanted = _text(literal).lower()
        if function == "startswith":
            return lambda entity: str(value_of(entity, name)).lower().startswith(wanted)
        return lambda entity: wanted in str(value_of(entity, name)).lower()

    def _compared(self, name: str, compare: Callable[[Any, Any], bool], literal: str) -> Test:
        def test(entity: Entity) -> bool:
            value = value_of(entity, name)
            try:
                return compare(*_comparable(value, literal))
            except ValueError as error:
                raise self._refused() from error

        return test

    def _takes(self, token: str) -> bool:
        if not self._tokens or self._tokens[0].lower() != token:
            return False
        self._tokens.popleft()
        return True

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise self._refused()

    def _next(self) -> str:
        if not self._tokens:
            raise self._refused()
        return self._tokens.popleft()

    def _refused(self) -> ServiceError:
        return bad_request(f"The expression {self._option!r} is not valid.")


def _tokens(option: str) -> list[str]:
    tokens, at, text = [], 0, option.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(text) > _LONGEST:
            raise bad_request(f"The expression {option[:_LONGEST]!r} is not valid.")
        tokens.append(next(group for group in found.groups() if group))
        at = found.end()
    return tokens


def value_of(entity: Entity, name: str) -> object:
    """What a field holds, its name in any casing.

    Raises:
        ServiceError: 400, the entity has no such field.
    """
    found = [value for field, value in entity.fields.items() if field.lower() == name.lower()]
    if not found:
        raise bad_request(f"The field or property '{name}' does not exist.")
    return found[0]


def _comparable(value: object, literal: str) -> tuple[Any, Any]:
    """A field's value and a literal as two of a kind.

    Raises:
        ValueError: they are none.
    """
    if isinstance(value, bool):
        return value, _truth(literal)
    if isinstance(value, int):
        return value, int(literal)
    if not literal.startswith("'"):
        raise ValueError(literal)
    given, wanted = str(value), _text(literal)
    return (_time(given), _time(wanted)) if _TIME_VALUE.fullmatch(given) else (given.lower(), wanted.lower())


def _truth(literal: str) -> bool:
    if literal.lower() not in {"true", "false", "1", "0"}:
        raise ValueError(literal)
    return literal.lower() in {"true", "1"}


def _text(literal: str) -> str:
    return literal[1:-1].replace("''", "'")


def _time(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
