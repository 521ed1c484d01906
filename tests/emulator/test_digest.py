"""Form digests: needless with a bearer token, but one that is sent has to be good."""

from __future__ import annotations

import re

import pytest

from analyzer.emulator.digest import LIFETIME, Digests
from analyzer.emulator.model import ServiceError
from tests.emulator.client import FOLDER, Client, error_of

STALE = "The security validation for this page is invalid and might be corrupted."
CODE = "-2130575251, Microsoft.SharePoint.SPException"


def test_a_digest_is_good_until_it_is_out_of_date() -> None:
    now = [1_700_000_000.0]
    digests = Digests(b"k" * 32, lambda: now[0])
    digest = digests.issue()
    assert re.fullmatch(r"0x[0-9A-F]{128},14 Nov 2023 22:13:20 -0000", digest)
    now[0] += LIFETIME - 1
    digests.check(digest)
    now[0] += 1
    with pytest.raises(ServiceError, match=CODE) as refused:
        digests.check(digest)
    assert refused.value.status == 403


def test_a_digest_is_nobody_elses() -> None:
    with pytest.raises(ServiceError):
        Digests(b"k" * 32, lambda: 0.0).check(Digests(b"l" * 32, lambda: 0.0).issue())


@pytest.mark.parametrize("digest", ["", "x", ",", "0x00,14 Nov 2023 22:13:20 -0000", "é,é"])
def test_a_wrong_digest_is_told_so_that_a_client_gets_a_new_one(client: Client, digest: str) -> None:
    headers = {"X-RequestDigest": digest}
    answer = client.folder("/Folders/add('new')", method="POST", headers=headers)
    assert error_of(answer)[0] == 403
    assert error_of(answer)[1].startswith(STALE)
    assert answer.json()["odata.error"]["code"] == CODE
    job = {**headers, "Accept": "application/json;odata=verbose"}
    assert client.job_call("GetImportProfilePropertyJobs", headers=job).json()["error"]["code"] == CODE
    assert client.folder(path=f"{FOLDER}/new").status_code == 404
    # Reading needs none, and a new one is got with the old one sent along (seen).
    assert client.folder("/Files", headers=headers).status_code == 200
    fresh = client.send("POST", "/sites/hr/_api/contextinfo", headers=headers).json()["FormDigestValue"]
    made = client.folder("/Folders/add('new')", method="POST", headers={"X-RequestDigest": fresh})
    assert made.status_code == 200
