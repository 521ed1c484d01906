"""An upload in chunks through injected faults, each kind at least once; ``benchmarks/upload.py`` is larger."""

from __future__ import annotations

import functools
import hashlib
import re
import uuid
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest
import requests

from analyzer.config.connect import connect
from analyzer.config.settings import load_settings
from analyzer.tenant.sharepoint.upload import UploadTarget, upload_file
from analyzer.tenant.sharepoint.webs import Webs, file_call
from tests.fault_injection.faults import Fault, Plan
from tests.fault_injection.tenant import ORIGIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_injection.tenant import FaultyTenant

_SHARE = 0.5
_CHUNK = 1000
_CHUNK_CALL = re.compile(r"/(?:start|continue|finish)Upload\(.*")
_FOLDER = "/Shared Documents"


def _uploaded(tenant: FaultyTenant, tmp_path: Path, content: bytes) -> list[int]:
    """Upload a file; the bytes that were kept."""
    path = tmp_path / "feed.json"
    path.write_bytes(content)
    settings = load_settings(tenant.configure(tmp_path), {}, [])
    session = connect(settings, settings.config.tenants["contoso"], {})
    kept: list[int] = []
    upload_file(
        Webs(session),
        UploadTarget(ORIGIN, _FOLDER, "feed.json"),
        path,
        hashlib.sha256(content).hexdigest(),
        keep=lambda _id, sent: kept.append(sent),
        chunk=_CHUNK,
        new_id=functools.partial(uuid.UUID, int=1),  # the same requests each time, so that the same ones are spoilt
    )
    return kept


def _arrived(tenant: FaultyTenant) -> bytes:
    """The content that the tenant has, without the proxy."""
    with requests.Session() as direct:
        direct.trust_env = False
        call = file_call("", f"{_FOLDER}/feed.json", "/$value")
        headers = {"Authorization": f"Bearer {tenant.ready['token']}"}
        return direct.get(tenant.ready["admin_url"] + call, headers=headers, verify=tenant.ready["ca_file"]).content


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("seed", [2, 3])
def test_an_upload_comes_through_every_fault_and_sends_no_chunk_twice(
    tenant: FaultyTenant, tmp_path: Path, seed: int
) -> None:
    tenant.proxy.plan = Plan(seed, _SHARE)
    content = Random(seed).randbytes(70 * _CHUNK + 1)
    kept = _uploaded(tenant, tmp_path, content)
    assert {seen.fault for seen in tenant.proxy.seen} == {None, *Fault}
    assert _arrived(tenant) == content
    assert kept == list(range(0, len(content), _CHUNK))
    sent = Counter(found[0] for seen in tenant.proxy.seen if (found := _CHUNK_CALL.search(seen.target)))
    assert set(sent.values()) == {1}
    assert sent.total() == 71


class _Throttled:
    """A tenant that throttles every fourth request before it reads it."""

    def __init__(self) -> None:
        self.asked = 0

    def takes(self, _target: str, _now: float) -> bool:
        self.asked += 1
        return self.asked % 4 > 0

    def reset(self, _now: float) -> int:
        return 1

    def headers(self, _now: float) -> dict[str, str]:
        return {}


@pytest.mark.usefixtures("no_waiting")
def test_a_chunk_that_was_throttled_is_sent_again(tenant: FaultyTenant, tmp_path: Path) -> None:
    tenant.proxy.quota = _Throttled()  # type: ignore[assignment]
    content = Random(3).randbytes(20 * _CHUNK)
    _uploaded(tenant, tmp_path, content)
    assert _arrived(tenant) == content
    taken = Counter(
        found[0] for seen in tenant.proxy.seen if seen.status == 200 and (found := _CHUNK_CALL.search(seen.target))
    )
    assert set(taken.values()) == {1}
