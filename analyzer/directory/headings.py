"""The headings and cells of directory exports.

Exports of the Entra and Microsoft 365 admin centers, ``Get-MgUser``, ``Get-MsolUser``, ``Get-PnPEntraIDUser``, and
``m365 entra user list`` name the same attributes differently; ``docs/reference/facts.md`` has the sources.
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Column(StrEnum):
    """A column of an export that tells something about a user's IDs."""

    principal_name = auto()
    mail = auto()
    object_id = auto()
    addresses = auto()
    """Proxy addresses, the primary one with ``SMTP:`` in capital letters."""
    other_addresses = auto()
    enabled = auto()
    blocked = auto()
    licenses = auto()
    deleted = auto()
    user_type = auto()


_NAMES: Mapping[Column, tuple[str, ...]] = {
    Column.principal_name: ("userprincipalname", "upn", "username", "signinname"),
    Column.mail: ("mail", "email", "emailaddress", "primarysmtpaddress"),
    Column.object_id: ("id", "objectid", "externaldirectoryobjectid"),
    Column.addresses: ("proxyaddresses", "emailaddresses", "aliases"),
    Column.other_addresses: ("othermails", "alternateemailaddress", "alternateemailaddresses"),
    Column.enabled: ("accountenabled", "enabled"),
    Column.blocked: ("blockcredential", "blocksignin", "signinblocked"),
    Column.licenses: ("licenses", "assignedlicenses", "islicensed", "licensed"),
    Column.deleted: ("softdeletiontimestamp", "deleteddatetime"),
    Column.user_type: ("usertype",),
}
IDS: Final = frozenset({Column.principal_name, Column.mail, Column.object_id})
"""The columns of which an export has at least one."""
LOOKED_FOR: Final = "userPrincipalName, User principal name, mail, id, objectId, or Object Id"
"""The usual headings of these columns, for people."""

TRUE: Final = frozenset({"true", "yes", "1", "enabled", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar"})
FALSE: Final = frozenset({"false", "no", "0", "disabled", "falsch", "faux", "falso", "onwaar"})
"""Booleans in lower case; spreadsheets write them in the user's language."""
UNLICENSED: Final = frozenset({"unlicensed", "[]", "{}"}) | FALSE

# Get-MgUser | Export-Csv writes the name of a collection's type, such as System.String[].
TYPE_NAME: Final = r"^(System|Microsoft)\.[A-Za-z]"


def column_indexes(headings: Sequence[str]) -> dict[Column, int]:
    """Return the positions of the known columns; the first of several names that we know wins."""
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        places.setdefault(_plain(heading), place)
    named = {column: [places[name] for name in names if name in places] for column, names in _NAMES.items()}
    return {column: known[0] for column, known in named.items() if known}


def is_of_active_directory(headings: Sequence[str]) -> bool:
    """Return whether an export is one of ``Get-ADUser``."""
    return {"objectguid", "samaccountname", "sid"} <= set(map(_plain, headings))


def _plain(heading: str) -> str:
    return "".join(filter(str.isalnum, heading.casefold()))
