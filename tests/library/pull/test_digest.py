from __future__ import annotations

import hashlib

import pytest

from analyzer.library.pull import digest as module
from analyzer.library.pull.digest import Digest


@pytest.mark.parametrize("large", [0, 3_000, 1 << 20])
def test_the_hash_is_that_of_all_chunks_in_their_order(monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(module, "_LARGE", large)
    chunks = [bytes([number]) * 1_000 for number in range(100)]
    digest = Digest()
    for chunk in chunks:
        digest.update(chunk)
    assert digest.hexdigest() == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_whoever_gives_up_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 0)
    digest = Digest()
    digest.update(b"a")
    thread = digest._thread
    assert thread is not None
    digest.end()
    assert not thread.is_alive()
