"""What stands under ``/_api``: by its first segment to the part that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.content import Entity
from analyzer.emulator.digest import LIFETIME
from analyzer.emulator.model import Reply, no_resource, wrong_verb
from analyzer.emulator.profile_calls import PEOPLE_MANAGER
from analyzer.emulator.uris import is_admin_host, split_uri
from analyzer.model.service import TENANT_API

if TYPE_CHECKING:
    from analyzer.emulator.digest import Digests
    from analyzer.emulator.model import Call
    from analyzer.emulator.profile_calls import ProfileCalls
    from analyzer.emulator.tenant_calls import TenantCalls
    from analyzer.emulator.web_calls import WebCalls

_TENANT = TENANT_API.strip("/").split("/")[-1].lower()

_ON_PROFILES = frozenset({_TENANT, PEOPLE_MANAGER})

_READING = frozenset({"sp.web.getweburlfrompageurl"})
"""Static functions that clients call with GET, too (seen)."""
_CONTEXT = ("contextinfo", "sp.web.getcontextwebinformation")


class Api:
    """SharePoint's REST, as far as imports need it."""

    def __init__(
        self, web: WebCalls, admin_web: WebCalls, tenant: TenantCalls, profiles: ProfileCalls, digests: Digests
    ) -> None:
        """Hands on to these.

        Args:
            web: answers for the files of the sites.
            admin_web: answers for those of the admin site, where that is asked by a name of its own.
            tenant: answers the job calls.
            profiles: answers the calls on profiles.
            digests: makes and checks digests.
        """
        self.webs = web.webs
        self._web, self._admin_web = web, admin_web
        self._tenant = tenant
        self._digests = digests
        self._by_first_segment = {
            **dict.fromkeys(("web", "site"), lambda call: self._files(call).answer(call)),
            _TENANT: self._tenant_call,
            PEOPLE_MANAGER: profiles.answer,
            **dict.fromkeys(_CONTEXT, self._context),
        }

    @staticmethod
    def is_on_profiles(call: Call) -> bool:
        """Whether a call needs the permission on user profiles."""
        return bool(call.segments) and call.segments[0].key in _ON_PROFILES

    def answer(self, call: Call) -> Reply:
        """The reply to a call.

        Raises:
            ServiceError: any error that the service answers with.
        """
        first = call.segments[0] if call.segments else None
        if first is None:
            raise no_resource("_api")
        if "x-requestdigest" in call.headers and call.verb != "GET" and first.key not in _CONTEXT:
            self._digests.check(call.headers["x-requestdigest"])
        if first.key in self._by_first_segment:
            return self._by_first_segment[first.key](call)
        return self._static(call)

    def _files(self, call: Call) -> WebCalls:
        return self._admin_web if is_admin_host(split_uri(call.origin)[0]) else self._web

    def _static(self, call: Call) -> Reply:
        name = call.segments[0]
        static = self._files(call).static
        if len(call.segments) > 1 or name.key not in static:
            raise no_resource(name.name)
        if call.verb != "POST" and name.key not in _READING:
            raise wrong_verb(call.verb, name.name)
        return static[name.key](call)

    def _tenant_call(self, call: Call) -> Reply:
        """A job call, on whichever site: a well-known client queues on the connected site's address (seen)."""
        name = call.segments[-1].key
        if len(call.segments) != len((_TENANT, name)) or name not in self._tenant.by_name:
            raise no_resource(call.segments[-1].name)
        if call.verb != "POST":
            raise wrong_verb(call.verb, call.segments[-1].name)
        return self._tenant.by_name[name](call)

    def _context(self, call: Call) -> Reply:
        """``contextinfo``: a bearer token makes digests needless, but clients ask for one before all else (seen)."""
        if call.verb != "POST":
            raise wrong_verb(call.verb, call.segments[-1].name)
        fields = {
            "FormDigestTimeoutSeconds": LIFETIME,
            "FormDigestValue": self._digests.issue(),
            "LibraryVersion": "16.0.0.0",
            "SiteFullUrl": call.origin + call.site,
            "WebFullUrl": call.origin + call.site,
        }
        return Reply(Entity(fields, "GetContextWebInformation", kind="SP.ContextWebInformation"))
