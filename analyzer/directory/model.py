"""The users of a tenant as a directory export has them, and what an ID of a feed is among them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import IntEnum, StrEnum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analyzer.model.service import IdType
from analyzer.model.text import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Attribute(StrEnum):
    """What an export may tell of a user."""

    principal_name = auto()
    mail = auto()
    object_id = auto()
    aliases = auto()
    """Further addresses: ``proxyAddresses``."""
    enabled = auto()
    licenses = auto()
    deleted = auto()
    """Users who were deleted, usually for 30 days."""
    user_type = auto()
    """Member or guest; a guest's user principal name shows it, too."""


class KeyKind(IntEnum):
    """The attribute that a key of a user is from, in the order in which one is preferred."""

    principal_name = 0
    mail = 1
    primary = 2
    """The primary address among the proxy addresses, if it isn't ``mail``."""
    object_id = 3
    alias = 4
    outside = 5
    """A guest's address outside of the tenant, inferred from the user principal name."""
    contact = 6
    """A contact address (``otherMails``), which anyone can enter, and several users may have: it proves nothing."""


LOOKED_UP: Final[Mapping[IdType | None, tuple[KeyKind, ...]]] = MappingProxyType(
    {
        IdType.PrincipalName: (KeyKind.principal_name,),
        IdType.Email: (KeyKind.mail, KeyKind.primary),
        IdType.CloudId: (KeyKind.object_id,),
        None: (KeyKind.principal_name, KeyKind.mail, KeyKind.primary, KeyKind.object_id),
    }
)
"""Where the service looks an ID up, by the job's ID type; all of them if that is unknown.

That Email finds both addresses is inferred: the vendor's article names ``mail``, but profiles have the primary address.
"""

USERS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "principal_name": pl.String,
        "mail": pl.String,
        "object_id": pl.String,
        "enabled": pl.Boolean,
        "licensed": pl.Boolean,
        "deleted": pl.Boolean,
        "guest": pl.Boolean,
    }
)
"""A user per row; null where the export doesn't tell, except that ``deleted`` and ``guest`` are then false."""

KEYS: Final[Mapping[str, Any]] = MappingProxyType({"key": pl.String, "user": pl.UInt32, "kind": pl.UInt8})
"""The keys (``identity_key``) of users, by their row and ``KeyKind``."""


class Match(StrEnum):
    """What an ID is among the users of an export; the first that applies."""

    found = auto()
    """The ID of an enabled user, as the ID type wants it."""
    disabled = auto()
    unlicensed = auto()
    other_kind = auto()
    """The ID of a user under another ID type, or in another spelling."""
    renamed = auto()
    """One of the further addresses of a user, such as the one before a marriage."""
    deleted = auto()
    guest = auto()
    """The outside address of a guest, whose ID is another one."""
    several = auto()
    """An ID or address that several users have, such as a leaver's address that is now an alias of somebody else."""
    misspelt = auto()
    """An unknown ID, one letter from exactly one user's."""
    unknown = auto()


RESOLUTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "identity": pl.String,
        "match": pl.String,
        "user": pl.UInt32,
        "proof": pl.String,
        "corrected": pl.String,
        "suggestion": pl.String,
    }
)
"""An ID per row: ``user`` is the row in ``Directory.users``; see ``Resolution`` for the others."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an ID is among the users of an export.

    Attributes:
        identity: the ID.
        match: what it is.
        proof: the evidence, a phrase that follows "ada@contoso.com is".
        corrected: the ID of the same user that the job's ID type wants; empty if it isn't proven or needs none.
        suggestion: the ID of a user who may be meant; empty if there is none.
    """

    identity: str
    match: Match
    proof: str
    corrected: str = ""
    suggestion: str = ""

    @property
    def sentence(self) -> str:
        """The evidence, with what to write instead."""
        return f"{self.identity} is {self.proof}."


_LACKS = {
    Attribute.principal_name: "user principal names",
    Attribute.mail: "mail addresses",
    Attribute.object_id: "object IDs",
    Attribute.aliases: "aliases",
    Attribute.enabled: "disabled accounts",
    Attribute.licenses: "licenses",
    Attribute.deleted: "deleted users",
}
_UNSEEN = {Attribute.aliases: "renamed", Attribute.deleted: "deleted"}


@dataclass(frozen=True)
class Directory:
    """The users of an export.

    Attributes:
        name: the file's name.
        users: a table ``USERS``.
        keys: a table ``KEYS``.
        lacks: what the export doesn't tell of any user.
        unreadable: number of rows that can't be read, as their cells are in other columns.
        first_unreadable: the number of the first of them, from 1 below the headings; 0 without.
    """

    name: str
    users: pl.DataFrame
    keys: pl.DataFrame
    lacks: frozenset[Attribute] = frozenset()
    unreadable: int = 0
    first_unreadable: int = 0

    def can_look_up(self, id_type: IdType | None) -> bool:
        """Whether the export has the attribute of an ID type."""
        return {
            IdType.PrincipalName: Attribute.principal_name,
            IdType.Email: Attribute.mail,
            IdType.CloudId: Attribute.object_id,
            None: None,
        }[id_type] not in self.lacks

    @functools.cached_property
    def remarks(self) -> tuple[str, ...]:
        """What the export cannot tell, sentences."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        lacking = [words for attribute, words in _LACKS.items() if attribute in self.lacks]
        if lacking:
            *head, last = lacking
            named = f"{', '.join(head)} or {last}" if head else last
            unseen = [words for attribute, words in _UNSEEN.items() if attribute in self.lacks]
            therefore = f", so {listed(unseen)} users count as unknown" if unseen else ""
            yield f"{self.name} shows no {named}{therefore}."
        if self.unreadable:
            rows = count(self.unreadable, "row", "rows")
            yield (
                f"{rows} of {self.name} can't be read, the first is row {self.first_unreadable:,}: cells are in other"
                " columns than their headings."
            )
