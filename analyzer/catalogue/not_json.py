"""DataFileNotJson: patterns by what Json.NET, the service's JSON reader, complains of.

Those of a backslash and of a quotation mark were seen in threads (script-samples 476; pnp/powershell 1692, 3981); the
others are Json.NET's own messages.
"""

from __future__ import annotations

from analyzer.catalogue.model import NOT_SEEN, Explanation, Pattern

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
                "Have the feed made with a JSON library, which escapes such characters by itself.",
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
            "After a value comes something that is neither a comma nor a bracket: the value ended sooner than meant.",
            (
                "A quotation mark inside a value without a backslash before it.",
                'A value that ends in a single backslash, as "Sales\\", which hides its end.',
                "A comma is missing between two values.",
            ),
            (
                r"Where the message says, write \" for a quotation mark inside a value, and \\ for a backslash.",
                "Have the feed made with a JSON library, which escapes such characters by itself.",
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
                "Have the feed written under another name and renamed when it is whole.",
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
            "After the bracket that closes the file there is more text.",
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
            "a character is in the source file where JSON allows none",
            "At the position that the message names is a character that JSON does not allow there.",
            (
                "At line 0 or 1, position 0 or 1: the file isn't JSON, but CSV or a web page, or is in UTF-16.",
                "A value without quotation marks, a bracket of the wrong kind, a colon that is missing.",
                "A list or an object as a value: an import takes no multi-value property.",
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
