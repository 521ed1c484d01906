"""Many clients at once: each change is made by one of them, and the others hear of it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.emulator.client import FOLDER, Client

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENTS = 8
HR = f"{FOLDER}/hr.json"


def _at_once(client: Client, call: Callable[[Client, int], int]) -> Counter[int]:
    def alone(number: int) -> int:
        with Client(client.emulator) as own:
            return call(own, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return Counter(pool.map(alone, range(CLIENTS)))


def _add(client: Client, number: int) -> int:
    call = "/Files/AddUsingPath(DecodedUrl='new.json',Overwrite=false)"
    return client.folder(call, method="POST", body=b"%d" % number * 5000).status_code


def _replace(etag: str) -> Callable[[Client, int], int]:
    def call(client: Client, number: int) -> int:
        body = b"%d" % number * (1 << 20)  # so that writing takes a while
        return client.file("/$value", method="PUT", body=body, headers={"If-Match": etag}).status_code

    return call


def test_one_file_of_a_name_is_added(client: Client) -> None:
    assert _at_once(client, _add) == {200: 1, 400: CLIENTS - 1}
    content = client.file("/$value", path=f"{FOLDER}/new.json").content
    assert len(content) == 5000
    assert len(set(content)) == 1


def test_of_changes_to_one_version_one_is_made(client: Client) -> None:
    assert _at_once(client, _replace(client.file().json()["ETag"])) == {204: 1, 412: CLIENTS - 1}


@pytest.mark.parametrize("call", ["/recycle()", "/deleteObject()"])
def test_a_file_is_removed_once(client: Client, call: str) -> None:
    came = _at_once(client, lambda own, _: own.file(call, method="POST").status_code)
    assert came == {200: 1, 404: CLIENTS - 1}


def test_a_file_is_checked_out_once(client: Client) -> None:
    came = _at_once(client, lambda own, _: own.file("/CheckOut()", method="POST").status_code)
    assert came == {200: 1, 400: CLIENTS - 1}
