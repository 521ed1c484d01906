"""What clients ask before they sign in: where the endpoints are, and whether the host is a known one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.entra.directory import SHARED_NAMES
from analyzer.emulator.entra.model import AuthorityError, required
from analyzer.emulator.uris import split_uri

if TYPE_CHECKING:
    from analyzer.emulator.entra.directory import Directory
    from analyzer.emulator.entra.model import AuthorityCall

PUBLIC_CLOUD = "login.microsoftonline.com"
_ALIASES = (PUBLIC_CLOUD, "login.windows.net", "login.microsoft.com", "sts.windows.net")
"""Names of the public cloud's authority (documented); a token of one is good for all."""


def configuration(call: AuthorityCall, tenant: str, directory: Directory) -> dict[str, object]:
    """The OpenID configuration, its endpoints under the host that was asked.

    https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
    """
    # The tenant's endpoints stand under its id, whatever name it was asked by (seen).
    base = f"{call.origin}/{tenant if tenant.lower() in SHARED_NAMES else directory.tenant_id}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{call.origin}/{'{tenantid}' if tenant.lower() in SHARED_NAMES else directory.tenant_id}/v2.0",
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "cloud_instance_name": "microsoftonline.com",
    }


def instance(call: AuthorityCall, directory: Directory) -> dict[str, object]:
    """Instance discovery: whether a host is an authority, and what other names it goes by.

    Public and own hosts are known. Clients leave the port out of the host that they ask about (seen), so the answer
    goes by the name alone.

    Raises:
        AuthorityError: the address is none, or its host is no authority.
    """
    host, path = split_uri(required(call.query, "authorization_endpoint"))
    own = {name.rpartition(":")[0] for name in directory.hosts}
    if host.partition(":")[0] not in own.union(_ALIASES):
        raise AuthorityError("invalid_instance", 50049, "Unknown or invalid instance.")
    tenant = path.strip("/").partition("/")[0] or "common"
    found: dict[str, object] = {
        "tenant_discovery_endpoint": f"{call.origin}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": call.query.get("api-version", "1.1"),
    }
    if found["api-version"] != "1.0":
        names = {"preferred_network": PUBLIC_CLOUD, "preferred_cache": "login.windows.net", "aliases": list(_ALIASES)}
        found["metadata"] = [names]
    return found
