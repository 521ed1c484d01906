"""The steps in their order: one that cannot be tried because of an earlier one is said to be skipped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import time as clock
from typing import TYPE_CHECKING

from analyzer.config.connect import address_of
from analyzer.doctor import here, there
from analyzer.doctor.model import Examination, Finding, Mark
from analyzer.errors import AnalyzerError
from analyzer.tenant.http.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.doctor.model import Found, Subject

_LEADS_HERE = re.compile(r"\s*upa-analyzer doctor [^.]*\.")
"""What other commands advise."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    run: Callable[[Examination], Found]
    needs: tuple[str, ...] = ()


_STEPS = (
    _Step("configuration", here.configuration),
    _Step("clock", here.clock),
    _Step("certificate", here.certificate),
    _Step("authority", there.authority),
    _Step("token", there.token, ("certificate", "authority")),
    _Step("admin site", there.admin_site),
    _Step("job list", there.job_list, ("token", "admin site")),
    _Step("library", there.library, ("job list",)),
    _Step("data folder", here.data_folder),
)


def examine(configured: Callable[[], Subject], now: Callable[[], float] | None = None) -> Iterator[Finding]:
    """Walks the way to a tenant; each finding comes when its step is done.

    Args:
        configured: reads the configuration; what it raises is the first step's finding.
        now: seconds since 1970, by our clock, which is meant by None.
    """
    try:
        subject = configured()
        address = address_of(subject.settings, subject.tenant)
        examination = Examination(subject, now or clock, address, Hosts(address))
        first = _STEPS[0].run(examination)
    except AnalyzerError as error:
        yield _bad(_STEPS[0].name, error)
        yield from (Finding(step.name, Mark.skipped, "not tried: the configuration comes first") for step in _STEPS[1:])
        return
    yield Finding(_STEPS[0].name, first.mark, first.found, first.advice)
    for step in _STEPS[1:]:
        yield _walked(step, examination)


def _walked(step: _Step, examination: Examination) -> Finding:
    lacking = next((needed for needed in step.needs if needed not in examination.passed), None)
    if lacking is not None:
        return Finding(step.name, Mark.skipped, f"not tried: the {lacking} comes first")
    try:
        found = step.run(examination)
    except AnalyzerError as error:
        return _bad(step.name, error)
    examination.passed.add(step.name)
    return Finding(step.name, found.mark, found.found, found.advice)


def _bad(step: str, error: AnalyzerError) -> Finding:
    return Finding(step, Mark.bad, error.what, _LEADS_HERE.sub("", error.advice), error.exit_code)
