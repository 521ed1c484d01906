"""GenericError: patterns in which the profile store or the way to it gave up; most pass by themselves.

The numbers are SQL Server's and Azure SQL's own (``SqlConfigurableRetryFactory.BaselineTransientErrors`` lists those
that pass), the rest are .NET's exceptions. A ``SqlException`` ends with ``Error Number:1205,State:51,Class:13``.
"""

from __future__ import annotations

from analyzer.catalogue.model import NOT_SEEN, Explanation, Pattern

_AGAIN = "Import the retry file once more."
_SUPPORT = "If it fails again on another day, show the message to Microsoft's support with the job's id."

PATTERNS = (
    Pattern(
        Explanation(
            "GenericError/deadlock",
            "two writers blocked each other in the profile store",
            "Two transactions of the profile store waited for each other (a deadlock), and the database ended this one."
            " What it had written was taken back; nothing is wrong with the record.",
            (
                "Two imports, or an import and the directory's synchronization, wrote at the same time.",
                "Many users of one manager were updated at once.",
            ),
            (_AGAIN, "Queue imports one after the other rather than side by side."),
            "administrator",
            retry_helps=True,
            known_from="SQL Server's error 1205, and Microsoft's account of it in SharePoint Server's profile import;"
            f" {NOT_SEEN}",
        ),
        ("Error Number:1205,", "chosen as the deadlock victim", "was deadlocked on", "deadlock"),
    ),
    Pattern(
        Explanation(
            "GenericError/update-conflict",
            "somebody else changed the profile at the same moment",
            "The profile was changed by somebody else while the import wrote it.",
            ("The user, the directory's synchronization or another import wrote the same profile.",),
            (_AGAIN,),
            "administrator",
            retry_helps=True,
            known_from=f"SQL Server's error 3960 and SharePoint's update conflicts; {NOT_SEEN}",
        ),
        ("update conflict", "save conflict", "ConcurrencyException", "Error Number:3960,"),
    ),
    Pattern(
        Explanation(
            "GenericError/time-out",
            "the profile store took too long",
            "The profile store, or a service on the way to it, did not answer in time. Whether the values were written"
            " all the same is not known; importing a value twice does no harm.",
            ("The store was busy, often by another large import.", "Maintenance of the service."),
            (_AGAIN, "Send large feeds at quiet hours, or only what changed.", _SUPPORT),
            "administrator",
            retry_helps=True,
            known_from=f"SQL Server's errors -2 and 1222, .NET's TimeoutException; {NOT_SEEN}",
        ),
        (
            "Timeout expired",
            "Error Number:-2,",
            "TimeoutException",
            "did not receive a reply within",
            "operation has timed out",
            "operation timed out",
            "request timed out",
            "Lock request time out",
            "Error Number:1222,",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/busy",
            "the profile store was overloaded",
            "The profile store, or its database, turned the write away because it had too much to do.",
            ("Too many imports at once.", "Load by other customers of the service."),
            ("Wait an hour or more, then import the retry file.", "Queue imports one after the other.", _SUPPORT),
            "administrator",
            retry_helps=True,
            known_from=f"Azure SQL's errors 40501, 10928, 10929 and 49918 to 49920, HTTP's status 429; {NOT_SEEN}",
        ),
        (
            "Error Number:40501,",
            "Error Number:10928,",
            "Error Number:10929,",
            "Error Number:49918,",
            "Error Number:49919,",
            "Error Number:49920,",
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
            "The database of the profile store could not be used for a while, as during a move or maintenance.",
            ("Maintenance or a failover of the service.", "The store had no room left."),
            ("Look at the service health in the Microsoft 365 admin center.", "Then import the retry file.", _SUPPORT),
            "vendor",
            retry_helps=True,
            known_from=f"SQL Server's and Azure SQL's errors 40613, 40197, 4060, 3906, 1105, 9002 and 701; {NOT_SEEN}",
        ),
        (
            "Error Number:40613,",
            "Error Number:40197,",
            "Error Number:4060,",
            "Error Number:3906,",
            "Error Number:1105,",
            "Error Number:9002,",
            "Error Number:701,",
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
            "The connection between the import and the profile store could not be made, or broke.",
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
            "Error Number:10053,",
            "Error Number:10054,",
            "Error Number:10060,",
            "Error Number:233,",
            "Error Number:121,",
            "Error Number:64,",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/interrupted",
            "the service broke the work off",
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
)
