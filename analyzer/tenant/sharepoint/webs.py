"""SharePoint's REST addresses, and requests for a path to the web that holds it.

A path doesn't show where a subweb begins, and the top web of a site collection doesn't return what a subweb holds
(inferred). ``SP.Web.GetWebUrlFromPageUrl`` names the web; a client in production calls it before it reads a log. Here
it is called only if the web that was asked returns nothing, and once for each folder.

Conventions: https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.errors import UnreachableError
from analyzer.model.service import TENANT_API
from analyzer.model.uri import host_of, server_paths
from analyzer.tenant.http.answer import CONCERNS_ALL, SUCCESS, error_of, json_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.session import Session

FILE_FIELDS = "?$select=Name,Length,ETag,TimeLastModified"
"""After a call on a file: the properties to return."""
_SITE = re.compile(r"/(?:sites|teams|personal)/[^/]+", re.IGNORECASE)
_PERHAPS_ELSEWHERE = frozenset({400, 403, 404})


def tenant_call(name: str) -> str:
    """Return the path of one of the job calls."""
    return f"{TENANT_API}{name}"


def site_of(path: str) -> str:
    """Return the server-relative path of a path's site collection; empty for the root one."""
    site = _SITE.match(path)
    return site[0] if site else ""


def file_call(web: str, path: str, call: str = "") -> str:
    """Return the path of a call on a file: ``/sites/hr/_api/web/getFileBy…('…')/$value``."""
    return f"{quote(web)}/_api/web/getFileByServerRelativePath(decodedUrl='{_argument(path)}'){call}"


def folder_call(web: str, path: str, call: str = "") -> str:
    """Return the path of a call on a folder."""
    return f"{quote(web)}/_api/web/getFolderByServerRelativePath(decodedUrl='{_argument(path)}'){call}"


def lists_call(web: str) -> str:
    """Return the path of the call that lists a web's libraries, with their settings and root folders."""
    fields = "Title,ForceCheckout,EnableMinorVersions,EnableModeration,RootFolder/ServerRelativeUrl"
    return f"{quote(web)}/_api/web/lists?$select={fields}&$expand=RootFolder"


def web_of_page_call(web: str) -> str:
    """Return the path of the call that names the web of a page, a file or a folder."""
    return f"{quote(web)}/_api/SP.Web.GetWebUrlFromPageUrl"


def profile_call(name: str, account: str) -> str:
    """Return the path of a call on the profile of an account, ``i:0#.f|membership|ada@contoso.com``."""
    return f"/_api/SP.UserProfiles.PeopleManager/{name}(accountName=@v)?@v='{_argument(account)}'"


def add_file_call(name: str) -> str:
    """Return the call on a folder that adds a file under a name that it doesn't have yet."""
    return f"/Files/addUsingPath(decodedUrl='{_argument(name)}',overwrite=false)"


def _argument(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")


class Webs:
    """The known webs of a tenant. Paths are compared without case. Used by several threads at once.

    Attributes:
        session: of the tenant.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._asking = threading.Lock()
        self._known: dict[tuple[str, str], str] = {}
        self._asked: set[tuple[str, str]] = set()

    def of(self, origin: str, path: str) -> str:
        """Return the server-relative path of the web to ask for ``path``; empty for the root web."""
        parts = path.split("/")
        above = (("/".join(parts[:length])).lower() for length in range(len(parts), 1, -1))
        return next((self._known[origin, web] for web in above if (origin, web) in self._known), site_of(path))

    def call(
        self, method: str, origin: str, path: str, url_at: Callable[[str], str], body: bytes | None = None
    ) -> tuple[Answer, str]:
        """Send a request to the web that holds a path; return the answer and the address that gave it.

        Args:
            method: such as ``GET``.
            origin: of the host.
            path: server-relative, of a file or folder.
            url_at: the address of the request at a web.
            body: as ``Session.call``.

        Raises:
            AnalyzerError: as ``Session.call`` and ``another``.
        """
        web = self.of(origin, path)
        answer = self.session.call(method, url := url_at(web), body)
        other = self.another(answer, origin, path, web)
        if other is not None:
            answer = self.session.call(method, url := url_at(other), body)
        return answer, url

    def another(self, answer: Answer, origin: str, path: str, asked: str) -> str | None:
        """Return the web to ask instead of one that didn't return a file or folder; None if there is none.

        Args:
            answer: of the web that was asked.
            origin: of the host.
            path: server-relative, of the file or folder.
            asked: server-relative path of the web that was asked.

        Raises:
            SignInError: the token is refused.
            UnreachableError: the tenant keeps asking to wait.
        """
        if answer.status not in _PERHAPS_ELSEWHERE:
            return None
        folder = (origin, path.rpartition("/")[0].lower())
        with self._asking:  # one thread asks, and the others use its answer
            if self.of(origin, path) == asked and folder not in self._asked:
                self._asked.add(folder)
                named = self._ask(origin, asked, path)
                if named is not None and named.lower() != asked.lower():
                    self._known[origin, named.lower()] = named
        known = self.of(origin, path)
        return None if known == asked else known

    def _ask(self, origin: str, asked: str, path: str) -> str | None:
        """Return the web that the tenant names; None if it names none that can hold the path."""
        url = origin + web_of_page_call(asked)
        answer = self.session.call("POST", url, json.dumps({"pageFullUrl": origin + path}).encode())
        if answer.status in CONCERNS_ALL:
            raise error_of(answer, url)
        if answer.status not in SUCCESS:
            return None
        try:
            address = str(json_of(answer, url).get("value"))
        except UnreachableError:
            return None  # then the answer of the web that was asked counts
        if f"https://{host_of(address)}".removesuffix(":443") != origin:
            return None
        return next((web for web in server_paths(address) if path.lower().startswith(f"{web.lower()}/")), None)
