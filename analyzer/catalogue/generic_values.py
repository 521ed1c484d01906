"""GenericError: patterns whose cause is what the source file holds; the feed can mend it.

Phrases are facts: texts and numbers that SQL Server, .NET and SharePoint were seen, or are documented, to write. Of
those only the first was seen in an import's log; each explanation says where it comes from.
"""

from __future__ import annotations

from analyzer.catalogue.model import ARTICLE, NOT_SEEN, Explanation, Pattern
from analyzer.model.service import DUPLICATE_RECORDS

PATTERNS = (
    Pattern(
        Explanation(
            "GenericError/duplicate-record-id",
            "two records belong to the same user",
            "Two records of the source file lead to one profile, and the profile store refuses both values. The"
            " RecordId is a number inside the store, no id of yours.",
            (
                "The feed has the same ID twice, perhaps in different letter case.",
                "Two ids lead to one profile, as an old and a new address of one person.",
            ),
            (
                "Look for IDs that are twice in the source file, in whatever letter case, and keep one of the records.",
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
            "The profile store refused a row because one with the same key is there already.",
            (
                "Two records lead to one profile.",
                "Another import, or the directory's own synchronization, wrote the same user at the same moment.",
            ),
            (
                "Look for IDs that are twice in the source file, and keep one of the records.",
                "Otherwise import the retry file once more, while no other import is at work.",
            ),
            "feed owner",
            retry_helps=None,
            known_from=f"SQL Server's errors 2627 and 2601, SharePoint's UserExistsException; {NOT_SEEN}",
        ),
        (
            "Cannot insert duplicate key",
            "Violation of UNIQUE KEY",
            "Violation of PRIMARY KEY",
            "Error Number:2627,",
            "Error Number:2601,",
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
                "The property was made shorter than the feed needs.",
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
            "Error Number:8152,",
            "Error Number:2628,",
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
            "a value is not of its property's type",
            "A value cannot be read as what its property holds: a date, a number, an address or a yes or no.",
            (
                "A date in the spelling of another country, or an empty text where a date is expected.",
                "A web address without https:// at its front.",
                "Words where a number or true or false is expected.",
            ),
            (
                "Compare the user's values with the types of the properties in the SharePoint admin center.",
                "Have the feed write dates as 2026-11-23, and leave out a value that it does not have.",
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
            "Error Number:241,",
            "Error Number:242,",
            "Error Number:244,",
            "Error Number:245,",
            "Error Number:8114,",
            "Error Number:8115,",
        ),
    ),
    Pattern(
        Explanation(
            "GenericError/value-missing",
            "a value is missing that the profile store needs",
            "The profile store needs a value that the record leaves empty.",
            ("The feed sends an empty value, or null, for a property that must not be empty.",),
            ("Have the feed leave the property out of that user's record, or send a value.",),
            "feed owner",
            retry_helps=False,
            known_from=f"SQL Server's error 515; {NOT_SEEN}",
        ),
        ("Cannot insert the value NULL", "Error Number:515,", "does not allow nulls"),
    ),
    Pattern(
        Explanation(
            "GenericError/property-not-editable",
            "a property cannot be written",
            "The profile store does not let an import write one of the properties.",
            ("The property is read-only, or the directory keeps it in step itself.",),
            ("Take the property out of the property map and out of the feed; set it in Entra ID if it lives there.",),
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
)
