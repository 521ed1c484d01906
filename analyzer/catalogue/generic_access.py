"""GenericError: patterns in which the service itself could not reach the profile, or failed in its own code."""

from __future__ import annotations

from analyzer.catalogue.model import NOT_SEEN, Explanation, Pattern

PATTERNS = (
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
                "Compare the application's permissions with those in docs/configuration.md.",
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
            "Error Number:229,",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/user-not-found",
            "the profile could not be found while it was written",
            "The id was known, but its profile was not there when the import came to write it.",
            ("The user was deleted in the meantime.", "The account is new, and its profile was still being made."),
            (
                "Look up the user in Entra ID. Remove people who have left from the feed.",
                "Otherwise import the retry file tomorrow.",
            ),
            "feed owner",
            retry_helps=True,
            known_from=f"SharePoint's UserNotFoundException; {NOT_SEEN}",
        ),
        ("UserNotFoundException",),
    ),
    Pattern(
        Explanation(
            "GenericError/fault-of-the-service",
            "the service stumbled over its own code",
            "The service's program expected something to be there that was not. The message does not say what.",
            ("A fault of the service.", "An empty or null value that the service does not expect."),
            (
                "Look whether the user's record has an empty or null value; have the feed leave it out.",
                "Otherwise show the message to Microsoft's support with the job's id.",
            ),
            "vendor",
            retry_helps=None,
            known_from=f".NET's NullReferenceException and its like; {NOT_SEEN}",
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
