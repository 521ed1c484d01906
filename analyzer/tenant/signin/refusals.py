"""The sentences for Entra's errors: what is wrong, with the configuration's own values in it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in words; ``{directory}`` and its like stand for the configuration's values."""

    sentence: str
    advice: str


_NO_TENANT = Refusal(
    "there is no directory {directory} at {authority}",
    "Correct tenant_id in the configuration: Entra shows it as Tenant ID. A national cloud has its own authority.",
)
_NO_APPLICATION = Refusal(
    "the directory {directory} has no application {application}",
    "Correct client_id, or tenant_id, in the configuration: Entra shows both where the application is registered.",
)
_CERTIFICATE = Refusal(
    "the certificate {certificate} is not one of the application {application}, or has ended",
    "Upload it to the application in Entra, under Certificates & secrets. upa-analyzer doctor checks it.",
)
_SECRET = Refusal(
    "the client secret of the application {application} is wrong or has ended",
    'SharePoint takes no client secret anyway: use auth = "certificate".',
)
_MFA = Refusal(
    "the account has to confirm the sign-in with a second factor",
    'Sign in again with auth = "interactive"; unattended, use auth = "certificate".',
)
_SIGNED_OUT = Refusal(
    "the sign-in has ended, or was revoked",
    "Run upa-analyzer sign-out, then the command again, and sign in anew.",
)
_CONDITIONAL = Refusal(
    "a Conditional Access policy of the tenant does not allow it",
    "The administrator of Conditional Access sees in Entra's sign-in logs which policy it was. Device codes are often"
    ' blocked: auth = "interactive" or "certificate" may be allowed.',
)
_CONSENT = Refusal(
    "nobody has consented to what the application {application} asks for",
    "An administrator grants it in Entra: the application, API permissions, Grant admin consent (docs/sign-in.md).",
)
_RESOURCE = Refusal(
    "the directory {directory} knows no {resource}",
    "Correct admin_url, hosts or tenant_id in the configuration: they are of one tenant.",
)
_NOT_PUBLIC = Refusal(
    "the application {application} is not open to people who sign in on this machine",
    "In Entra, under Authentication, add the platform Mobile and desktop applications with http://localhost, and allow"
    " public client flows.",
)
_ACCOUNT = Refusal(
    "the account is not one of the directory {directory}",
    "Sign in with an account of this tenant, or correct tenant_id.",
)
_CLOCK = Refusal(
    "it came outside of the time in which it is good",
    "Compare this machine's clock with the real time. upa-analyzer doctor does.",
)
_CODE_TIME = Refusal("nobody typed in the code in time", "Run the command again, and sign in within 15 minutes.")

CLOCK = frozenset({700024, 700027, 1000502})
"""Numbers behind which a wrong clock may stand."""

BY_NUMBER: dict[int, Refusal] = {
    50001: _RESOURCE,
    50011: _NOT_PUBLIC,
    50020: _ACCOUNT,
    50034: _ACCOUNT,
    50057: Refusal("the account is disabled", "An administrator enables it in Entra, or sign in with another."),
    50076: _MFA,
    50078: _SIGNED_OUT,
    50079: _MFA,
    50105: Refusal(
        "the account is not assigned to the application {application}",
        "Assign it in Entra: Enterprise applications, the application, Users and groups.",
    ),
    50173: _SIGNED_OUT,
    53000: _CONDITIONAL,
    53001: _CONDITIONAL,
    53002: _CONDITIONAL,
    53003: _CONDITIONAL,
    53004: _CONDITIONAL,
    53011: _CONDITIONAL,
    530002: _CONDITIONAL,
    530003: _CONDITIONAL,
    530032: _CONDITIONAL,
    530034: _CONDITIONAL,
    530035: _CONDITIONAL,
    65001: _CONSENT,
    65004: Refusal("consent was declined", "Sign in again and accept, or have an administrator consent."),
    70017: Refusal("it was declined on the page for codes", "Run the command again."),
    70020: _CODE_TIME,
    70043: _SIGNED_OUT,
    90002: _NO_TENANT,
    90072: _ACCOUNT,
    90094: _CONSENT,
    500011: _RESOURCE,
    650057: _CONSENT,
    700016: _NO_APPLICATION,
    700024: _CLOCK,
    700025: Refusal(
        "the application {application} is registered for people alone",
        "Register one with a certificate in Entra, and name its client_id.",
    ),
    700027: _CERTIFICATE,
    700082: _SIGNED_OUT,
    700084: _SIGNED_OUT,
    900023: _NO_TENANT,
    1000502: Refusal(
        "the certificate {certificate} has ended, or is not good yet",
        "Upload a new one to the application {application} and name it in the configuration. upa-analyzer doctor checks"
        " it.",
    ),
    7000112: Refusal("the application {application} is disabled", "An administrator enables it in Entra."),
    7000215: _SECRET,
    7000218: _NOT_PUBLIC,
    7000222: _SECRET,
    7000229: _NO_APPLICATION,
}

BY_ERROR: dict[str, Refusal] = {
    "authorization_pending": _CODE_TIME,
    "authorization_declined": BY_NUMBER[70017],
    "expired_token": _CODE_TIME,
    "access_denied": BY_NUMBER[65004],
}
"""OAuth's names, for what comes without a number."""

IDENTITY = Refusal(
    "the managed identity {application} gave no token for {resource}",
    "Check in Azure that the machine has an identity; of a user-assigned one client_id names which.",
)
