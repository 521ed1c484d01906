"""The tenant's user profiles, and which of their properties may be imported."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import msgspec

from analyzer.model.service import IdType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# As in i:0#.f|membership|ada@contoso.com and i:0#.w|contoso\ada
_CLAIMS_PREFIX = re.compile(r"[ic]:0[^|]*\|(?:[^|]*\|)*")


class SettingsError(ValueError):
    """Settings of users and properties that are not of the form that they should be."""


@dataclass(slots=True)
class User:
    """A user profile.

    Attributes:
        values: what imports wrote, by the profile property's name.
        deadlocks: how many of the next imports of this user fail by a deadlock.
    """

    mail: str
    object_id: str
    user_principal_name: str
    values: dict[str, str] = field(default_factory=dict)
    deadlocks: int = 0

    def identity(self, id_type: IdType) -> str:
        """The id of the given type; empty where the user has none."""
        if id_type is IdType.Email:
            return self.mail
        return self.object_id if id_type is IdType.CloudId else self.user_principal_name


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the profiles.

    Attributes:
        editable: by the users themselves; then it cannot be imported.
        type: ``string``, ``date``, ``boolean``, ``integer``, ``float``, ``person``, ``taxonomic``, ``multivalue`` or
            another, of which any text is.
        max_length: of a value, in UTF-16 units; None for no limit.
    """

    name: str
    editable: bool = False
    type: str = "string"
    max_length: int | None = None


class _UserSettings(msgspec.Struct, rename="camel"):
    mail: str = ""
    object_id: str = ""
    user_principal_name: str = ""


class _PropertySettings(msgspec.Struct, rename="camel"):
    name: str
    editable: bool = False
    type: str = "string"
    max_length: int | None = None


class _Settings(msgspec.Struct):
    users: list[_UserSettings] = []
    properties: list[_PropertySettings] | None = None


class ProfileStore:
    """The profiles by any of their ids, and the properties by their names, both without regard to case.

    Ids compare so, and without a claims prefix, as seen in public threads.
    """

    def __init__(self, users: Iterable[User], properties: Iterable[Property] | None) -> None:
        """Keeps these users and properties; without properties (None), any property exists."""
        self._users: dict[IdType, dict[str, User]] = {id_type: {} for id_type in IdType}
        self._properties: dict[str, Property] | None = None if properties is None else {}
        for user in users:
            self.add_user(user)
        for known in properties or ():
            self.add_property(known)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """The store that a library's ``emulator.json`` describes.

        ``{"users": [{"mail", "objectId", "userPrincipalName"}], "properties": [{"name", "editable", "type",
        "maxLength"}]}``: either may be missing, as may every member but a property's name.

        Raises:
            SettingsError: a member is of the wrong type.
        """
        try:
            given = msgspec.convert(settings, _Settings)
        except msgspec.ValidationError as error:
            raise SettingsError(str(error)) from error
        users = (User(user.mail, user.object_id, user.user_principal_name) for user in given.users)
        properties = [Property(**_members(known)) for known in given.properties or ()]
        return cls(users, None if given.properties is None else properties)

    def user(self, id_type: IdType, identity: str) -> User | None:
        """The user with this id; None where there is none."""
        return self._users[id_type].get(_key(identity))

    def add_user(self, user: User) -> None:
        """Add a user; an earlier user with one of the IDs loses it."""
        for id_type, users in self._users.items():
            if identity := user.identity(id_type):
                users[_key(identity)] = user

    def property(self, name: str) -> Property | None:
        """The property of this name; where any property exists, a string that may be imported."""
        if self._properties is None:
            return Property(name)
        return self._properties.get(name.lower())

    def property_names(self) -> list[str]:
        """The names of the properties; none where any property exists."""
        return [known.name for known in (self._properties or {}).values()]

    def add_property(self, known: Property) -> None:
        """Makes a property known; where any property exists already, that changes nothing."""
        if self._properties is not None:
            self._properties[known.name.lower()] = known

    def refusal(self, property_map: Mapping[str, str]) -> str | None:
        """The message with which queueing an import with this map is refused; None where it is not.

        The wordings for editable, taxonomic, and multi-value properties were seen; that for unknown ones, and the order
        in which the service looks for them, are inferred. Properties that the directory syncs are taken: scripts import
        them in practice. A map's values are the profile properties.
        """
        names = list(dict.fromkeys(property_map.values()))
        for is_refused, words in self._rules():
            refused = [name for name in names if is_refused(name)]
            if refused:
                return f"Property Names [{','.join(refused)}] {words}"
        return None

    def _rules(self) -> tuple[tuple[Callable[[str], bool], str], ...]:
        return (
            (self._is_unknown, "do not exist in the user profile application."),
            (lambda name: (known := self.property(name)) is not None and known.editable, "are editable by user."),
            # Two spaces, as the service writes; it says the same of plain properties with several values (seen).
            (self._has_type("taxonomic", "multivalue"), " are Taxonomic Properties"),
        )

    def _is_unknown(self, name: str) -> bool:
        return self.property(name) is None

    def _has_type(self, *wanted: str) -> Callable[[str], bool]:
        return lambda name: (known := self.property(name)) is not None and known.type in wanted


def _members(settings: _PropertySettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def _key(identity: str) -> str:
    text = identity.strip().lower()
    prefix = _CLAIMS_PREFIX.match(text) if "|" in text else None
    return text[prefix.end() :].strip() if prefix else text
