"""Which web a path belongs to: the top one of its site collection, or a subweb."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SITE = re.compile(r"/(?:sites|teams|personal)/[^/]+", re.IGNORECASE)


class Webs:
    """The tenant's webs, by their server-relative paths; any casing."""

    def __init__(self, subwebs: Iterable[str] = ()) -> None:
        """Takes the webs that are no site collection's top one."""
        self._subwebs = sorted(subwebs, key=len, reverse=True)

    def of(self, path: str) -> str:
        """The web of what lies at a path; empty for the root web."""
        if subweb := self._subweb(path):
            return subweb
        return self.top(path)

    def top(self, path: str) -> str:
        """The top web of the site collection of what lies at a path; empty for the root web."""
        site = _SITE.match(path)
        return site[0] if site else ""

    def is_elsewhere(self, site: str, path: str) -> bool:
        """Whether a path is a subweb's below ``site``. The root web answers for everything, see ``walk``."""
        return bool(site) and len(self._subweb(path)) > len(site)

    def _subweb(self, path: str) -> str:
        inside = f"{path}/".lower()
        return next((web for web in self._subwebs if inside.startswith(f"{web.lower()}/")), "")
