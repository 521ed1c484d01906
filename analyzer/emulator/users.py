"""The tenant's users: those of ``emulator.json``, or all that the source files name."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from analyzer.emulator.jsonnet import JsonReaderError, read_records
from analyzer.emulator.model import EmulatorError
from analyzer.emulator.profiles import ProfileStore, SettingsError, User
from analyzer.model.service import GUID, LOG_FOLDER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from analyzer.emulator.storage import Storage

_SOURCES = (".json", ".txt")


def load_store(library: Path, settings: Mapping[str, object] | None, storage: Storage) -> ProfileStore:
    """The profiles of a tenant.

    Args:
        library: the folder, for what is said of a setting that is wrong.
        settings: the content of ``emulator.json``; None, or without ``users``, the users are those of the source files.
            Without ``properties`` any property exists.
        storage: where the source files are.

    Raises:
        EmulatorError: the settings are not what they should be.
    """
    try:
        store = ProfileStore.from_settings(settings or {})
    except SettingsError as error:
        raise EmulatorError(f"{library / 'emulator.json'} cannot be used: {error}; fix it, or remove it") from error
    if "users" not in (settings or {}):
        for user in _users(storage):
            store.add_user(user)
    return store


def _users(storage: Storage) -> Iterator[User]:
    """Return the users that the source files name, each once; a record's first property counts as its ID."""
    seen: set[str] = set()
    folders = (folder for folder in storage.walk() if not LOG_FOLDER_NAME.fullmatch(folder.place.name))
    places = chain.from_iterable(sorted(folder.place.iterdir()) for folder in folders)
    for place in places:
        if place.is_file() and place.suffix.lower() in _SOURCES:
            for identity in _identities(place):
                if identity.lower() not in seen:
                    seen.add(identity.lower())
                    yield _user(identity)


def _identities(source: Path) -> Iterator[str]:
    """Up to where a file is not what the service can read: who stands before is known all the same."""
    try:
        for record in read_records(source):
            identity = next(iter(record.values()), None)
            if isinstance(identity, str) and identity.strip():
                yield identity
    except (JsonReaderError, OSError):
        return


def _user(identity: str) -> User:
    object_id = identity if GUID.fullmatch(identity) else str(uuid5(NAMESPACE_URL, identity))
    return User(mail=identity, object_id=object_id, user_principal_name=identity, values={})
