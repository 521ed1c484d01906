"""Where a person's tokens are kept between two commands: protected by the platform, else a file that is its owner's.

A file for each application of a directory, so that nobody is signed in to a tenant by another one's tokens.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import OutputError
from analyzer.storage.files import cannot_write, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.signin.applicant import Applicant

_LOG = logging.getLogger(__name__)
_OURS_ALONE = 0o600
_EMPTY = "{}"


class TokenCache:
    """The tokens of whoever signed in to an application."""

    def __init__(self, folder: Path, applicant: Applicant, *, protected: Callable[[str], Any] | None = None) -> None:
        """Nothing is read yet.

        Args:
            folder: where caches are; made when there is something to keep.
            applicant: whose.
            protected: makes what stores a text so that the platform protects it, as ``build_encrypted_persistence``
                of msal-extensions does, which is meant by None.
        """
        named = "|".join([applicant.authority.rstrip("/"), applicant.tenant_id, applicant.client_id]).lower()
        self._base = folder / hashlib.sha256(named.encode()).hexdigest()[:16]
        self._protected = protected
        self._store: Any = None
        self._tokens: Any = None

    def open(self) -> Any:  # noqa: ANN401 - msal has no types
        """What msal takes as its cache, with what was kept; a cache that cannot be read is begun anew."""
        import msal

        kinds = msal.TokenCache.CredentialType
        self._tokens = msal.SerializableTokenCache()
        try:
            self._tokens.deserialize(self._read())
            for kind in (kinds.ACCOUNT, kinds.ACCESS_TOKEN, kinds.REFRESH_TOKEN):
                list(self._tokens.search(kind))  # msal looks at the shape of what it holds only when it searches it
        except (ValueError, TypeError, AttributeError, KeyError):
            self._tokens = msal.SerializableTokenCache()
        return self._tokens

    def save(self) -> None:
        """Keeps what msal has learnt since. That it cannot be kept is no reason not to go on."""
        if self._tokens is None or not self._tokens.has_state_changed:
            return
        try:
            self._place().save(self._tokens.serialize())
        except (OSError, OutputError) as error:
            _LOG.warning("the sign-in cannot be kept for the next command: %s", error)

    def forget(self) -> list[str]:
        """Removes all that was kept; returns who was signed in.

        Raises:
            OutputError: the file cannot be removed.
        """
        import msal

        kind = msal.TokenCache.CredentialType.ACCOUNT
        names = sorted({str(account.get("username") or "somebody") for account in self.open().search(kind)})
        store = self._place()
        location = Path(store.get_location())
        try:
            if store.is_encrypted and names:
                store.save(_EMPTY)  # what the platform keeps, beside the file
            location.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(location, error) from error
        return names

    def _read(self) -> str:
        try:
            return str(self._place().load())
        except (OSError, UnicodeDecodeError) as error:  # there is none yet, it is another machine's, or damaged
            _LOG.debug("no sign-in is kept (%s)", type(error).__name__)
            return _EMPTY

    def _place(self) -> Any:  # noqa: ANN401 - msal-extensions has no types
        """What stores the text."""
        if self._store is None:
            self._store = self._protected_place() or _PrivateFile(self._base.with_suffix(".json"))
        return self._store

    def _protected_place(self) -> Any:  # noqa: ANN401 - msal-extensions has no types
        from msal_extensions.persistence import (
            PersistenceDecryptionError,
            PersistenceNotFound,
            build_encrypted_persistence,
        )

        try:
            place = (self._protected or build_encrypted_persistence)(str(self._base.with_suffix(".bin")))
            with suppress(PersistenceNotFound, PersistenceDecryptionError):  # the latter is another machine's
                place.load()
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            # No keyring, or one that nobody unlocked.
            why = (str(error).splitlines() or [type(error).__name__])[0]
            _LOG.debug(
                "tokens are kept in a file of %s that is its owner's alone, not encrypted: %s", self._base.parent, why
            )
            return None
        return place


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
        write_bytes(self._path, text.encode("utf-8"), _OURS_ALONE)
