"""A person who signs in: in the browser of this machine, or with a code on another one."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from analyzer.errors import SignInError
from analyzer.tenant.signin.asking import asking, granted
from analyzer.tenant.signin.entra import Named
from analyzer.tenant.signin.held import Granted, HeldTokens
from analyzer.tenant.signin.http import SignInTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.signin.applicant import Applicant
    from analyzer.tenant.signin.cache import TokenCache

_MINUTES = 5
"""How long a browser is waited for."""

_BROWSER = f"Your browser opens: sign in there within {_MINUTES} minutes."
_PAGE = "<p>You have signed in, and may close this page.</p>"

Way = Literal["interactive", "device-code"]


class PersonSignIn(HeldTokens):
    """Tokens in a person's name: without a question where the cache still knows them, else the person is asked."""

    def __init__(
        self,
        applicant: Applicant,
        way: Way,
        cache: TokenCache,
        tell: Callable[[str], None],
        policy: ClientPolicy | None = None,
    ) -> None:
        """Takes whom to ask; nobody is asked yet.

        Args:
            applicant: the application that the person signs in to, and the directory.
            way: by browser or by code.
            cache: where the person's tokens are kept.
            tell: shows the person a line that says what to do.
            policy: how to wait for the authority.
        """
        super().__init__()
        self._applicant, self._way, self._cache, self._tell = applicant, way, cache, tell
        self._http = SignInTransport(applicant.ca_file, policy)
        self._application: Any = None

    def _ask(self, origin: str, *, fresh: bool) -> Granted:
        named = Named(self._applicant, origin)
        scopes = [f"{origin}/.default"]
        with asking(self._http, self._applicant.authority, named):
            self._application = self._application or self._made()
            answer = self._silent(scopes, fresh=fresh)
            if answer is None:
                ask = self._by_code if self._way == "device-code" else self._by_browser
                answer = ask(scopes)
        self._cache.save()
        return granted(answer, named)

    def _made(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        return msal.PublicClientApplication(
            self._applicant.client_id,
            authority=self._applicant.directory_url,
            instance_discovery=False,
            http_client=self._http,
            token_cache=self._cache.open(),
        )

    def _silent(self, scopes: list[str], *, fresh: bool) -> dict[str, Any] | None:
        for account in self._application.get_accounts():
            answer = self._application.acquire_token_silent(scopes, account, force_refresh=fresh)
            if answer is not None:
                return dict(answer)
        return None

    def _by_code(self, scopes: list[str]) -> dict[str, Any]:
        flow = self._application.initiate_device_flow(scopes)
        self._tell(str(flow["message"]))  # which an error has none of
        return dict(self._application.acquire_token_by_device_flow(flow))

    def _by_browser(self, scopes: list[str]) -> dict[str, Any]:
        self._tell(_BROWSER)
        from msal.oauth2cli.oauth2 import BrowserInteractionTimeoutError

        with _no_traceback_of_a_listener():
            try:
                return dict(
                    self._application.acquire_token_interactive(
                        scopes,
                        prompt="select_account",
                        timeout=_MINUTES * 60,
                        success_template=_PAGE,
                        auth_uri_callback=lambda uri: self._tell(f"No browser could be opened. Open {uri} in one."),
                    )
                )
            except BrowserInteractionTimeoutError as error:
                raise SignInError(
                    f"nobody signed in within {_MINUTES} minutes",
                    'On a machine without a browser use auth = "device-code"; unattended, auth = "certificate".',
                ) from error


@contextmanager
def _no_traceback_of_a_listener() -> Iterator[None]:
    """Msal's listener ends its thread by an exception when nobody comes, which Python would print."""
    earlier = threading.excepthook

    def note(arguments: threading.ExceptHookArgs) -> None:
        if not (isinstance(arguments.exc_value, RuntimeError) and "No auth response" in str(arguments.exc_value)):
            earlier(arguments)

    threading.excepthook = note
    try:
        yield
    finally:
        threading.excepthook = earlier
