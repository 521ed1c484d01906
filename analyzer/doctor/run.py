"""The checks in their order; one that needs a check that failed is skipped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import time as clock
from typing import TYPE_CHECKING

from analyzer.config.connect import address_of
from analyzer.doctor import local_checks, tenant_checks
from analyzer.doctor.model import Examination, Finding, Mark
from analyzer.errors import AnalyzerError
from analyzer.tenant.http.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.doctor.model import CheckResult, Subject

_LEADS_HERE = re.compile(r"\s*upa-analyzer doctor [^.]*\.")
"""A sentence that other commands advise."""


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    run: Callable[[Examination], CheckResult]
    needs: tuple[str, ...] = ()


_CHECKS = (
    _Check("configuration", local_checks.configuration),
    _Check("clock", tenant_checks.clock),
    _Check("certificate", local_checks.certificate),
    _Check("authority", tenant_checks.authority),
    _Check("token", tenant_checks.token, ("certificate", "authority")),
    _Check("admin site", tenant_checks.admin_site),
    _Check("job list", tenant_checks.job_list, ("token", "admin site")),
    _Check("library", tenant_checks.library, ("job list",)),
    _Check("data folder", local_checks.data_folder),
)


def examine(configured: Callable[[], Subject], now: Callable[[], float] | None = None) -> Iterator[Finding]:
    """Run the checks; yield each finding when its check is done.

    Args:
        configured: reads the configuration; an error that it raises is the first check's finding.
        now: seconds since 1970, by our clock; None for the system's.
    """
    first, *further = _CHECKS
    try:
        subject = configured()
        address = address_of(subject.settings, subject.tenant)
        examination = Examination(subject, now or clock, address, Hosts(address))
        result = first.run(examination)
    except AnalyzerError as error:
        yield _failure(first.name, error)
        yield from (Finding(check.name, Mark.skipped, f"not tried: the {first.name} comes first") for check in further)
        return
    yield Finding(first.name, result.mark, result.found, result.advice)
    for check in further:
        yield _run(check, examination)


def _run(check: _Check, examination: Examination) -> Finding:
    lacking = next((needed for needed in check.needs if needed not in examination.passed), None)
    if lacking is not None:
        return Finding(check.name, Mark.skipped, f"not tried: the {lacking} comes first")
    try:
        result = check.run(examination)
    except AnalyzerError as error:
        return _failure(check.name, error)
    examination.passed.add(check.name)
    return Finding(check.name, result.mark, result.found, result.advice)


def _failure(step: str, error: AnalyzerError) -> Finding:
    return Finding(step, Mark.bad, error.what, _LEADS_HERE.sub("", error.advice), error.exit_code)
