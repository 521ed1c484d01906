"""Facts of the service: enumerations, limits, and names.

Numbers and names are those of ``Microsoft.Online.SharePoint.TenantManagement`` (the service's ``$metadata``)
and of the vendor's article "Introducing bulk UPA custom profile properties update API"
(https://learn.microsoft.com/sharepoint/dev/solution-guidance/bulk-user-profile-update-api-for-sharepoint-online).
``docs/reference/facts.md`` says of each fact whether it was seen or inferred.
"""

from __future__ import annotations

import functools
import re
from enum import IntEnum, StrEnum


class State(IntEnum):
    """``ImportProfilePropertiesJobState``."""

    Unknown = 0
    Submitted = 1
    Processing = 2
    Queued = 3
    Succeeded = 4
    Error = 5


class JobError(IntEnum):
    """``ImportProfilePropertiesJobError``."""

    NoError = 0
    InternalError = 1
    DataFileNotExist = 20
    DataFileNotInTenant = 21
    DataFileTooBig = 22
    InvalidDataFile = 23
    ImportCompleteWithError = 30


class IdType(IntEnum):
    """``ImportProfilePropertiesUserIdType``: the directory attribute that a source file's IDs are."""

    Email = 0
    CloudId = 1
    PrincipalName = 2


class LogCode(StrEnum):
    """The codes that were seen in log entries; there may be others."""

    DataFileNotJson = "DataFileNotJson"
    """The source file isn't valid JSON; the message has a position in it."""
    GenericError = "GenericError"
    """The profile store failed. The GUID may not be a user's ID (seen)."""
    IdentityNotResolvable = "IdentityNotResolvable"
    """The service doesn't find the user by the ID and the ID type of the job."""
    InvalidProperty = "InvalidProperty"
    """A property isn't mapped."""
    MissingIdentity = "MissingIdentity"
    """A record has no ID."""


ENDED = frozenset({State.Succeeded, State.Error})
"""The final states of a job."""

ABORTING = frozenset(
    {
        JobError.DataFileNotExist,
        JobError.DataFileNotInTenant,
        JobError.DataFileTooBig,
        JobError.InvalidDataFile,
    }
)
"""The errors after which no profile was written."""

ABORTING_CODES = frozenset({LogCode.DataFileNotJson, LogCode.InvalidProperty, LogCode.MissingIdentity})
"""The codes of the service's validation: one entry with such a code aborts the import."""

MAX_SOURCE_BYTES = 2 * 1024**3
MAX_PROPERTY_VALUES = 500_000
MAX_BODY_BYTES = 262_144_000
"""SharePoint's limit for one request (250 MiB); a larger file is uploaded in chunks."""

PROFILE_CALLS, PROFILE_CALL_SECONDS = 3_000, 300
"""Calls on profiles that SharePoint accepts from all programs of a tenant together in so many seconds.

It is the limit of tenants with up to 1,000 licenses, the smallest one (the vendor's page on throttling).
"""

LIST_VIEW_THRESHOLD = 5_000
"""Items beyond which SharePoint refuses a list; that it is the limit of the job list, too, is inferred."""

SYNCED_PROPERTIES = (
    "AccountName",
    "ADGuid",
    "Department",
    "FirstName",
    "GroupType",
    "IsPublic",
    "IsUnifiedGroup",
    "LastName",
    "Manager",
    "msOnline-ObjectId",
    "Office",
    "PreferredName",
    "PublicSiteRedirect",
    "SPO-IsSPO",
    "SPS-ClaimID",
    "SPS-Department",
    "SPS-DistinguishedName",
    "SPS-HideFromAddressLists",
    "SPS-JobTitle",
    "SPS-MUILanguages",
    "SPS-RecipientTypeDetails",
    "SPS-SavedSID",
    "SPS-SIPAddress",
    "SPS-UserPrincipalName",
    "SPS-UserType",
    "Title",
    "UserName",
    "WorkEmail",
    "WorkPhone",
)
"""The profile properties that the directory syncs by default (the article's table)."""

TENANT_API = "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant/"

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-20151130-174205-993.log (browsers hide the ".log")
LOG_FILE_NAME = re.compile(
    rf"ImportProfileProperties-(?P<job_id>{GUID.pattern})"
    r"(?:-(?P<date>\d{8})-(?P<time>\d{6})-(?P<milliseconds>\d{3}))?",
    re.IGNORECASE,
)
# sample-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-Logs
LOG_FOLDER_NAME = re.compile(rf"(?P<stem>.*)-(?P<job_id>{GUID.pattern})-Logs", re.IGNORECASE)

DUPLICATE_RECORDS = "multiple instances of the same single-value property"
"""Part of the message of a ``GenericError`` for two records of one user; its GUID and record ID aren't a user's ID."""


@functools.lru_cache(maxsize=256)
def state_name(number: int) -> str:
    """Return a state's name, such as ``Succeeded`` for 4; ``State 7`` for an undocumented number."""
    return State(number).name if number in State.__members__.values() else f"State {number}"


@functools.lru_cache(maxsize=256)
def error_name(number: int) -> str:
    """Return an error's name, such as ``NoError`` for 0; ``Error 7`` for an undocumented number."""
    return JobError(number).name if number in JobError.__members__.values() else f"Error {number}"


def stem(name: str) -> str:
    """Return a file's name without its extension."""
    return name.rsplit(".", 1)[0]


def log_folder_name(source_name: str, job_id: str) -> str:
    """Return the name of the log folder beside a source file: ``sample-GUID-Logs`` for ``sample.json``."""
    return f"{stem(source_name)}-{job_id}-Logs"
