"""A ready token: somebody else signed in, and put it into a variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import SignInError
from analyzer.model.secrets import remember

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ReadyToken:
    """Tokens that somebody else obtained, by host.

    Attributes:
        environment: where the variables are looked up, anew each time.
        admin_origin: the admin site, whose token ``token_env`` names.
        token_env: the variable with the admin site's token.
        site_token_env: the variable with the other hosts' token; empty when it is the same.
    """

    environment: Mapping[str, str]
    admin_origin: str
    token_env: str
    site_token_env: str = ""

    def token(self, origin: str) -> str:
        """The token for a host.

        Raises:
            SignInError: the variable is not set, or holds what no header can.
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
                f"the environment variable {name} holds no token",
                'It is the token alone, without "Bearer" before it and without line ends.',
            )
        return token

    def renew(self, origin: str, refused: str) -> str:
        """The token as the variable has it now.

        Raises:
            SignInError: as ``token``.
        """
        del refused
        return self.token(origin)
