from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.tenant.signin.certificate import read_certificate, warning_of_end

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=30, seconds=1), ""),
        (timedelta(days=30), "ends in 30 days ("),
        (timedelta(days=1, hours=23), "ends in 1 day ("),
        (timedelta(0), "ends in 0 days ("),
        (timedelta(seconds=-1), ""),
    ],
    ids=str,
)
def test_a_certificate_is_warned_of_in_its_last_30_days(certificates: Path, left: timedelta, words: str) -> None:
    certificate = read_certificate(certificates / "app.pem", None)
    warning = warning_of_end(certificate, certificate.ends - left)
    assert bool(warning) is bool(words)
    assert words in warning
