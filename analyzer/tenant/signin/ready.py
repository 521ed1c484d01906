"""A ready token that was obtained elsewhere and put into an environment variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import SignInError
from analyzer.model.redaction import remember

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ReadyToken:
    """Tokens from environment variables, by host.

    Attributes:
        environment: the variables; read at each request.
        admin_origin: of the admin site.
        token_env: the variable with the admin site's token.
        site_token_env: the variable with the other hosts' token; empty if it is the same.
    """

    environment: Mapping[str, str]
    admin_origin: str
    token_env: str
    site_token_env: str = ""

    def token(self, origin: str) -> str:
        """Return the token for a host.

        Raises:
            SignInError: the variable is not set, or isn't a token.
        """
        name = self.site_token_env if self.site_token_env and origin != self.admin_origin else self.token_env
        token = self.environment.get(name, "").strip()
        remember(token)
        if not token:
            raise SignInError(
                f"no token: the environment variable {name} is not set", "Set it to a bearer token of the tenant."
            )
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise SignInError(
                f"the environment variable {name} isn't a token",
                'Set it to the token only, without "Bearer" and without line breaks.',
            )
        return token

    def renew(self, origin: str, refused: str) -> str:
        """Return the token as the variable has it now.

        Raises:
            SignInError: as ``token``.
        """
        del refused
        return self.token(origin)
