"""Which web holds a path: the top one of its site collection, until the tenant says otherwise.

What lies in a subweb is not its site collection's top web's to give (inferred), and a path does not show where a subweb
begins. ``SP.Web.GetWebUrlFromPageUrl`` tells; a client in production asks it before it reads a log. Here it is asked
only where the web that was taken gives nothing, and once for all that lies in one folder.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from analyzer.errors import UnreachableError
from analyzer.model.uri import host_of, server_paths
from analyzer.tenant.http.answer import CONCERNS_ALL, SUCCESS, error_of, json_of
from analyzer.tenant.sharepoint.protocol import site_of, web_of_page_call

if TYPE_CHECKING:
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.session import Session

_PERHAPS_ELSEWHERE = frozenset({400, 403, 404})


class Webs:
    """What a session has learnt of a tenant's webs. Paths compare without regard to case.

    Attributes:
        asking: held while the tenant is asked, so that of several threads one asks and the others take its answer.
    """

    def __init__(self) -> None:
        self.asking = threading.Lock()
        self._known: dict[tuple[str, str], str] = {}
        self._asked: set[tuple[str, str]] = set()

    def of(self, origin: str, path: str) -> str:
        """The server-relative path of the web to ask for ``path``; empty for the root web."""
        parts = path.split("/")
        above = (("/".join(parts[:length])).lower() for length in range(len(parts), 1, -1))
        return next((self._known[origin, web] for web in above if (origin, web) in self._known), site_of(path))

    def learn(self, origin: str, web: str) -> None:
        """Takes note of a web."""
        self._known[origin, web.lower()] = web

    def is_new(self, origin: str, path: str) -> bool:
        """Whether nobody asked yet for what lies in the folder of ``path``; from now on somebody has."""
        folder = (origin, path.rpartition("/")[0].lower())
        is_new = folder not in self._asked
        self._asked.add(folder)
        return is_new


def another_web(session: Session, answer: Answer, origin: str, path: str, taken: str) -> str | None:
    """The web to ask instead, where the one that was taken could not give a file or folder; None where there is none.

    Args:
        session: of the tenant; ``session.webs`` knows the web afterwards.
        answer: what the web that was taken gave.
        origin: of the host.
        path: server-relative, of the file or folder.
        taken: server-relative path of the web that was asked.

    Raises:
        SignInError: the token is refused.
        UnreachableError: the tenant keeps asking to wait.
    """
    if answer.status not in _PERHAPS_ELSEWHERE:
        return None
    with session.webs.asking:
        if session.webs.of(origin, path) == taken and session.webs.is_new(origin, path):
            told = _told(session, origin, taken, path)
            if told is not None and told.lower() != taken.lower():
                session.webs.learn(origin, told)
    known = session.webs.of(origin, path)
    return None if known == taken else known


def _told(session: Session, origin: str, taken: str, path: str) -> str | None:
    """The web that the tenant names; None where it names none that can hold the path."""
    url = origin + web_of_page_call(taken)
    answer = session.call("POST", url, json.dumps({"pageFullUrl": origin + path}).encode())
    if answer.status in CONCERNS_ALL:
        raise error_of(answer, url)
    if answer.status not in SUCCESS:
        return None
    try:
        address = str(json_of(answer, url).get("value"))
    except UnreachableError:
        return None  # what the web gave, or would not give, stands
    if f"https://{host_of(address)}".removesuffix(":443") != origin:
        return None
    return next((web for web in server_paths(address) if path.lower().startswith(f"{web.lower()}/")), None)
