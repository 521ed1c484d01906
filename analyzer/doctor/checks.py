"""All checks in their order, and those on this machine: configuration, certificate, data folder."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time as clock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.config.connect import address_of, application_of, certificate_of
from analyzer.config.settings import zone_of
from analyzer.doctor import tenant_checks
from analyzer.doctor.model import BY_AUTHORITY, CheckResult, Examination, Finding, Mark
from analyzer.errors import AnalyzerError
from analyzer.library.workspace import Workspace
from analyzer.model.text import count, size
from analyzer.storage.files import beside_of, cannot_write
from analyzer.storage.lock import check_lock
from analyzer.tenant.http.session import Hosts
from analyzer.tenant.http.transport import trust
from analyzer.tenant.signin.certificate import check_dates, read_certificate, warning_of_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.doctor.model import Subject


def configuration(examination: Examination) -> CheckResult:
    """Check what is configured.

    Raises:
        UsageError: what the sign-in needs is missing, or the time zone or the certificate authority is invalid.
    """
    subject = examination.subject
    zone_of(subject.tenant.timezone)
    trust(examination.address.ca_file, subject.environment)
    if subject.tenant.auth in BY_AUTHORITY:
        application_of(subject.tenant, examination.address.ca_file)
    where = str(subject.settings.file or "the environment")
    admin = urlsplit(examination.hosts.admin_origin).netloc
    return CheckResult(f"{where}: tenant {subject.name} at {admin}, sign-in by {subject.tenant.auth}")


def certificate(examination: Examination) -> CheckResult:
    """Check that the certificate can be read, matches its key, and is valid today.

    Raises:
        UsageError: it, or its password, is missing.
        InputError: it can't be read, or doesn't match.
        SignInError: it has expired, or is not valid yet.
    """
    subject = examination.subject
    if subject.tenant.auth != "certificate":
        return CheckResult(f"auth = {subject.tenant.auth} needs none", mark=Mark.unneeded)
    read = read_certificate(*certificate_of(subject.settings, subject.tenant, subject.environment))
    now = datetime.fromtimestamp(examination.now(), UTC)
    check_dates(read, now, subject.tenant.client_id)
    left = (read.ends - now).days
    warning = warning_of_end(read, now)
    found = f"{read.path}: the key matches, {count(left, 'day')} left (until {read.ends:%Y-%m-%d})"
    advice = warning.partition(". ")[2]
    return CheckResult(f"{found}, thumbprint {read.thumbprint}", advice, Mark.warning if warning else Mark.good)


def data_folder(examination: Examination) -> CheckResult:
    """Check that the data folder can be written, with a test file.

    Raises:
        OutputError: it can't, or another account holds the lock.
        UsageError: the tenant's name can't be a folder's.
    """
    folder = examination.subject.settings.data
    workspace = Workspace(folder, examination.subject.name)
    existing = _existing(folder)
    beside = beside_of(existing / "doctor")
    try:
        with beside.open("xb"):
            pass
        beside.unlink()
        free = shutil.disk_usage(existing).free
    except OSError as error:
        raise cannot_write(folder, error) from error
    check_lock(workspace.root)
    missing = "" if existing == folder.absolute() else ", not there yet"
    return CheckResult(f"{folder}{missing}: can be written, {size(free)} free")


def _existing(folder: Path) -> Path:
    """Return the folder, or its nearest parent that exists."""
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if path.exists()), folder)


_LEADS_HERE = re.compile(r"\s*upa-analyzer doctor [^.]*\.")
"""Advice of other commands to run this one."""


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    run: Callable[[Examination], CheckResult]
    needs: tuple[str, ...] = ()


_CHECKS = (
    _Check("configuration", configuration),
    _Check("clock", tenant_checks.clock),
    _Check("certificate", certificate),
    _Check("authority", tenant_checks.authority),
    _Check("token", tenant_checks.token, ("certificate", "authority")),
    _Check("admin site", tenant_checks.admin_site),
    _Check("job list", tenant_checks.job_list, ("token", "admin site")),
    _Check("library", tenant_checks.library, ("job list",)),
    _Check("data folder", data_folder),
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
        yield from (Finding(check.name, Mark.skipped, f"depends on the {first.name}") for check in further)
        return
    yield Finding(first.name, result.mark, result.found, result.advice)
    for check in further:
        yield _run(check, examination)


def _run(check: _Check, examination: Examination) -> Finding:
    lacking = next((needed for needed in check.needs if needed not in examination.passed), None)
    if lacking is not None:
        return Finding(check.name, Mark.skipped, f"depends on the {lacking}")
    try:
        result = check.run(examination)
    except AnalyzerError as error:
        return _failure(check.name, error)
    examination.passed.add(check.name)
    return Finding(check.name, result.mark, result.found, result.advice)


def _failure(step: str, error: AnalyzerError) -> Finding:
    return Finding(step, Mark.bad, error.what, _LEADS_HERE.sub("", error.advice), error.exit_code)
