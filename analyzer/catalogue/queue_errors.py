"""Explain why the calls that queue an import or list jobs are refused. No log has these errors.

The messages are those of the service and of its clients, as seen in public threads.
"""

from __future__ import annotations

from analyzer.catalogue.model import ARTICLE, NOT_SEEN, THREADS, Explanation, Pattern

_CALL = "QueueImportProfileProperties"
_LIST = "GetImportProfilePropertyJobs"
_ADMIN_SITE = "Connect to the admin site, https://TENANT-admin.sharepoint.com, not to the site that holds the file."
_CERTIFICATE = "Sign in with a certificate: SharePoint refuses an application that signs in with a secret."
_PERMISSIONS = (
    "Give the application Sites.FullControl.All and User.ReadWrite.All of SharePoint, not Microsoft Graph's of the same"
    " names, with admin consent."
)
_MAP = "Compare each property of the map with Manage User Properties in the SharePoint admin center."

EXPLANATIONS = (
    Explanation(
        _CALL,
        "the call that starts an import was refused",
        "The service refused the property map when the import was queued, or the client failed before"
        " that. No job was created.",
        (
            "A property of the map does not exist, or is one that cannot be imported.",
            "The application or the person lacks a permission.",
        ),
        (_MAP,),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        _LIST,
        "the list of jobs was refused",
        "The service did not return its list of import jobs. The jobs themselves may have run.",
        ("The application or the person lacks a permission.", "The service's own list has too many items."),
        (_ADMIN_SITE, "Run `upa-analyzer doctor`: it tests each permission."),
        "administrator",
        retry_helps=None,
        known_from=THREADS,
    ),
)

PATTERNS = (
    Pattern(
        Explanation(
            f"{_CALL}/unknown-property",
            "a property does not exist",
            "The property map names properties that the profile store does not have, so the call was refused.",
            ("The name in the map is misspelt.", "The property was never created, or was deleted."),
            ("Correct the name in the property map, or create the property.", _MAP),
            "administrator",
            retry_helps=False,
            known_from=f"{ARTICLE}: the call checks that the properties exist; the message is {NOT_SEEN}",
        ),
        ("do not exist in the user profile application",),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/editable-by-user",
            "a property may be edited by users",
            "The property map names properties that users may edit themselves. An import must not overwrite those, so"
            " the call was refused.",
            ("The property is marked as editable by users in the SharePoint admin center.",),
            (
                "If the feed owns the property, clear its option to let users edit it under Manage User Properties.",
                "Otherwise take the property out of the property map and out of the feed.",
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
            "The property map names properties that take terms of the term store, which an import cannot write. The"
            " service also refuses properties that take several values with this message, even without a term set.",
            ("The property takes several values.", "The property takes terms of the term store."),
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
            "The application or person that queued the import lacks the permission to access profile information.",
            (
                "The application permission User.ReadWrite.All of SharePoint is missing, or has no admin consent.",
                "The person is not a Global Administrator, which the article asks for.",
            ),
            (_PERMISSIONS, _CERTIFICATE),
            "administrator",
            retry_helps=False,
            known_from=f"seen in {THREADS}",
        ),
        (
            "required permissions to access profile information",
            "do not have permission to perform this action or access this resource",
            "Attempted to perform an unauthorized operation",
        ),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/unauthorized",
            "the sign-in of the call was not accepted (401)",
            "The service did not accept the sign-in. No job was created, and no profile was changed.",
            (
                "The client is connected to a site instead of the admin site.",
                "The application signs in with a client secret.",
                "The session has ended.",
            ),
            (_ADMIN_SITE, _CERTIFICATE, "Run `upa-analyzer doctor`: it tests the sign-in and each permission."),
            "administrator",
            retry_helps=False,
            known_from="seen in public threads (office-docs-powershell)",
        ),
        ("(401)", "401 Unauthorized", "Unsupported app only token"),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/forbidden",
            "the call was forbidden (403)",
            "The sign-in was accepted, but it lacks a permission for this call. No job was created.",
            (
                "The client is connected to a site instead of the admin site.",
                "The person lacks the administrator's role, or the application its permissions.",
            ),
            (_ADMIN_SITE, _PERMISSIONS, "Check that the account can write to the folder that the file goes to."),
            "administrator",
            retry_helps=False,
            known_from="seen in public threads (office-docs-powershell)",
        ),
        ("(403)", "403 Forbidden"),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/sign-in",
            "the sign-in was refused by Entra ID",
            "Entra ID refused the sign-in; the number after AADSTS gives the reason. The import was not queued.",
            (
                "A wrong client ID, tenant, or certificate; a missing consent; a Conditional Access policy.",
                "The application that PnP PowerShell used for everyone was deleted in 2024: each tenant needs its own.",
            ),
            (
                "Look up the number in Microsoft's list of AADSTS error codes.",
                "Run `upa-analyzer doctor`: it checks the sign-in step by step.",
            ),
            "administrator",
            retry_helps=False,
            known_from="seen: Microsoft's documentation, public threads",
        ),
        ("AADSTS",),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/not-available",
            "the tenant does not offer the import, or not at the moment",
            "The service answers that the operation is not valid now. In 2016, tenants without the import received this"
            " answer; later reasons are unknown.",
            ("The feature isn't available in the tenant.", "A fault of the service."),
            (
                "Queue the import again in an hour.",
                "If it still fails, open a support request: the import of user profile properties is not available.",
            ),
            "vendor",
            retry_helps=None,
            known_from="seen in a public thread (PnP), of 2016",
        ),
        ("Operation is not valid due to the current state of the object",),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/no-folder",
            "the folder for the source file does not exist",
            "The client could not upload the source file, because the folder does not exist in the site that it is"
            " connected to. No job was created.",
            (
                "The folder's name differs by language or spelling: Shared Documents, Documents.",
                "The client is connected to another site.",
            ),
            ("Specify the folder's path as in its address, relative to the site that you connect to.",),
            "administrator",
            retry_helps=False,
            known_from="PnP PowerShell's source; not seen posted, inferred",
        ),
        ("Folder * does not exist",),
    ),
    Pattern(
        Explanation(
            f"{_CALL}/no-sync-job",
            "the synchronization job of PnP PowerShell could not be created",
            "Sync-PnPSharePointUserProfilesFromAzureActiveDirectory found nothing to import, or the service refused the"
            " call without a reason. No job is known.",
            (
                "No user was given, or no user has a value for the mapped properties.",
                "A property of the map does not exist, or users may edit it.",
            ),
            ("Check that the list of users is not empty, and that they have the properties of the map.", _MAP),
            "administrator",
            retry_helps=False,
            known_from="seen in public threads (PnP PowerShell)",
        ),
        ("Failed to create sync job",),
    ),
    Pattern(
        Explanation(
            f"{_LIST}/list-view-threshold",
            "the service's own list of jobs has too many items",
            "The service keeps import jobs in a list, and refuses to read it because it has more items than its list"
            " view threshold allows. Queueing an import fails, too. Trying again does not help: only Microsoft can"
            " clean the list.",
            ("The tenant has queued thousands of imports.",),
            (
                "Open a support request: GetImportProfilePropertyJobs fails with the list view threshold.",
                "Until then, request single jobs by ID: `upa-analyzer pull --job ID`.",
            ),
            "vendor",
            retry_helps=False,
            known_from="seen in a public thread (PnP PowerShell 3814)",
        ),
        ("list view threshold", "SPQueryThrottledException"),
    ),
)
