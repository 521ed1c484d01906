"""What was removed from a library for good, so that a later pull doesn't bring it back: ``.upa/forgotten.json``."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import msgspec

from analyzer.library.paths import OWN_FOLDER
from analyzer.storage.files import json_bytes, read_json, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

_ADVICE = "Restore it, or move it away: then the next pull brings back what was removed."
_DIGEST = 20


class _Content(msgspec.Struct, omit_defaults=True):
    """The file.

    Attributes:
        salt: of the users' hashes, in hexadecimal; each library has its own.
        users: by hash, the day on which the user was removed.
        jobs: IDs of removed jobs.
        begun: by hash, the text of the pseudonym of users who are being removed, so that a command that finishes an
            interrupted one uses the same; empty afterwards.
    """

    salt: str = ""
    users: dict[str, str] = {}
    jobs: list[str] = []
    begun: dict[str, str] = {}


class Forgotten:
    """Removed users, with only a hash of each, and removed jobs.

    Attributes:
        jobs: IDs of the jobs.
    """

    def __init__(self, root: Path) -> None:
        """Read the file of a library.

        Raises:
            InputError: it is damaged.
        """
        self._path = root / OWN_FOLDER / "forgotten.json"
        self._content = read_json(self._path, _Content, _Content(), _ADVICE)
        self.jobs = frozenset(self._content.jobs)

    @property
    def has_users(self) -> bool:
        """Whether users were removed."""
        return bool(self._content.users)

    def is_user(self, key: str) -> bool:
        """Return whether the user with a key (``identity_key``) was removed."""
        return self._hash(key) in self._content.users

    def add_users(self, keys: Iterable[str], now: datetime) -> None:
        """Note removed users; ``save`` writes it."""
        self._content.salt = self._content.salt or secrets.token_hex(_DIGEST)
        self._content.users |= {self._hash(key): f"{now:%Y-%m-%d}" for key in keys}

    def begin(self, keys: Sequence[str], draw: Callable[[], str]) -> list[str]:
        """Return the texts of the pseudonyms of users, in their order, and note them until ``end``."""
        self._content.begun = {one: self._content.begun.get(one) or draw() for one in map(self._hash, keys)}
        self.save()
        return [*self._content.begun.values()]

    def end(self) -> None:
        """Drop the texts of pseudonyms: then nothing leads back to the users."""
        self._content.begun = {}
        self.save()

    def add_jobs(self, job_ids: Iterable[str]) -> None:
        """Note removed jobs; ``save`` writes it."""
        self.jobs |= frozenset(job_ids)
        self._content.jobs = sorted(self.jobs)

    def save(self) -> None:
        """Write the file.

        Raises:
            OutputError: it can't be written.
        """
        write_bytes(self._path, json_bytes(self._content))

    def _hash(self, key: str) -> str:
        salt = bytes.fromhex(self._content.salt)
        return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=_DIGEST, key=salt).hexdigest()
