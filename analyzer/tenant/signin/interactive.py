"""Sign-in of a person, in the browser of this machine or with a code on another one, and the cache of the tokens."""

from __future__ import annotations

import hashlib
import logging
import threading
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from analyzer.errors import OutputError, SignInError
from analyzer.storage.files import cannot_write, write_bytes
from analyzer.tenant.signin.entra_errors import SignInContext
from analyzer.tenant.signin.tokens import AccessToken, CachedTokens, SignInTransport, msal_errors, token_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.signin.entra_errors import Application


_LOG = logging.getLogger(__name__)
_OWNER_ONLY = 0o600
_EMPTY = "{}"
_MINUTES = 5
"""How long to wait for a sign-in in the browser."""

_BROWSER = f"Your browser opens: sign in there within {_MINUTES} minutes."
_PAGE = "<p>You have signed in, and may close this page.</p>"

Way = Literal["interactive", "device-code"]


class InteractiveSignIn(CachedTokens):
    """Tokens of a person, from the cache if it still has them; otherwise the person is asked to sign in."""

    def __init__(
        self,
        application: Application,
        way: Way,
        cache: TokenCache,
        notify: Callable[[str], None],
        policy: ClientPolicy | None = None,
    ) -> None:
        """Prepare the sign-in; send nothing.

        Args:
            application: the application that the person signs in to, and the directory.
            way: by browser or by code.
            cache: stores the person's tokens.
            notify: shows the person a line that says what to do.
            policy: how to wait for the authority.
        """
        super().__init__()
        self._application, self._way, self._cache, self._notify = application, way, cache, notify
        self._http = SignInTransport(application.ca_file, policy)
        self._client: Any = None

    def _ask(self, origin: str, *, fresh: bool) -> AccessToken:
        context = SignInContext(self._application, origin)
        scopes = [f"{origin}/.default"]
        with msal_errors(self._http, self._application.authority, context):
            self._client = self._client or self._new_client()
            answer = self._silent(scopes, fresh=fresh)
            if answer is None:
                ask = self._by_code if self._way == "device-code" else self._by_browser
                answer = ask(scopes)
        self._cache.save()
        return token_in(answer, context)

    def _new_client(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        return msal.PublicClientApplication(
            self._application.client_id,
            authority=self._application.directory_url,
            instance_discovery=False,
            http_client=self._http,
            token_cache=self._cache.open(),
        )

    def _silent(self, scopes: list[str], *, fresh: bool) -> dict[str, Any] | None:
        for account in self._client.get_accounts():
            answer = self._client.acquire_token_silent(scopes, account, force_refresh=fresh)
            if answer is not None:
                return dict(answer)
        return None

    def _by_code(self, scopes: list[str]) -> dict[str, Any]:
        flow = self._client.initiate_device_flow(scopes)
        self._notify(str(flow["message"]))  # an error has none
        return dict(self._client.acquire_token_by_device_flow(flow))

    def _by_browser(self, scopes: list[str]) -> dict[str, Any]:
        self._notify(_BROWSER)
        from msal.oauth2cli.oauth2 import BrowserInteractionTimeoutError

        with _no_traceback_of_a_listener():
            try:
                return dict(
                    self._client.acquire_token_interactive(
                        scopes,
                        prompt="select_account",
                        timeout=_MINUTES * 60,
                        success_template=_PAGE,
                        auth_uri_callback=lambda uri: self._notify(f"No browser could be opened. Open {uri} in one."),
                    )
                )
            except BrowserInteractionTimeoutError as error:
                raise SignInError(
                    f"no one signed in within {_MINUTES} minutes",
                    'On a machine without a browser use auth = "device-code"; unattended, auth = "certificate".',
                ) from error


@contextmanager
def _no_traceback_of_a_listener() -> Iterator[None]:
    """Suppress the traceback of msal's listener, whose thread ends with an exception if there is no answer."""
    earlier = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        last = [frame for frame, _ in traceback.walk_tb(arguments.exc_traceback)][-1:]
        if not any(frame.f_globals.get("__name__") == "msal.oauth2cli.authcode" for frame in last):
            earlier(arguments)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = earlier


class TokenCache:
    """The tokens of people who signed in to an application, kept between two commands.

    They are protected by the platform, or else in a file that only its owner may read. Each application of a directory
    has a file of its own, so that no one is signed in to a tenant with another one's tokens.
    """

    def __init__(
        self, folder: Path, application: Application, *, protected: Callable[[str], Any] | None = None
    ) -> None:
        """Prepare the cache; read nothing.

        Args:
            folder: of the caches; created with the first cache.
            application: the application of the tokens.
            protected: creates a store that the platform protects; None for ``build_encrypted_persistence`` of
                msal-extensions.
        """
        names = "|".join([application.authority.rstrip("/"), application.tenant_id, application.client_id]).lower()
        self._base = folder / hashlib.sha256(names.encode()).hexdigest()[:16]
        self._protected = protected
        self._store: Any = None
        self._tokens: Any = None

    def open(self) -> Any:  # noqa: ANN401 - msal has no types
        """Return msal's cache with the stored tokens; an empty one if they can't be read."""
        import msal

        kinds = msal.TokenCache.CredentialType
        self._tokens = msal.SerializableTokenCache()
        try:
            self._tokens.deserialize(self._read())
            for kind in (kinds.ACCOUNT, kinds.ACCESS_TOKEN, kinds.REFRESH_TOKEN):
                list(self._tokens.search(kind))  # msal checks the shape of its content only when it searches
        except (ValueError, TypeError, AttributeError, KeyError):
            self._tokens = msal.SerializableTokenCache()
        return self._tokens

    def save(self) -> None:
        """Store msal's changes; warn if that isn't possible."""
        if self._tokens is None or not self._tokens.has_state_changed:
            return
        try:
            self._get_store().save(self._tokens.serialize())
        except (OSError, OutputError) as error:
            _LOG.warning("the sign-in can't be kept for the next command: %s", error)

    def forget(self) -> list[str]:
        """Remove the stored tokens; return the names of the accounts.

        Raises:
            OutputError: the file can't be removed.
        """
        import msal

        kind = msal.TokenCache.CredentialType.ACCOUNT
        names = sorted({str(account.get("username") or "unknown") for account in self.open().search(kind)})
        store = self._get_store()
        location = Path(store.get_location())
        try:
            if store.is_encrypted and names:
                store.save(_EMPTY)  # also clears the platform's store
            location.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(location, error) from error
        return names

    def _read(self) -> str:
        try:
            return str(self._get_store().load())
        except (OSError, UnicodeDecodeError) as error:  # missing, another machine's, or damaged
            _LOG.debug("no sign-in is kept (%s)", type(error).__name__)
            return _EMPTY

    def _get_store(self) -> Any:  # noqa: ANN401 - msal-extensions has no types
        if self._store is None:
            self._store = self._protected_store() or _PrivateFile(self._base.with_suffix(".json"))
        return self._store

    def _protected_store(self) -> Any:  # noqa: ANN401 - msal-extensions has no types
        from msal_extensions.persistence import (
            PersistenceDecryptionError,
            PersistenceNotFound,
            build_encrypted_persistence,
        )

        try:
            store = (self._protected or build_encrypted_persistence)(str(self._base.with_suffix(".bin")))
            with suppress(PersistenceNotFound, PersistenceDecryptionError):  # the latter: another machine's
                store.load()
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            # No keyring, or a locked one.
            why = (str(error).splitlines() or [type(error).__name__])[0]
            _LOG.debug(
                "tokens are kept in a file of %s that only its owner may read, not encrypted: %s",
                self._base.parent,
                why,
            )
            return None
        return store


class _PrivateFile:
    """A text in a file that only its owner may read, from its first byte on."""

    is_encrypted = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_location(self) -> str:
        return str(self._path)

    def load(self) -> str:
        return self._path.read_text(encoding="utf-8")

    def save(self, text: str) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes(self._path, text.encode("utf-8"), _OWNER_ONLY)
