"""What .NET says when the profile store refuses a user: the message and, line by line, the stack trace.

The first line of ``duplicate`` was seen in a public thread of 2016, as was that a trace of ``System.Data`` follows.
The rest is inferred: it has the shape of a .NET trace.
"""

from __future__ import annotations

_SQL_TRACE = (
    (
        "   at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, Boolean breakConnection,"
        " Action`1 wrapCloseInAction)"
    ),
    (
        "   at System.Data.SqlClient.TdsParser.ThrowExceptionAndWarning(TdsParserStateObject stateObj,"
        " Boolean callerHasConnectionLock, Boolean asyncClose)"
    ),
    (
        "   at System.Data.SqlClient.SqlCommand.RunExecuteNonQueryTds(String methodName, Boolean async, Int32 timeout,"
        " Boolean asyncWrite)"
    ),
    "   at System.Data.SqlClient.SqlCommand.ExecuteNonQuery()",
)
_IMPORT_TRACE = (
    "   at Microsoft.Office.Server.UserProfiles.ProfileImport.UpdateProfile(Guid userId, IDictionary`2 properties)",
    "   at Microsoft.Office.Server.UserProfiles.ProfileImport.ProcessBatch(IEnumerable`1 users)",
)


def duplicate(record_id: int, connection_id: str) -> list[str]:
    """The failure of a user whose ID the source file has twice; neither number means anything to the customer."""
    message = f"Input data contains multiple instances of the same single-value property for RecordId [{record_id}]"
    return [
        f"System.Data.SqlClient.SqlException (0x80131904): {message}",
        *_SQL_TRACE,
        *_IMPORT_TRACE,
        f"ClientConnectionId:{connection_id}",
        "Error Number:50000,State:1,Class:16",
    ]


def deadlock() -> list[str]:
    """The failure of a user whose profile another writer held (SQL Server's error 1205); nothing of it is written."""
    message = (
        "Transaction (Process ID 64) was deadlocked on lock resources with another process and has been chosen as the"
        " deadlock victim. Rerun the transaction."
    )
    return [
        f"System.Data.SqlClient.SqlException (0x80131904): {message}",
        *_SQL_TRACE,
        *_IMPORT_TRACE,
        "Error Number:1205,State:51,Class:13",
    ]


def too_long(name: str, max_length: int, length: int) -> list[str]:
    """The failure of a user one of whose values is longer than its property takes, in UTF-16 units."""
    return [
        f"System.ArgumentException: Property '{name}' takes at most {max_length} characters; the value has {length}.",
        *_IMPORT_TRACE,
    ]


_FORMATS = {
    "date": (
        "Microsoft.Office.Server.UserProfiles.PropertyInvalidFormatException: Invalid Date Format: Input must match"
        " smalldatetime data type ---> System.FormatException: String was not recognized as a valid DateTime."
    ),
    "boolean": "System.FormatException: String was not recognized as a valid Boolean.",
    "person": (
        "Microsoft.Office.Server.UserProfiles.PropertyInvalidFormatException: Invalid Property Value: Incorrect user"
        " account in property '{name}'."
    ),
}
_NUMBER = "System.FormatException: Input string was not in a correct format."


def wrong_type(name: str, kind: str) -> list[str]:
    """The failure of a user one of whose values is not of its property's type.

    The words for dates were seen of SharePoint Server's own profile import; that an import fails so is inferred.
    """
    return [_FORMATS.get(kind, _NUMBER).format(name=name), *_IMPORT_TRACE]
