"""Create a session with a configured tenant: its sign-in, hosts, and certificate authority."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.model.redaction import remember
from analyzer.model.uri import host_of
from analyzer.tenant.http.session import Hosts, Session, is_host
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.signin import (
    Application,
    CertificateSignIn,
    InteractiveSignIn,
    ManagedIdentitySignIn,
    ReadyToken,
    TokenCache,
)
from analyzer.tenant.signin.certificate import read_certificate, warning_of_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from analyzer.config.settings import Settings, TenantConfig
    from analyzer.tenant.model import ClientPolicy, Tokens


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_NO_DIRECTORIES = frozenset({"common", "organizations", "consumers"})
"""Entra accepts these instead of a directory, which then depends on the user."""


def connect(
    settings: Settings,
    tenant: TenantConfig,
    environment: Mapping[str, str],
    policy: ClientPolicy | None = None,
    ask: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201 - a person waits
) -> Session:
    """Create a session with a tenant of the configuration, without sending anything.

    Args:
        settings: resolves relative paths.
        tenant: the tenant's table.
        environment: the variables that the table refers to.
        policy: the session's policy; None for the default.
        ask: shows the user how to sign in.

    Raises:
        UsageError: the configuration lacks what the sign-in needs.
    """
    address = address_of(settings, tenant)
    return Session(address, tokens_of(settings, tenant, environment, ask, policy), policy)


def address_of(settings: Settings, tenant: TenantConfig) -> TenantAddress:
    """Return the address of a tenant and the certificate authority to trust.

    Raises:
        UsageError: the configuration is incomplete or invalid.
    """
    ca_file = settings.path(tenant.ca_file) if tenant.ca_file else None
    if ca_file is not None:
        _check_file(ca_file, "ca_file", "Name the certificate of the authority, in PEM form.")
    return TenantAddress(_required(tenant.admin_url, "admin_url"), tenant.hosts, ca_file)


def tokens_of(
    settings: Settings,
    tenant: TenantConfig,
    environment: Mapping[str, str],
    ask: Callable[[str], None],
    policy: ClientPolicy | None = None,
) -> Tokens:
    """Return the configured way to sign in.

    Raises:
        UsageError: the configuration lacks what it needs.
    """
    address = address_of(settings, tenant)
    match tenant.auth:
        case "token":
            variable = _required(tenant.token_env, "token_env")
            _check_unshared(settings, tenant)
            return ReadyToken(environment, Hosts(address).admin_origin, variable, tenant.site_token_env)
        case "managed-identity":
            return ManagedIdentitySignIn(tenant.client_id, address.ca_file, policy)
        case "certificate":
            application = application_of(tenant, address.ca_file)
            return CertificateSignIn(application, *certificate_of(settings, tenant, environment), policy)
        case way:
            application = application_of(tenant, address.ca_file)
            return InteractiveSignIn(application, way, token_cache(tenant, address.ca_file), ask, policy)


def application_of(tenant: TenantConfig, ca_file: Path | None) -> Application:
    """Return the application and its directory.

    Raises:
        UsageError: the configuration is incomplete or invalid.
    """
    authority = tenant.authority.rstrip("/")
    host = host_of(authority)
    if authority.lower() != f"https://{host}" or not is_host(host):
        raise UsageError(
            f"authority is {tenant.authority!r}, which isn't an authority",
            "It looks like https://login.microsoftonline.com, without the directory.",
        )
    directory = _guid_or_name(tenant.tenant_id, "tenant_id")
    if directory.lower() in _NO_DIRECTORIES:
        raise UsageError(
            f"tenant_id is {directory!r}, which isn't a directory",
            "Name the tenant's own: Entra shows it as Tenant ID.",
        )
    return Application(authority, directory, _guid_or_name(tenant.client_id, "client_id"), ca_file)


def certificate_of(settings: Settings, tenant: TenantConfig, environment: Mapping[str, str]) -> tuple[Path, str | None]:
    """Return the file of the certificate, and the key's password.

    Raises:
        UsageError: there is no such file, or the password's variable is not set.
    """
    password = environment.get(tenant.certificate_password_env) if tenant.certificate_password_env else None
    if tenant.certificate_password_env and password is None:
        raise UsageError(
            f"the environment variable {tenant.certificate_password_env} is not set",
            "certificate_password_env names the variable that holds the password of the certificate's key.",
        )
    remember(password or "")
    certificate = settings.path(_required(tenant.certificate, "certificate"))
    _check_file(certificate, "the certificate", 'Correct "certificate" in the configuration: a PEM or PFX file.')
    return certificate, password


def certificate_warning(settings: Settings, tenant: TenantConfig, environment: Mapping[str, str], now: datetime) -> str:
    """Return a warning if the certificate for sign-in expires soon; else empty.

    Raises:
        UsageError: as for ``certificate_of``.
        InputError: the certificate cannot be read.
    """
    if tenant.auth != "certificate":
        return ""
    return warning_of_end(read_certificate(*certificate_of(settings, tenant, environment)), now)


def token_cache(tenant: TenantConfig, ca_file: Path | None = None) -> TokenCache:
    """Return the token cache of users who signed in to a tenant.

    Raises:
        UsageError: as for ``application_of``.
    """
    import platformdirs

    folder = platformdirs.user_state_path("upa-analyzer", appauthor=False) / "tokens"
    return TokenCache(folder, application_of(tenant, ca_file))


def _check_file(path: Path, named: str, advice: str) -> None:
    if not path.is_file():
        raise UsageError(f"{named} {path} {'is not a file' if path.exists() else 'does not exist'}", advice)


def _check_unshared(settings: Settings, tenant: TenantConfig) -> None:
    """Check that no other tenant uses the same variable for its token, which would be sent to both."""
    ours = {tenant.token_env, tenant.site_token_env} - {""}
    for name, other in settings.config.tenants.items():
        shared = ours & {other.token_env, other.site_token_env}
        if other.auth == "token" and shared and host_of(other.admin_url) != host_of(tenant.admin_url):
            raise UsageError(
                f"the token in {min(shared)} would be sent to two tenants: the tenant {name} has the same variable",
                "Give each tenant a variable of its own: token_env, site_token_env.",
            )


def _guid_or_name(value: str, key: str) -> str:
    name = _required(value, key).strip()
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{key} is {value!r}, which isn't an ID", "It looks like 00000000-0000-0000-0000-000000000000."
        )
    return name


def _required(value: str, key: str) -> str:
    if not value.strip():
        raise UsageError(f"{key} is missing in the configuration", "docs/configuration.md lists what sign-in needs.")
    return value
