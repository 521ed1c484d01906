"""What SharePoint says when it refuses a token or denies access, as the sentence that an administrator needs.

The texts were seen in public threads; Microsoft documents few of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.errors import RefusedError, SignInError

_DOCTOR = "upa-analyzer doctor shows what the token says."


@dataclass(frozen=True, slots=True)
class Denial:
    """A text of the service's and what it means.

    Attributes:
        words: what the service's message has in it, in lower case; one of them suffices.
        sentence: what is wrong, a clause.
        advice: what to do, sentences.
    """

    words: tuple[str, ...]
    sentence: str
    advice: str


_TOKEN = (
    Denial(
        ("unsupported app only token", "token type is not allowed", "id3035"),
        "it was got by a client secret, which SharePoint takes from no application",
        'Use auth = "certificate": a certificate is uploaded to the same application (docs/sign-in.md).',
    ),
    Denial(
        ("invalid audience",),
        "it is for another host",
        f"Correct admin_url; of ready tokens, site_token_env names the sites'. {_DOCTOR}",
    ),
    Denial(
        ("token is expired", "invalid_token: expired", "lifetime validation failed"),
        "it has ended",
        "Get a new one. If it is new, is this machine's clock right? upa-analyzer doctor compares it.",
    ),
    Denial(
        ("issuer or signature", "invalid issuer"),
        "it is of another tenant, or was changed on the way",
        f"Correct tenant_id and admin_url: they are of one tenant. {_DOCTOR}",
    ),
)
"""Behind status 401."""

_ACCESS = (
    Denial(
        ("profile information",),
        "the application lacks User.ReadWrite.All",
        "Add it as an application permission of SharePoint (not of Microsoft Graph), and grant admin consent.",
    ),
    Denial(
        ("network location", "organizational policies"),
        "a policy of the tenant allows access from certain networks alone",
        "Run it on a machine in one of them, or have an administrator add this one's address.",
    ),
)
"""Behind status 403."""

_OTHER_TOKEN = "Sign in again, or renew the token."  # noqa: S105 - an advice
_OTHER_ACCESS = (
    "The application needs the SharePoint permissions Sites.FullControl.All and User.ReadWrite.All, consented; a person"
    " needs the role of a SharePoint or Global Administrator."
)


def refused_token(url: str, message: str, number: str) -> SignInError:
    """The error of status 401; the service's words and number stay.

    Args:
        url: what was asked.
        message: what the service says.
        number: its number, as ``-2147024891``; empty where there is none.
    """
    denial = _denial(message, _TOKEN)
    advice = denial.advice if denial else _OTHER_TOKEN
    return SignInError(f"the tenant refused the token at {url}: {_shown(denial, message, number)}", advice)


def denied_access(url: str, message: str, number: str) -> RefusedError:
    """The error of status 403, as ``refused_token``."""
    denial = _denial(message, _ACCESS)
    advice = denial.advice if denial else _OTHER_ACCESS
    return RefusedError(f"the tenant denied access to {url}: {_shown(denial, message, number)}", advice)


def _denial(message: str, known: tuple[Denial, ...]) -> Denial | None:
    lowered = message.lower()
    return next((one for one in known if any(word in lowered for word in one.words)), None)


def _shown(denial: Denial | None, message: str, number: str) -> str:
    told = f"{message.rstrip('.')} ({number})" if number else message
    return f"{denial.sentence}. It says: {told}" if denial else told
