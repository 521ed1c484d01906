"""``QueueImportProfileProperties``, the call that starts an import: why it refuses. Nothing of it gets into a log."""

from __future__ import annotations

from analyzer.logs.catalogue.interface import ARTICLE, THREADS, Explanation, Pattern

_CALL = "QueueImportProfileProperties"

EXPLANATIONS = (
    Explanation(
        _CALL,
        "the call that starts an import was refused",
        "The service looked at the property map when the import was queued, and refused it. No job was made.",
        (
            "A property of the map does not exist, or is one that cannot be imported.",
            "The application or the person lacks a permission.",
        ),
        ("Compare each property of the map with Manage User Properties in the SharePoint admin center.",),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
)

PATTERNS = (
    Pattern(
        Explanation(
            f"{_CALL}/editable-by-user",
            "a property may be edited by users",
            "The property map names properties that users may edit themselves. An import must not overwrite those, so"
            " the call was refused.",
            ("The property is marked as editable by users in the SharePoint admin center.",),
            (
                "If the feed is to own the property, forbid users to edit it, under Manage User Properties.",
                "Otherwise take the property out of the property map.",
            ),
            "administrator",
            retry_helps=False,
            known_from=f"seen: {ARTICLE}, and posts of administrators",
        ),
        ("are editable by",),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/taxonomic-property",
            "a property takes terms, or several values",
            "The property map names properties that take terms of the term store; an import cannot write them. The same"
            " was said of a property with several plain values.",
            ("The property is a taxonomy property, or takes several values.",),
            ("Take the property out of the property map, or map the value to a property with one plain value.",),
            "administrator",
            retry_helps=False,
            known_from="seen in a public thread (sp-dev-docs)",
        ),
        ("are Taxonomic Properties",),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/access-denied",
            "the application may not read and write profiles",
            "The application that queued the import lacks the permission to access profile information.",
            ("The application permission User.ReadWrite.All of SharePoint is missing, or has no admin consent.",),
            (
                "Give it User.ReadWrite.All of SharePoint, not Microsoft Graph's of the same name, with admin consent.",
                "Sign in with a certificate: SharePoint refuses an application that signs in with a secret.",
            ),
            "administrator",
            retry_helps=False,
            known_from=f"seen in {THREADS}",
        ),
        ("required permissions to access profile information",),
    ),
)
