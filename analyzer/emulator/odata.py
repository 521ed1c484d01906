"""The query options of OData that clients send: which properties of an entity, and which page of a collection.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/use-odata-query-operations-in-sharepoint-rest-requests
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from analyzer.emulator.content import Collection, Entity
from analyzer.emulator.filters import filtering, value_of
from analyzer.emulator.model import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.emulator.model import Call

_LONGEST_PAGE = 5000
_DEEPEST = 5
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request wants of an entity: the options ``$select`` and ``$expand``, each path cut at its slashes."""

    select: Sequence[Sequence[str]]
    expand: Sequence[Sequence[str]]

    @property
    def names(self) -> frozenset[str]:
        """The properties that are selected here; empty for those that are returned by default."""
        return frozenset(path[0].lower() for path in self.select) - {"*"}

    @property
    def expanded(self) -> Sequence[str]:
        """The navigation properties that are followed here, each once."""
        return list(dict.fromkeys(path[0] for path in self.expand))

    def of(self, name: str) -> _Wanted:
        """What is wanted of a navigation property."""
        return _Wanted(_behind(self.select, name), _behind(self.expand, name))


def arranged(content: Entity | Collection, call: Call) -> Entity | Collection:
    """Apply a call's ``$select`` and ``$expand``, and for a collection its ``$orderby`` and page.

    Raises:
        ServiceError: 400, an option cannot be understood, or names what is not there.
    """
    wanted = _Wanted(_paths(call.query.get("$select", "")), _paths(call.query.get("$expand", "")))
    if isinstance(content, Entity):
        return _told(content, wanted)
    entities = content.entities
    if "$filter" in call.query:
        is_told = filtering(call.query["$filter"])
        entities = [entity for entity in entities if is_told(entity)]
    page, link = _page(_ordered(entities, call.query.get("$orderby", "")), call)
    return replace(content, entities=[_told(entity, wanted) for entity in page], next_link=link)


def _told(entity: Entity, wanted: _Wanted) -> Entity:
    """A field that does not exist is no error: clients select such ones (seen)."""
    related = {name.lower(): (name, load) for name, load in entity.related.items()}
    fields = dict(entity.fields)
    names = wanted.names
    if names:
        fields = {name: value for name, value in fields.items() if name.lower() in names}
        fields |= {name: tell() for name, tell in entity.on_request.items() if name.lower() in names}
    for asked in wanted.expanded:
        name, load = related.get(asked.lower(), ("", None))
        if load is None:
            raise bad_request(f"The field or property '{asked}' does not exist.")
        fields[name] = _told_of_related(load(), wanted.of(asked))
    return replace(entity, fields=fields, related={} if names else entity.related)


def _told_of_related(content: Entity | Collection, wanted: _Wanted) -> Entity | Collection:
    if isinstance(content, Entity):
        return _told(content, wanted)
    return replace(content, entities=[_told(entity, wanted) for entity in content.entities[:_LONGEST_PAGE]])


def _paths(option: str) -> list[list[str]]:
    paths = [text.strip().split("/") for text in option.split(",") if text.strip()]
    if any(len(path) > _DEEPEST or "" in path for path in paths):
        raise bad_request(f"The expression {option!r} is not valid.")
    return paths


def _behind(paths: Iterable[Sequence[str]], name: str) -> list[Sequence[str]]:
    return [path[1:] for path in paths if len(path) > 1 and path[0].lower() == name.lower()]


def _ordered(entities: Sequence[Entity], option: str) -> Sequence[Entity]:
    """By each field in turn, the first one counting most."""
    for text in reversed([text.split() for text in option.split(",") if text.strip()]):
        name, direction = (*text, "asc")[:2] if text else ("", "")
        if len(text) > len(("name", "direction")) or direction.lower() not in {"asc", "desc"}:
            raise bad_request(f"The expression {option!r} is not valid.")
        keys = [_sort_key(entity, name) for entity in entities]
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=direction.lower() == "desc")
        entities = [entities[number] for number in order]
    return entities


def _sort_key(entity: Entity, name: str) -> tuple[float, str]:
    value = value_of(entity, name)
    return (float(value), "") if isinstance(value, int) else (0.0, str(value).lower())


def _page(entities: Sequence[Entity], call: Call) -> tuple[Sequence[Entity], str]:
    """``$top`` of what is listed, from ``$skip`` on, and the address of what follows."""
    start = _count(call.query, "$skip", 0)
    size = min(_count(call.query, "$top", _LONGEST_PAGE), _LONGEST_PAGE)
    following = start + size
    more = size > 0 and following < len(entities)
    link = f"{call.origin}{call.target}?{urlencode({**call.query, '$skip': following})}" if more else ""
    return entities[start:following], link


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise bad_request(f"The query option {name} has to be a number.")
    return int(text)
