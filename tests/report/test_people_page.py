"""The page of everybody who ever failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.report import people_page as module
from analyzer.report.people_page import people_page
from tests.report.test_index_page import ABORTED, PARTIAL, unpacked

if TYPE_CHECKING:
    import pytest

    from tests.report.conftest import Lines, LittleLibrary


def people(little: LittleLibrary) -> dict[str, list[tuple[Any, ...]]]:
    """By person: the address of each run's page, the codes, and the state, the newest first."""
    data = unpacked(people_page(little.view()).data)
    found, at = {}, 0
    for identity, shown in zip(data["people"], data["shown"], strict=True):
        run, rows = 0, []
        for place in range(at, at + shown):
            run += data["run"][place]
            code = data["codes"][data["code"][place]][0]
            rows.append((data["runs"][run][0], code, data["states"][data["state"][place]]))
        found[identity] = rows
        at += shown
    return found


def test_a_person_has_each_run_that_failed_them_and_whether_they_are_open(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    first = little.job("hr-2026-11-09", PARTIAL, lines.unresolved("ada@contoso.com", "bob@contoso.com"), users=9)
    second = little.job("hr-2026-11-16", PARTIAL, lines.unresolved("ADA@contoso.com"), users=9)
    badges = little.job("badges-2026-11-16", ABORTED, lines.unmapped(["ada@contoso.com"], "Floor"), users=9)
    code = "IdentityNotResolvable"
    found = {identity.lower(): rows for identity, rows in people(little).items()}
    assert set(found["ada@contoso.com"][:2]) == {
        (f"jobs/{second}.html", code, "open"),
        (f"jobs/{badges}.html", "InvalidProperty", "open"),
    }
    assert found["ada@contoso.com"][2:] == [(f"jobs/{first}.html", code, "")]
    assert found["bob@contoso.com"] == [(f"jobs/{first}.html", code, "not failing in later runs")]


def test_after_a_retry_those_it_updated_are_not_open(little: LittleLibrary, lines: type[Lines]) -> None:
    run = little.job("hr-2026-11-16", PARTIAL, lines.unresolved("user1@contoso.com", "user2@contoso.com"), users=9)
    little.retry(run, PARTIAL, lines.unresolved("user2@contoso.com"), seen="2026-11-17T04:00:00+00:00", users=3)
    states = {identity: rows[0][2] for identity, rows in people(little).items()}
    assert states == {"user1@contoso.com": "updated since", "user2@contoso.com": "open"}


def test_the_newest_failures_are_rows_with_reasons(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-16", PARTIAL, lines.unresolved("bob@contoso.com"), users=9)
    newest = little.job("phones-2026-11-23", PARTIAL, lines.unresolved("ada@contoso.com"), users=9)
    page = people_page(little.view())
    assert page.total == 2
    assert [(row.identity, row.feed, row.state) for row in page.newest] == [
        ("ada@contoso.com", "phones", "open"),
        ("bob@contoso.com", "hr", "open"),
    ]
    assert page.newest[0].href == f"jobs/{newest}.html"
    assert page.newest[0].reason == "the user is not known to SharePoint"


def test_the_size_is_bounded_and_the_page_says_what_is_left_out(
    little: LittleLibrary, lines: type[Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(10, 15):
        little.job(f"hr-2026-11-{day}", PARTIAL, lines.unresolved("ada@contoso.com", "bob@contoso.com"), users=9)
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    monkeypatch.setattr(module, "MOST_FAILURES", 6)
    page = people_page(little.view())
    assert page.note == "2 earlier runs are left out, which ran before 12 Nov 2026, 02:00."
    data = unpacked(page.data)
    assert data["count"] == [3, 3]
    assert data["shown"] == [2, 2]
