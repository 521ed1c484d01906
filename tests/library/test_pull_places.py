"""Where source files and logs are: any library of any web, the admin site's too, and a web's root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.library.mirror import Library
from analyzer.library.pull import pull
from analyzer.tenant.site import Tenant
from tests.conftest import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LoopbackTenant

_PLACES = {
    "in a library of the root site": "/Shared Documents/feed.json",
    "at the root web's root": "/feed.json",
    "at a web's root": "/sites/hr/feed.json",
    "in a folder at a web's root": "/teams/hr/imports/feed.json",
}


@pytest.mark.parametrize("path", _PLACES.values(), ids=_PLACES.keys())
@pytest.mark.parametrize("host", ["the admin site", "the site"])
@pytest.mark.parametrize("tells", ["a log folder", "no log folder"])
def test_a_source_file_and_its_log_are_found_wherever_they_are(  # noqa: PLR0913, PLR0917 - fixtures and cases
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, tmp_path: Path, host: str, path: str, tells: str
) -> None:
    holder = loopback if host == "the admin site" else other_loopback
    folder = path.rpartition("/")[0]
    job_id = loopback.add_job(1, 5, 23, SourceUri=f"{holder.origin}{path}")
    logs = f"{folder}/feed-{job_id}-Logs"
    if tells == "a log folder":
        loopback.jobs[0]["LogFolderUri"] = f"{holder.origin}{logs}"
    holder.files[path] = b'{"value": []}'
    holder.files[f"{logs}/ImportProfileProperties-{job_id}-20240301-101500-123.log"] = b"DataFileNotJson\t\tNo.\r\n"
    tenant = Tenant(loopback.session(other_loopback.origin.removeprefix("https://")))
    pulled = pull(tenant, Library(tmp_path), now=NOW)
    assert (pulled.log_files, pulled.source_files, pulled.left_out) == (1, 1, [])
    library = Library(tmp_path)
    (job,) = library.jobs()
    source = library.source_file(job)
    assert source is not None
    assert source.read_bytes() == b'{"value": []}'
    assert [log.read_bytes() for log in library.log_files(job)] == [b"DataFileNotJson\t\tNo.\r\n"]
