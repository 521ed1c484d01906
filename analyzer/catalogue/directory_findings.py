"""Kinds of findings about IDs that were looked up in a directory export."""

from __future__ import annotations

from typing import Final

from analyzer.catalogue.finding_kind import Certainty, FindingKind, Severity
from analyzer.catalogue.model import ADMINISTRATOR, ARTICLE
from analyzer.model.service import LogCode

_UNRESOLVED = LogCode.IdentityNotResolvable.value
_EXPORT = "the directory export"
_SAME_USER = f"inferred from {_EXPORT}: both belong to one user, and the service looks up only one of them"
RENAMED_USER: Final = FindingKind(
    "renamed-user",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has a further address of a user, such as an old one",
    "have a further address of a user, such as an old one",
    "Make sure that it is the same person; then have the feed write the suggested ID, or object IDs, which don't"
    " change.",
    _SAME_USER,
)
GUEST_ADDRESS: Final = FindingKind(
    "guest-address",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has the outside address of a guest",
    "have the outside address of a guest",
    "Have the feed write the suggested ID, or leave guests out.",
    _SAME_USER,
)
MISSPELT_ID: Final = FindingKind(
    "misspelt-id",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has an ID that is one letter from a user's",
    "have an ID that is one letter from a user's",
    "Ask who is meant, and correct the ID in the feed.",
    f"inferred from {_EXPORT}, by the spelling alone",
)
DELETED_USER: Final = FindingKind(
    "deleted-user",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "belongs to a deleted user",
    "belong to a deleted user",
    "Have the feed leave out people who have left.",
    f"inferred from {_EXPORT}",
)
UNKNOWN_USER: Final = FindingKind(
    "unknown-user",
    _UNRESOLVED,
    Severity.fails,
    Certainty.sure,
    "has an ID that no user has",
    "have an ID that no user has",
    "Correct the ID in the feed, or leave the person out. If the user is new, export the users again.",
    f"inferred from {_EXPORT}; that such an ID isn't resolved was seen: {ARTICLE}",
)
NOT_IN_EXPORT: Final = FindingKind(
    "not-in-export",
    _UNRESOLVED,
    Severity.fails,
    Certainty.possible,
    f"has an ID that {_EXPORT} lacks",
    f"have an ID that {_EXPORT} lacks",
    "Export all users of the tenant, and check again.",
    f"inferred: {_EXPORT} lacks so many IDs that it may be filtered",
    ADMINISTRATOR,
)
AMBIGUOUS_ID: Final = FindingKind(
    "ambiguous-id",
    _UNRESOLVED,
    Severity.fails,
    Certainty.possible,
    "has an ID or address that several users have",
    "have an ID or address that several users have",
    "Have the feed write object IDs, and queue with the ID type CloudId.",
    f"inferred from {_EXPORT}",
)
DISABLED_USER: Final = FindingKind(
    "disabled-user",
    _UNRESOLVED,
    Severity.fails,
    Certainty.possible,
    "belongs to a disabled account",
    "belong to a disabled account",
    "Have the feed leave out disabled accounts, or enable the account.",
    "inferred: SharePoint's profile sync skips disabled accounts, so the profile may be missing",
)
UNLICENSED_USER: Final = FindingKind(
    "unlicensed-user",
    _UNRESOLVED,
    Severity.fails,
    Certainty.possible,
    "belongs to a user without a license",
    "belong to a user without a license",
    "Assign a license with SharePoint, or have the feed leave the user out.",
    "inferred: SharePoint's profile sync needs a license, so the profile may be missing",
    ADMINISTRATOR,
)

USER_KINDS: Final = (
    UNKNOWN_USER,
    DELETED_USER,
    RENAMED_USER,
    GUEST_ADDRESS,
    MISSPELT_ID,
    NOT_IN_EXPORT,
    AMBIGUOUS_ID,
    DISABLED_USER,
    UNLICENSED_USER,
)
"""The most certain first."""
