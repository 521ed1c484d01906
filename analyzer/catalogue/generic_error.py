"""Explain messages of GenericError; patterns about values come first.

The phrases are texts and numbers that SQL Server, .NET and SharePoint were seen or are documented to write. Only the
first pattern was seen in an import's log; each explanation names its source. The numbers are SQL Server's and Azure
SQL's (``SqlConfigurableRetryFactory.BaselineTransientErrors`` lists the transient ones): a ``SqlException`` ends
with ``Error Number:1205,State:51,Class:13``.
"""

from __future__ import annotations

from datetime import timedelta

from analyzer.catalogue.model import ARTICLE, NOT_SEEN, Explanation, Pattern
from analyzer.model.service import DUPLICATE_RECORDS

_AGAIN = "Import the retry file once more."
_SUPPORT = "If it fails again on another day, show the message to Microsoft's support with the job's ID."


def _sql(*numbers: int) -> tuple[str, ...]:
    """Return the phrases of SQL Server's errors."""
    return tuple(f"Error Number:{number}," for number in numbers)


PATTERNS = (
    # Caused by the source file; the feed can correct it.
    Pattern(
        Explanation(
            "GenericError/duplicate-record-id",
            "two records belong to the same user",
            "Two records of the source file belong to one profile, and the profile store refuses both values. The"
            " RecordId is an internal number of the store, not one of your IDs.",
            (
                "The feed has the same ID twice, perhaps in different letter case.",
                "Two IDs belong to one profile, such as an old and a new address of one person.",
            ),
            (
                "Look for IDs that are twice in the source file, in any letter case, and keep one of the records.",
                "If there are none, send object IDs (CloudId) instead of addresses: each belongs to one user only.",
            ),
            "feed owner",
            retry_helps=False,
            known_from="seen in a log that an administrator published (techmikael.com, 2016)",
        ),
        (DUPLICATE_RECORDS,),
    ),
    Pattern(
        Explanation(
            "GenericError/duplicate-key",
            "the profile store already has such a row",
            "The profile store refused a row because one with the same key exists already.",
            (
                "Two records belong to one profile.",
                "Another import, or the directory's own synchronization, wrote the same user at the same time.",
            ),
            (
                "Look for IDs that are twice in the source file, and keep one of the records.",
                "Otherwise import the retry file once more, while no other import is running.",
            ),
            "feed owner",
            retry_helps=None,
            known_from=f"SQL Server's errors 2627 and 2601, SharePoint's UserExistsException; {NOT_SEEN}",
        ),
        (
            "Cannot insert duplicate key",
            "Violation of UNIQUE KEY",
            "Violation of PRIMARY KEY",
            *_sql(2627, 2601),
            "UserExistsException",
            "DuplicateEntryException",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/value-too-long",
            "a value is longer than its property takes",
            "A value has more characters than its property in the profile store takes.",
            (
                "The feed sends a long text for a property of limited length.",
                "The property's maximum length is less than the feed needs.",
            ),
            (
                "Look for the property's maximum length under Manage User Properties in the SharePoint admin center.",
                "Shorten the value in the feed, or map it to a longer property.",
            ),
            "feed owner",
            retry_helps=False,
            known_from=f"SQL Server's errors 8152 and 2628; {NOT_SEEN}",
        ),
        (
            "would be truncated",
            *_sql(8152, 2628),
            "exceeds the maximum",
            "exceeded the maximum length",
            "maximum length",
            "at most * characters",
            "no more than * characters",
            "is too long",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/invalid-value",
            "a value doesn't have its property's type",
            "A value cannot be read as what its property holds: a date, a number, an address or a yes or no.",
            (
                "A date in another country's format, or an empty text instead of a date.",
                "A web address that doesn't begin with https://.",
                "Text instead of a number, true, or false.",
            ),
            (
                "Compare the user's values with the types of the properties in the SharePoint admin center.",
                "Have the feed write dates as 2026-11-23, and omit empty values.",
            ),
            "feed owner",
            retry_helps=False,
            known_from="SharePoint Server's PropertyInvalidFormatException, as administrators posted it of its own"
            f" profile import, and SQL Server's errors 241 to 245, 8114 and 8115; {NOT_SEEN}",
        ),
        (
            "InvalidFormatException",
            "System.FormatException",
            "InvalidValueException",
            "InvalidCastException",
            "UriFormatException",
            "not recognized as a valid",
            "not in a correct format",
            "Conversion failed when converting",
            "Error converting data type",
            "out-of-range value",
            "SqlDateTime overflow",
            "Arithmetic overflow",
            *_sql(241, 242, 244, 245, 8114, 8115),
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/value-missing",
            "a value that the profile store needs is missing",
            "The profile store needs a value that the record leaves empty.",
            ("The feed sends an empty value, or null, for a property that must not be empty.",),
            ("Have the feed leave the property out of that user's record, or send a value.",),
            "feed owner",
            retry_helps=False,
            known_from=f"SQL Server's error 515; {NOT_SEEN}",
        ),
        ("Cannot insert the value NULL", *_sql(515), "does not allow nulls"),
    ),
    Pattern(
        Explanation(
            "GenericError/property-not-editable",
            "a property cannot be written",
            "The profile store does not let an import write one of the properties.",
            ("The property is read-only, or the directory synchronizes it.",),
            ("Take the property out of the property map and out of the feed; set it in Entra ID if it is kept there.",),
            "administrator",
            retry_helps=False,
            known_from=f"SharePoint's PropertyNotEditableException; {NOT_SEEN}",
        ),
        ("PropertyNotEditableException", "UpdateReadOnlyFieldException"),
    ),
    Pattern(
        Explanation(
            "GenericError/term-not-found",
            "a property takes terms of the term store",
            "A property takes its values from the term store, which an import cannot write.",
            ("A taxonomy property is among those that are mapped.", "The term was renamed, or is in no term set."),
            (
                "Take the property out of the property map and out of the feed.",
                "Map the value to a property of plain text, or set the terms one user at a time.",
            ),
            "administrator",
            retry_helps=False,
            known_from=f"{ARTICLE}: taxonomy properties cannot be imported; the exceptions' names from SharePoint,"
            f" {NOT_SEEN}",
        ),
        ("Microsoft.SharePoint.Taxonomy", "TermStore", "taxonomy", "term store", "term set"),
    ),
    # The profile store or the connection to it failed; most of these failures are temporary.
    Pattern(
        Explanation(
            "GenericError/deadlock",
            "two writers blocked each other in the profile store",
            "Two transactions of the profile store waited for each other (a deadlock), and the database ended this one."
            " Its changes were rolled back; nothing is wrong with the record.",
            (
                "Two imports, or an import and the directory's synchronization, wrote at the same time.",
                "Many users of one manager were updated at once.",
            ),
            (_AGAIN, "Queue imports one after the other rather than at the same time."),
            "administrator",
            retry_helps=True,
            known_from="SQL Server's error 1205, and Microsoft's account of it in SharePoint Server's profile import;"
            f" {NOT_SEEN}",
        ),
        (*_sql(1205), "chosen as the deadlock victim", "was deadlocked on", "deadlock"),
    ),
    Pattern(
        Explanation(
            "GenericError/update-conflict",
            "the profile was changed by another writer at the same time",
            "Another writer changed the profile while the import wrote it.",
            ("The user, the directory's synchronization or another import wrote the same profile.",),
            (_AGAIN,),
            "administrator",
            retry_helps=True,
            known_from=f"SQL Server's error 3960 and SharePoint's update conflicts; {NOT_SEEN}",
        ),
        ("update conflict", "save conflict", "ConcurrencyException", *_sql(3960)),
    ),
    Pattern(
        Explanation(
            "GenericError/time-out",
            "the profile store took too long",
            "The profile store, or a service on the way to it, did not answer in time. Whether the values were written"
            " is unknown; importing a value twice does no harm.",
            ("The store was busy, often by another large import.", "Maintenance of the service."),
            (_AGAIN, "Send large feeds at quiet hours, or only what changed.", _SUPPORT),
            "administrator",
            retry_helps=True,
            known_from=f"SQL Server's errors -2 and 1222, .NET's TimeoutException; {NOT_SEEN}",
        ),
        (
            "Timeout expired",
            *_sql(-2),
            "TimeoutException",
            "did not receive a reply within",
            "operation has timed out",
            "operation timed out",
            "request timed out",
            "Lock request time out",
            *_sql(1222),
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/busy",
            "the profile store was overloaded",
            "The profile store, or its database, refused the write because it was overloaded.",
            ("Too many imports at once.", "Load by other customers of the service."),
            ("Wait an hour or more, then import the retry file.", "Queue imports one after the other.", _SUPPORT),
            "administrator",
            retry_helps=True,
            retry_after=timedelta(hours=1),
            known_from=f"Azure SQL's errors 40501, 10928, 10929 and 49918 to 49920, HTTP's status 429; {NOT_SEEN}",
        ),
        (
            *_sql(40501, 10928, 10929, 49918, 49919, 49920),
            "service is currently busy",
            "server is too busy",
            "ServerTooBusy",
            "Too Many Requests",
            "(429)",
            "throttled",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/unavailable",
            "the profile store was not available",
            "The database of the profile store was unavailable for a while, such as during maintenance.",
            ("Maintenance or a failover of the service.", "The store ran out of space."),
            ("Look at the service health in the Microsoft 365 admin center.", "Then import the retry file.", _SUPPORT),
            "vendor",
            retry_helps=True,
            retry_after=timedelta(hours=1),
            known_from=f"SQL Server's and Azure SQL's errors 40613, 40197, 4060, 3906, 1105, 9002 and 701; {NOT_SEEN}",
        ),
        (
            *_sql(40613, 40197, 4060, 3906, 1105, 9002, 701),
            "is not currently available",
            "Cannot open database",
            "database is read-only",
            "Could not allocate space",
            "transaction log for database",
            "OutOfMemoryException",
            "Service Unavailable",
            "(503)",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/connection-lost",
            "the connection to the profile store broke",
            "The connection between the import and the profile store failed or was interrupted.",
            ("A fault of the service's own network.", "Maintenance or a failover of the service."),
            (_AGAIN, _SUPPORT),
            "vendor",
            retry_helps=True,
            known_from=f"SQL Server's errors 10053, 10054, 10060, 233, 121 and 64, .NET's SocketException; {NOT_SEEN}",
        ),
        (
            "transport-level error",
            "A network-related or instance-specific error",
            "SocketException",
            "EndpointNotFoundException",
            "CommunicationException",
            "CommunicationObjectFaultedException",
            "forcibly closed by the remote host",
            "underlying connection was closed",
            "Unable to connect to the remote server",
            "remote name could not be resolved",
            *_sql(10053, 10054, 10060, 233, 121, 64),
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/interrupted",
            "the service stopped the work",
            "The service stopped in the middle of its work; nothing is wrong with the record.",
            ("The service was restarted or moved.",),
            (_AGAIN, _SUPPORT),
            "vendor",
            retry_helps=True,
            known_from=f".NET's exceptions of cancelled work; {NOT_SEEN}",
        ),
        (
            "OperationCanceledException",
            "TaskCanceledException",
            "ThreadAbortException",
            "task was canceled",
            "operation was canceled",
        ),
    ),
    # The service could not access the profile, or failed in its own code.
    Pattern(
        Explanation(
            "GenericError/access-denied",
            "access to the profile was denied",
            "The service was not allowed to write the profile.",
            (
                "The application or the person that queued the job lacks a permission.",
                "The service's own account was refused for a while.",
            ),
            (
                "Compare the application's permissions with those in docs/sign-in.md.",
                "If they are right, import the retry file once more; if it fails again, ask Microsoft's support.",
            ),
            "administrator",
            retry_helps=None,
            known_from=f".NET's UnauthorizedAccessException and SQL Server's error 229; {NOT_SEEN}",
        ),
        (
            "UnauthorizedAccessException",
            "SecurityException",
            "Access is denied",
            "Access denied",
            "permission was denied",
            "(401)",
            "(403)",
            *_sql(229),
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/user-not-found",
            "the profile could not be found while it was written",
            "The ID was known, but its profile was not there when the import tried to write it.",
            ("The user was deleted in the meantime.", "The account is new, and its profile was still being made."),
            (
                "Look up the user in Entra ID. Remove people who have left from the feed.",
                "Otherwise import the retry file tomorrow.",
            ),
            "feed owner",
            retry_helps=True,
            retry_after=timedelta(days=1),
            known_from=f"SharePoint's UserNotFoundException; {NOT_SEEN}",
        ),
        ("UserNotFoundException",),
    ),
    Pattern(
        Explanation(
            "GenericError/fault-of-the-service",
            "the service failed in its own code",
            "The service's program lacked a value that it expected. The message does not say which.",
            ("A fault of the service.", "An empty or null value that the service does not expect."),
            (
                "Check whether the user's record has an empty or null value; have the feed leave it out.",
                "Otherwise show the message to Microsoft's support with the job's ID.",
            ),
            "vendor",
            retry_helps=None,
            known_from=f".NET's NullReferenceException and similar ones; {NOT_SEEN}",
        ),
        (
            "NullReferenceException",
            "Object reference not set",
            "ArgumentNullException",
            "Value cannot be null",
            "IndexOutOfRangeException",
            "KeyNotFoundException",
        ),
    ),
)
