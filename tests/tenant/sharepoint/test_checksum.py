from __future__ import annotations

import pytest

from analyzer.tenant.sharepoint.checksum import Checksum


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-MD5": "YWJj"}, {"Content-MD5": "no base64"}, {"Repr-Digest": "sha-256=:YWJj:"}, {"Digest": "x"}],
    ids=str,
)
def test_a_hash_that_is_none_counts_as_not_told(headers: dict[str, str]) -> None:
    checksum = Checksum.of(headers)
    checksum.update(b"abc")
    assert checksum.holds()
