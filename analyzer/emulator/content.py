"""What JSON is made from before its shape is chosen: entities, collections of them, and single values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Int64(int):
    """A number that the service writes as a string."""


class Texts(list[str]):
    """Strings as one value of an entity."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity.

    Attributes:
        fields: returned by default; a value may be an entity or a collection where it was expanded.
        function: names the function that returned it where the verbose shape wraps it.
        kind: the type's name, as ``SP.File``; empty for what carries no metadata.
        link: the entity's own address below ``/_api/``, encoded; empty for what has none.
        on_request: properties returned only when selected.
        related: navigation properties, returned only when expanded.
    """

    fields: Mapping[str, object]
    function: str = ""
    kind: str = ""
    link: str = ""
    on_request: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    related: Mapping[str, Callable[[], Entity | Collection]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collection:
    """Entities; ``next_link`` is the address of the next page, empty on the last."""

    entities: Sequence[Entity]
    function: str = ""
    next_link: str = ""


@dataclass(frozen=True, slots=True)
class Primitive:
    """What a function returned that is no entity: a string, a truth value, or nothing."""

    function: str
    value: str | Int64 | bool | None
