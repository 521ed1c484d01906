"""The ways to sign in; each is a ``tenant.model.Tokens``."""

from __future__ import annotations

from analyzer.tenant.signin.certificate import CertificateSignIn, ManagedIdentitySignIn
from analyzer.tenant.signin.entra_errors import PUBLIC_CLOUD, Application
from analyzer.tenant.signin.interactive import InteractiveSignIn, TokenCache
from analyzer.tenant.signin.tokens import ReadyToken

__all__ = [
    "PUBLIC_CLOUD",
    "Application",
    "CertificateSignIn",
    "InteractiveSignIn",
    "ManagedIdentitySignIn",
    "ReadyToken",
    "TokenCache",
]
