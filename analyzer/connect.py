"""A configured tenant to a session: which sign-in, which hosts, whose certificate authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.tenant.hosts import Hosts
from analyzer.tenant.interface import TenantAddress
from analyzer.tenant.session import Session
from analyzer.tenant.signin import AppIdentity, CertificateSignIn, ReadyToken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.config import Settings, TenantConfig
    from analyzer.tenant.interface import Tokens
    from analyzer.tenant.throttle import Manners


def connect(
    settings: Settings, tenant: TenantConfig, environment: Mapping[str, str], manners: Manners | None = None
) -> Session:
    """A session with a tenant of the configuration; nothing is sent yet.

    Raises:
        UsageError: the configuration lacks what the sign-in needs.
    """
    ca_file = settings.path(tenant.ca_file) if tenant.ca_file else None
    if ca_file is not None and not ca_file.is_file():
        raise UsageError(f"ca_file {ca_file} does not exist", "Name the certificate of the authority, in PEM form.")
    address = TenantAddress(_required(tenant.admin_url, "admin_url"), tenant.hosts, ca_file)
    return Session(address, _tokens(settings, tenant, environment, address), manners)


def _tokens(settings: Settings, tenant: TenantConfig, environment: Mapping[str, str], address: TenantAddress) -> Tokens:
    if tenant.auth == "token":
        return ReadyToken(environment, Hosts(address).admin_origin, tenant.token_env, tenant.site_token_env)
    if tenant.auth != "certificate":
        raise UsageError(
            f'auth = "{tenant.auth}" is not supported by this version', 'Use auth = "certificate" or auth = "token".'
        )
    password = environment.get(tenant.certificate_password_env) if tenant.certificate_password_env else None
    if tenant.certificate_password_env and password is None:
        raise UsageError(f"the environment variable {tenant.certificate_password_env} is not set")
    return CertificateSignIn(
        AppIdentity(
            authority=tenant.authority,
            tenant_id=_required(tenant.tenant_id, "tenant_id"),
            client_id=_required(tenant.client_id, "client_id"),
            certificate=_certificate(settings, tenant),
            password=password,
            ca_file=address.ca_file,
        )
    )


def _certificate(settings: Settings, tenant: TenantConfig) -> Path:
    certificate = settings.path(_required(tenant.certificate, "certificate"))
    if not certificate.is_file():
        raise UsageError(
            f"the certificate {certificate} does not exist",
            'Correct "certificate" in the configuration: a PEM or PFX file.',
        )
    return certificate


def _required(value: str, key: str) -> str:
    if not value:
        raise UsageError(f"{key} is missing in the configuration", "docs/configuration.md lists what sign-in needs.")
    return value
