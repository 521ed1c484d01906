"""User profiles as ``SP.UserProfiles.PeopleManager`` returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UnreachableError
from analyzer.model.identity import IdKind, kind_of
from analyzer.tenant.http.answer import UNFORESEEN, json_of
from analyzer.tenant.sharepoint.webs import profile_call

if TYPE_CHECKING:
    from analyzer.tenant.http.session import Session

_CLAIMS = "i:0#.f|membership|"


def property_names(session: Session, user: str) -> list[str] | None:
    """Return the names of all properties of the tenant's profile store, as the profile of a user shows them.

    A profile has every property, set or not, custom ones too (seen). It doesn't show types, lengths, or who may edit.

    Args:
        session: of the tenant.
        user: user principal name, with or without the claims prefix.

    Returns:
        The names in the service's order; None if no user has this name.

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
    return [str(pair["Key"]) for pair in pairs if pair.get("Key")]
