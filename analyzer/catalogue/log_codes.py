"""Explain log codes, and messages of Json.NET, the service's JSON reader, about a source file.

All codes were seen in logs. Json.NET's messages about a backslash and a quotation mark were seen in threads
(script-samples 476; pnp/powershell 1692, 3981); the others are from its source.
"""

from __future__ import annotations

from datetime import timedelta

from analyzer.catalogue.model import ARTICLE, NOT_SEEN, THREADS, Explanation, Pattern
from analyzer.model.service import LogCode

EXPLANATIONS = (
    Explanation(
        LogCode.IdentityNotResolvable.value,
        "the user is not known to SharePoint",
        "SharePoint has no user profile with this ID. The user's other properties were not written; other users were.",
        (
            "The person has left, or the account was renamed, and the feed still sends the old address.",
            "The account is new and has not reached the user profile store yet.",
            "The IDs are of another kind than the job was queued with (mail, object ID, principal name).",
        ),
        (
            "Look up the ID in Entra ID. Correct or remove it in the feed.",
            "For a new account, wait a day, then import the retry file.",
            "If every user failed, queue again with the right kind of ID.",
        ),
        "feed owner",
        retry_helps=True,
        known_from=ARTICLE,
        retry_after=timedelta(days=1),
    ),
    Explanation(
        LogCode.MissingIdentity.value,
        "a record has no ID",
        "A record of the source file lacks the ID property, so the service doesn't know which user it belongs to.",
        (
            "The job was queued with a wrong name of the ID property (sourceDataIdProperty).",
            "The feed wrote a person without an address.",
        ),
        (
            "Compare the ID property that the job was queued with to the properties in the source file.",
            "Have the feed leave out people without an ID.",
        ),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        LogCode.InvalidProperty.value,
        "a property is not mapped",
        "The source file has a property that the property map lacks. One such property aborts the whole import.",
        ("The feed has a new column.", "The property map lacks it, or spells it differently."),
        ("Add the property to the property map, or take it out of the feed, and import again.",),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        LogCode.DataFileNotJson.value,
        "the source file is not the JSON expected",
        "The service could not read the source file as JSON, and imported nothing.",
        (
            "A backslash that is not doubled, such as in R\\V.",
            "A quotation mark inside a value that is not escaped.",
            "The file was cut off, or is not in the import format.",
        ),
        (
            "Correct the record at the position that the message names, and have the feed escape such characters.",
            "Then import the whole file again: no user was updated.",
        ),
        "feed owner",
        retry_helps=False,
        known_from=f"{ARTICLE}; {THREADS}",
    ),
    Explanation(
        LogCode.GenericError.value,
        "the profile store failed",
        "The profile store failed while it wrote a user. The GUID in the message may not be a user's ID.",
        (
            "Two records lead to the same user.",
            "The store was busy: a deadlock or a time-out.",
            "A value does not fit its property.",
        ),
        (
            "Read the message: it begins with the name of an exception, which says what failed.",
            "Import the retry file once more; if it fails again, show the message to Microsoft's support.",
        ),
        "administrator",
        retry_helps=None,
        known_from=THREADS,
    ),
)

USUAL_MESSAGES = {
    "User identity cannot be resolved": LogCode.IdentityNotResolvable.value,
    "The identity is missing for the user object": LogCode.MissingIdentity.value,
    "is not mapped to any property in the user profile application": LogCode.InvalidProperty.value,
    "Failed to import the custom properties due to an unexpected error": "InternalError",
}
"""The code or error of messages without a code (source: the article; for the last one sp-dev-docs 2414)."""


_WHOLE = "Then import the whole file again: no user was updated."
_JSON_NET = f"Json.NET's own messages; {NOT_SEEN}"

PATTERNS = (
    Pattern(
        Explanation(
            "DataFileNotJson/backslash",
            "a backslash in the source file is not doubled",
            "A value has a backslash before a letter, which has no meaning in JSON. In JSON, a backslash is doubled.",
            ("A department such as R\\V, an account such as CONTOSO\\ada, or a path.",),
            (
                "Double the backslash in the record at the path and position that the message names: R\\\\V.",
                "Create the feed's file with a JSON library, which escapes such characters.",
                _WHOLE,
            ),
            "feed owner",
            retry_helps=False,
            known_from="seen in public threads (script-samples, PnP PowerShell)",
        ),
        ("Bad JSON escape sequence", "Invalid Unicode escape sequence", "while parsing Unicode escape"),
    ),
    Pattern(
        Explanation(
            "DataFileNotJson/quotation-mark",
            "a quotation mark inside a value ends it too early",
            "A value is followed by something that is neither a comma nor a bracket, so the value ends too early.",
            (
                "A quotation mark inside a value without a backslash before it.",
                'A value that ends in a single backslash, as "Sales\\", which hides its closing quotation mark.',
                "A comma is missing between two values.",
            ),
            (
                r"At the named position, write \" for a quotation mark inside a value, and \\ for a backslash.",
                "Create the feed's file with a JSON library, which escapes such characters.",
                _WHOLE,
            ),
            "feed owner",
            retry_helps=False,
            known_from="seen in a public thread (PnP PowerShell)",
        ),
        ("After parsing a value an unexpected character",),
    ),
    Pattern(
        Explanation(
            "DataFileNotJson/cut-off",
            "the source file ends too early",
            "The file ends in the middle of a value or of the list of records.",
            (
                "The file was uploaded, or fetched, before the feed had finished writing it.",
                "A closing quotation mark or bracket is missing.",
            ),
            (
                "Look at the end of the file: it has to end with ]}.",
                "Write the feed's file under another name, and rename it when it is complete.",
                _WHOLE,
            ),
            "feed owner",
            retry_helps=False,
            known_from=_JSON_NET,
        ),
        ("Unterminated string", "Unexpected end"),
    ),
    Pattern(
        Explanation(
            "DataFileNotJson/further-text",
            "the source file goes on after its end",
            "There is more text after the bracket that closes the file.",
            ("Two files were joined, or a file was appended to instead of being replaced.",),
            ("Have the feed write one object with one list of records, and nothing after it.", _WHOLE),
            "feed owner",
            retry_helps=False,
            known_from=_JSON_NET,
        ),
        ("Additional text encountered",),
    ),
    Pattern(
        Explanation(
            "DataFileNotJson/other-form",
            "the source file is JSON, but not in the import format",
            'The file is not of the form {"value": [ … ]} with one flat object a user.',
            (
                "The list of records is at the top, without value around it.",
                "A value is a list or an object: only plain values can be imported.",
            ),
            ('Have the feed write {"value": [{…}, {…}]}, each value a text, a number, true or false.', _WHOLE),
            "feed owner",
            retry_helps=False,
            known_from=_JSON_NET,
        ),
        (
            "is not an object",
            "is not an array",
            "Required property",
            "Cannot deserialize the current JSON",
            "Error reading JObject",
            "Error reading JArray",
            "Error converting value",
            "same name already exists",
            "MaxDepth",
        ),
    ),
    Pattern(
        Explanation(
            "DataFileNotJson/stray-character",
            "the source file has a character where JSON doesn't allow one",
            "At the position in the message, there is a character that JSON doesn't allow.",
            (
                "At line 0 or 1, position 0 or 1: the file isn't JSON, but CSV or a web page, or is in UTF-16.",
                "A value without quotation marks, a bracket of the wrong kind, or a missing colon.",
                "A list or an object as a value: an import doesn't accept multi-value properties.",
            ),
            ("Open the file at the line and position that the message names, and correct it there.", _WHOLE),
            "feed owner",
            retry_helps=False,
            known_from=_JSON_NET,
        ),
        (
            "Unexpected character encountered",
            "Invalid character after parsing property name",
            "Invalid property identifier character",
            "Invalid JavaScript property identifier",
            "not valid for closing JsonType",
            "is not a valid number",
            "is too large to parse",
            "Error parsing",
        ),
    ),
)
