"""What a token says of itself, unverified: whom it is for, what it allows, when it ends. The token is shown nowhere."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

_SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
"""SharePoint Online's own name, by which some authorities call the audience (seen)."""

NEEDED = ("Sites.FullControl.All", "User.ReadWrite.All")
_BY_SECRET = "1"  # noqa: S105 - what a token says of how it was got


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims of a bearer token.

    Attributes:
        audience: as it stands there.
        roles: an application's permissions.
        scopes: delegated permissions; empty of an application.
        ends: seconds since 1970; None where it does not say.
        by_secret: whether an application got it by a client secret.
        person: whose it is; empty of an application.
    """

    audience: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    ends: float | None
    by_secret: bool
    person: str

    def is_for(self, host: str) -> bool:
        """Whether the audience is a host, however it is spelled: ``https://HOST/``, or SharePoint's name with it."""
        audience = self.audience.lower().removeprefix("https://").rstrip("/")
        return host == audience or audience.startswith(_SHAREPOINT)

    @property
    def missing(self) -> list[str]:
        """The permissions that an application's token lacks; of a person's nothing can be said."""
        return [] if self.scopes or self.person else [role for role in NEEDED if role not in self.roles]


def claims_of(token: str) -> Claims | None:
    """What a token says; None where it is no JSON web token, whose inside is nobody's business."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return None
    if not isinstance(claims, dict):
        return None
    ends = claims.get("exp")
    return Claims(
        str(claims.get("aud", "")),
        _names(claims.get("roles")),
        _names(str(claims.get("scp") or "").split()),
        float(ends) if isinstance(ends, int | float) else None,
        str(claims.get("appidacr")) == _BY_SECRET and not claims.get("scp"),
        str(claims.get("upn") or claims.get("unique_name") or ""),
    )


def _names(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    return tuple(str(name) for name in value) if isinstance(value, list) else ()
