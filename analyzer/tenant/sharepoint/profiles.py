"""User profiles as ``SP.UserProfiles.PeopleManager`` returns them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import UnreachableError
from analyzer.model.identity import IdKind, kind_of
from analyzer.tenant.http.answer import UNFORESEEN, json_of
from analyzer.tenant.sharepoint.webs import profile_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.http.session import Session

_CLAIMS = "i:0#.f|membership|"


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's profile.

    Attributes:
        names: of all properties, in the service's order and spelling.
        texts: the values as texts by the name in lower case; an unset one is empty (seen).
    """

    names: tuple[str, ...]
    texts: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Return a property's value; None if the profile has no such property. Case is ignored (inferred)."""
        return self.texts.get(name.lower())


def read_profile(session: Session, user: str) -> Profile | None:
    """Read the profile of a user.

    A profile has every property, set or not, custom ones too, and each value is a text (seen). It doesn't show types,
    lengths, or who may edit.

    Args:
        session: of the tenant.
        user: user principal name, with or without the claims prefix.

    Returns:
        None if no user has this name.

    Raises:
        RefusedError: sign-in or permission.
        UnreachableError: the answer isn't a profile.
    """
    account = user if kind_of(user) is IdKind.claims else _CLAIMS + user
    url = session.hosts.admin_origin + profile_call("GetPropertiesFor", account)
    content = json_of(session.call("GET", url), url)
    if content.get("odata.null") or content.get("@odata.null"):
        return None
    pairs = content.get("UserProfileProperties")
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
        raise UnreachableError(f"{url} answered with something that isn't a profile", UNFORESEEN)
    values = {str(pair["Key"]): str(pair.get("Value") or "") for pair in pairs if pair.get("Key")}
    return Profile(tuple(values), {name.lower(): value for name, value in values.items()})


def property_names(session: Session, user: str) -> list[str] | None:
    """Return the names of all properties of the tenant's profile store, as the profile of a user shows them.

    Args, returns, and errors are those of ``read_profile``.
    """
    profile = read_profile(session, user)
    return None if profile is None else list(profile.names)
