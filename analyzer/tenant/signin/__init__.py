"""Bearer tokens, in each of the ways that a tenant allows; each is a ``tenant.interface.Tokens``."""

from __future__ import annotations

from analyzer.tenant.signin.applicant import PUBLIC_CLOUD, Applicant
from analyzer.tenant.signin.by_certificate import CertificateSignIn
from analyzer.tenant.signin.cache import TokenCache
from analyzer.tenant.signin.managed_identity import ManagedIdentitySignIn
from analyzer.tenant.signin.person import PersonSignIn
from analyzer.tenant.signin.ready import ReadyToken

__all__ = [
    "PUBLIC_CLOUD",
    "Applicant",
    "CertificateSignIn",
    "ManagedIdentitySignIn",
    "PersonSignIn",
    "ReadyToken",
    "TokenCache",
]
