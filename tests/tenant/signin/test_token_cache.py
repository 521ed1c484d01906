from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.errors import OutputError
from analyzer.tenant.signin import Application, TokenCache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APPLICATION = Application("https://login.microsoftonline.com", "t", "c")
_ADMIN = {
    "home_account_id": "a",
    "environment": "login.microsoftonline.com",
    "realm": "t",
    "username": "ada@contoso.com",
}
KEPT = json.dumps({"Account": {"a-login.microsoftonline.com-t": {**_ADMIN, "local_account_id": "a"}}})


class Keyring:
    """What a platform protects: a text beside a file that only signals."""

    is_encrypted = True
    texts: dict[str, str]

    def __init__(self, location: str, texts: dict[str, str], fault: Exception | None = None) -> None:
        self.location, self.texts, self.fault = location, texts, fault

    def get_location(self) -> str:
        return self.location

    def load(self) -> str:
        from msal_extensions.persistence import PersistenceNotFound

        if self.fault is not None:
            raise self.fault
        if self.location not in self.texts:
            raise PersistenceNotFound
        return self.texts[self.location]

    def save(self, text: str) -> None:
        self.texts[self.location] = text


def _unprotected(_location: str) -> Any:  # noqa: ANN401 - never made
    raise ImportError("no libsecret")


def _keep(cache: TokenCache, text: str = KEPT) -> None:
    tokens = cache.open()
    tokens.deserialize(text)
    tokens.has_state_changed = True
    cache.save()


def _names(cache: TokenCache) -> list[str]:
    return [account["username"] for account in cache.open().search("Account")]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the folder's own rights protect it")
def test_without_protection_the_file_is_its_owner_s_alone_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    _keep(TokenCache(folder, APPLICATION, protected=_unprotected))
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert _names(TokenCache(folder, APPLICATION, protected=_unprotected)) == ["ada@contoso.com"]


def test_what_the_platform_protects_is_in_no_file(tmp_path: Path) -> None:
    texts: dict[str, str] = {}
    protected: Callable[[str], Any] = lambda location: Keyring(location, texts)  # noqa: E731
    _keep(TokenCache(tmp_path, APPLICATION, protected=protected))
    assert list(tmp_path.iterdir()) == []
    assert _names(TokenCache(tmp_path, APPLICATION, protected=protected)) == ["ada@contoso.com"]


def test_what_another_machine_encrypted_is_begun_anew(tmp_path: Path) -> None:
    from msal_extensions.persistence import PersistenceDecryptionError

    texts: dict[str, str] = {}
    foreign: Callable[[str], Any] = lambda location: Keyring(location, texts, PersistenceDecryptionError())  # noqa: E731
    _keep(TokenCache(tmp_path, APPLICATION, protected=foreign))
    assert (list(tmp_path.iterdir()), len(texts)) == ([], 1)


@pytest.mark.parametrize(
    "fault", [OSError("locked"), OSError(), RuntimeError("no service"), ValueError("no bus")], ids=repr
)
def test_a_locked_keyring_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Exception) -> None:
    locked: Callable[[str], Any] = lambda location: Keyring(location, {}, fault)  # noqa: E731
    with caplog.at_level("DEBUG"):
        _keep(TokenCache(tmp_path, APPLICATION, protected=locked))
    assert [file.suffix for file in tmp_path.iterdir()] == [".json"]
    assert "not encrypted" in caplog.text


@pytest.mark.parametrize("other", [("https://login.microsoftonline.us", "t", "c"), ("", "u", "c"), ("", "t", "d")])
def test_each_application_of_each_directory_has_a_cache_of_its_own(tmp_path: Path, other: tuple[str, ...]) -> None:
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    authority, directory, client_id = other
    application = Application(authority or APPLICATION.authority, directory, client_id)
    assert _names(TokenCache(tmp_path, application, protected=_unprotected)) == []


def test_however_its_names_are_spelled_an_application_has_one_cache(tmp_path: Path) -> None:
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    spelled = Application("https://Login.MicrosoftOnline.com/", "T", "C")
    assert _names(TokenCache(tmp_path, spelled, protected=_unprotected)) == ["ada@contoso.com"]


def test_where_nothing_was_learnt_nothing_is_written(tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, APPLICATION, protected=_unprotected)
    cache.open()
    cache.save()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\0", b"\xff", b'{"Account": 5}', b'{"Account": {"a": 5}}'),
        *(b'{"AccessToken": {"a": {}}}', b'{"RefreshToken": []}'),
    ],
)
def test_a_damaged_cache_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert TokenCache(tmp_path, APPLICATION, protected=_unprotected).open().serialize() == "{}"
    cache = TokenCache(tmp_path, APPLICATION, protected=_unprotected)
    _keep(cache)
    assert _names(cache) == ["ada@contoso.com"]


@pytest.mark.parametrize(
    "content", [b"null", b"[]", b'{"Account": []}', b'{"RefreshToken": {"a": 5}}', b"\xff\xfe{}"], ids=repr
)
def test_a_damaged_cache_is_empty_and_can_be_signed_out_of(tmp_path: Path, content: bytes) -> None:
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    cache = TokenCache(tmp_path, APPLICATION, protected=_unprotected)
    found = [list(cache.open().search(kind)) for kind in ("Account", "RefreshToken", "AccessToken")]
    assert (found, cache.forget(), list(tmp_path.iterdir())) == ([[], [], []], [], [])


def test_signing_out_forgets_who_was_signed_in_and_leaves_nothing(tmp_path: Path) -> None:
    texts: dict[str, str] = {}
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    cache = TokenCache(tmp_path, APPLICATION, protected=_unprotected)
    assert (cache.forget(), cache.forget(), list(tmp_path.iterdir())) == (["ada@contoso.com"], [], [])
    ring = TokenCache(tmp_path, APPLICATION, protected=lambda location: Keyring(location, texts))
    _keep(ring)
    assert (ring.forget(), set(texts.values())) == (["ada@contoso.com"], {"{}"})
    texts.clear()
    assert (ring.forget(), texts) == ([], {})


def test_an_account_without_a_name_was_somebody_s(tmp_path: Path) -> None:
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected), KEPT.replace("ada@contoso.com", ""))
    assert TokenCache(tmp_path, APPLICATION, protected=_unprotected).forget() == ["unknown"]


def test_an_unwritable_folder_doesn_t_stop_the_command(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "tokens").touch()
    _keep(TokenCache(tmp_path / "tokens", APPLICATION, protected=_unprotected))
    assert "can't be kept" in caplog.text
    with pytest.raises(OutputError):
        TokenCache(tmp_path / "tokens", APPLICATION, protected=_unprotected).forget()


def test_an_unreplaceable_file_doesn_t_stop_the_command(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    (file,) = tmp_path.iterdir()
    file.unlink()
    file.mkdir()
    _keep(TokenCache(tmp_path, APPLICATION, protected=_unprotected))
    assert "can't be kept" in caplog.text
