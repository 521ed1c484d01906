"""The checks on this machine: the configuration, the certificate, the folder of our data."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.config.connect import application_of, certificate_of
from analyzer.config.settings import zone_of
from analyzer.doctor.model import BY_AUTHORITY, CheckResult, Mark
from analyzer.library.workspace import Workspace
from analyzer.model.text import count, size
from analyzer.storage.files import beside_of, cannot_write
from analyzer.storage.lock import check_lock
from analyzer.tenant.http.transport import trust
from analyzer.tenant.signin.certificate import check_dates, read_certificate, warning_of_end

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.doctor.model import Examination


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
    """Check that we may write to the data folder; a test file is written and removed again.

    Raises:
        OutputError: we may not, or there is another account's lock.
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
