"""The text for Microsoft's support: complete, and without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.catalogue import support_request

if TYPE_CHECKING:
    from collections.abc import Sequence

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
SOURCE = "https://contoso.sharepoint.com/sites/hr/Shared%20Documents/src.json"


def text(more: dict[str, str], *, has_log: bool = False, times: Sequence[tuple[str, str]] = ()) -> str:
    """The request for a job that failed; ``more`` replaces what the job has."""
    job = {"job_id": JOB, "tenant": "contoso.sharepoint.com", "state": "Error", "error": "InternalError"}
    return support_request({**job, "source_uri": SOURCE, **more}, has_log=has_log, times=times)


def test_the_text_has_the_details_that_support_requests() -> None:
    lines = text(
        {"error_message": "Failed\nunexpectedly."}, times=[("First seen", "2026-11-28 02:10 UTC")]
    ).splitlines()
    for line in (
        "Tenant:          contoso.sharepoint.com",
        f"Job ID:          {JOB}",
        "State:           Error",
        "Error:           InternalError",
        "Error message:   Failed unexpectedly.",
        "Source file:     https://contoso.sharepoint.com/sites/hr/Shared Documents/src.json",
        "Log:             none was written",
        "First seen:      2026-11-28 02:10 UTC",
    ):
        assert line in lines


def test_unknown_details_are_placeholders() -> None:
    found = support_request({"job_id": JOB}, has_log=False)
    assert [line.partition(":")[0] for line in found.splitlines() if "[fill in" in line] == [
        "Tenant",
        "State",
        "Error",
        "Source file",
        "Queued at",
        "Happened before",
    ]


SECRET = "s3cr%2Ft"
WITH_SECRETS = {
    "a query": f"{SOURCE}?tempauth={SECRET}",
    "a fragment": f"{SOURCE}#{SECRET}",
    "a user name and a password": SOURCE.replace("://", f"://ada:{SECRET}@"),
    "a user name alone": SOURCE.replace("://", f"://{SECRET}@"),
    "a password with a blank": SOURCE.replace("://", f"://ada:{SECRET} x@"),
    "a password with a slash": SOURCE.replace("://", f"://ada:{SECRET}/x@"),
    "a password with an at sign": SOURCE.replace("://", f"://ada:{SECRET}@x@"),
}


@pytest.mark.parametrize("uri", WITH_SECRETS.values(), ids=WITH_SECRETS.keys())
@pytest.mark.parametrize("where", ["source_uri", "log_folder_uri"])
def test_no_secret_of_an_address_is_in_the_text(uri: str, where: str) -> None:
    found = text({where: uri}, has_log=True)
    assert "s3cr" not in found
    assert "ada" not in found
    assert "https://contoso.sharepoint.com/sites/hr/Shared Documents/src.json" in found
