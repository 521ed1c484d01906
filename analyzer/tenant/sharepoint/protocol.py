"""Addresses of SharePoint's REST calls, as pure functions.

Conventions: https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest
"""

from __future__ import annotations

import re
from urllib.parse import quote

from analyzer.model.service import TENANT_API

_SITE = re.compile(r"/(?:sites|teams|personal)/[^/]+", re.IGNORECASE)
FILE_FIELDS = "?$select=Name,Length,ETag,TimeLastModified"
"""Behind a call on a file: what is to be told of it."""


def tenant_call(name: str) -> str:
    """The path of one of the job calls."""
    return f"{TENANT_API}{name}"


def site_of(path: str) -> str:
    """The server-relative path of the site collection that a path lies in; empty for the root one."""
    site = _SITE.match(path)
    return site[0] if site else ""


def file_call(web: str, path: str, call: str = "") -> str:
    """The path of a call on a file, by its server-relative path: ``/sites/hr/_api/web/getFileBy…('…')/$value``."""
    return f"{quote(web)}/_api/web/getFileByServerRelativePath(decodedUrl='{_argument(path)}'){call}"


def folder_call(web: str, path: str, call: str = "") -> str:
    """The path of a call on a folder, by its server-relative path."""
    return f"{quote(web)}/_api/web/getFolderByServerRelativePath(decodedUrl='{_argument(path)}'){call}"


def web_of_page_call(web: str) -> str:
    """The path of the call that tells which web a page, a file or a folder belongs to."""
    return f"{quote(web)}/_api/SP.Web.GetWebUrlFromPageUrl"


def add_file_call(name: str) -> str:
    """The call on a folder that uploads a file whole, in place of one of that name."""
    return f"/Files/add(overwrite=true,url='{_argument(name)}')"


def _argument(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")
