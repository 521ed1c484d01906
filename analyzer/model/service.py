"""What the service promises: enumerations, limits, names. No I/O, no dependencies.

Numbers and names are those of ``Microsoft.Online.SharePoint.TenantManagement`` (the service's ``$metadata``)
and of the vendor's article "Introducing bulk UPA custom profile properties update API"
(https://learn.microsoft.com/sharepoint/dev/solution-guidance/bulk-user-profile-update-api-for-sharepoint-online).
``docs/reference/facts.md`` says of each fact whether it was seen or inferred.
"""

from __future__ import annotations

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
    """``ImportProfilePropertiesUserIdType``: which directory attribute the ids of a source file are."""

    Email = 0
    CloudId = 1
    PrincipalName = 2


class LogCode(StrEnum):
    """The codes that log entries were seen to have; the service may know others."""

    DataFileNotJson = "DataFileNotJson"
    """The source file isn't valid JSON; the message names a position in it."""
    GenericError = "GenericError"
    """The profile store failed. The Guid need not be a user's ID (seen)."""
    IdentityNotResolvable = "IdentityNotResolvable"
    """The service doesn't find the user by the ID and the ID type of the job."""
    InvalidProperty = "InvalidProperty"
    """A property isn't mapped."""
    MissingIdentity = "MissingIdentity"
    """A record has no ID."""


ENDED = frozenset({State.Succeeded, State.Error})
"""The states that a job does not leave again."""

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
"""The codes of the service's validation: one such entry aborts the import."""

MAX_SOURCE_BYTES = 2 * 1024**3
MAX_PROPERTY_VALUES = 500_000
MAX_BODY_BYTES = 262_144_000
"""What SharePoint takes in one request (250 MiB); a larger file is uploaded in chunks."""

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

DIRECTORY_SYNCED = frozenset(
    {
        "SPS-SavedSID",
        "UserName",
        "AccountName",
        "SPS-ClaimID",
        "SPS-UserPrincipalName",
        "FirstName",
        "LastName",
        "Manager",
        "PreferredName",
        "WorkPhone",
        "WorkEmail",
        "SPS-SIPAddress",
        "Office",
        "Title",
        "SPS-JobTitle",
        "Department",
        "SPS-Department",
        "ADGuid",
        "PublicSiteRedirect",
        "SPS-DistinguishedName",
        "msOnline-ObjectId",
        "SPS-MUILanguages",
        "SPS-HideFromAddressLists",
        "SPS-RecipientTypeDetails",
        "IsUnifiedGroup",
        "IsPublic",
        "SPS-UserType",
        "GroupType",
        "SPO-IsSPO",
    }
)
"""Profile properties that the directory syncs (the vendor's table).

Imports write them in practice, though the vendor's article allows custom ones only; the next directory sync can put the
old value back. So a tool warns about them and refuses nothing.
"""

DUPLICATE_RECORDS = "multiple instances of the same single-value property"
"""Part of the message of a ``GenericError`` for two records of one user; its Guid and its record ID are no user's."""


def state_name(number: int) -> str:
    """``Succeeded`` for 4; an undocumented number as ``State 7``."""
    return State(number).name if number in State.__members__.values() else f"State {number}"


def error_name(number: int) -> str:
    """``NoError`` for 0; an undocumented number as ``Error 7``."""
    return JobError(number).name if number in JobError.__members__.values() else f"Error {number}"


def stem(name: str) -> str:
    """A file's name without its ending; of a name without one, the name."""
    return name.rsplit(".", 1)[0] if "." in name else name


def log_folder_name(source_name: str, job_id: str) -> str:
    """The log folder's name beside a source file: ``sample-GUID-Logs`` for ``sample.json``."""
    return f"{stem(source_name)}-{job_id}-Logs"
