"""The steps on this machine: the configuration, the certificate, the clock, the folder of our data."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.config.connect import application_of, certificate_of
from analyzer.config.settings import zone_of
from analyzer.doctor.model import Found, Mark
from analyzer.doctor.probe import probe_of_admin_site, probe_of_authority
from analyzer.errors import SignInError, UnreachableError
from analyzer.library.workspace import Workspace
from analyzer.model.text import count, listed, size
from analyzer.storage.files import beside_of, cannot_write
from analyzer.storage.lock import check_lock
from analyzer.tenant.http.transport import trust
from analyzer.tenant.signin.certificate import check_dates, read_certificate, warning_of_end
from analyzer.tenant.signin.entra import LATE, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.doctor.model import Examination
    from analyzer.doctor.probe import Probe

BY_AUTHORITY = frozenset({"certificate", "interactive", "device-code"})
"""The ways to sign in that we ask the authority for."""


def configuration(examination: Examination) -> Found:
    """What is configured.

    Raises:
        UsageError: what the sign-in needs is missing, there is no such time zone, or no certificate to trust.
    """
    subject = examination.subject
    zone_of(subject.tenant.timezone)
    trust(examination.address.ca_file, subject.environment)
    if subject.tenant.auth in BY_AUTHORITY:
        application_of(subject.tenant, examination.address.ca_file)
    where = str(subject.settings.file or "the environment")
    admin = urlsplit(examination.hosts.admin_origin).netloc
    return Found(f"{where}: tenant {subject.name} at {admin}, signed in to by {subject.tenant.auth}")


def clock(examination: Examination) -> Found:
    """Our clock against those of the authority and of the tenant.

    Raises:
        SignInError: it is off by more than Entra forgives.
    """
    ahead: dict[str, float] = {}
    for host, probe in _clocks(examination):
        with suppress(UnreachableError):  # which the step of its own tells
            off = probe(examination).ahead
            if off is not None:
                ahead[host] = off
    for host, off in ahead.items():
        if abs(off) > LATE:
            raise SignInError(
                f"this machine's clock is {span(off)}, by the time of {host}",
                "Set it by a time server: no sign-in is good otherwise.",
            )
    if not ahead:
        return Found("nobody answered who could tell the time", mark=Mark.skipped)
    most = max(abs(off) for off in ahead.values())
    return Found(f"within {count(max(1, round(most)), 'second')} of {listed(ahead)}")


def _clocks(examination: Examination) -> Iterator[tuple[str, Callable[[Examination], Probe]]]:
    """Whom to ask for the time."""
    tenant = examination.subject.tenant
    if tenant.auth in BY_AUTHORITY:
        yield urlsplit(tenant.authority).netloc, probe_of_authority
    yield urlsplit(examination.hosts.admin_origin).netloc, probe_of_admin_site


def certificate(examination: Examination) -> Found:
    """Whether the certificate can be read, is the key's, and is good today.

    Raises:
        UsageError: it is not there, or its password.
        InputError: it cannot be read, or is another key's.
        SignInError: it has ended, or is not good yet.
    """
    subject = examination.subject
    if subject.tenant.auth != "certificate":
        return Found(f"auth = {subject.tenant.auth} needs none", mark=Mark.unneeded)
    read = read_certificate(*certificate_of(subject.settings, subject.tenant, subject.environment))
    now = datetime.fromtimestamp(examination.now(), UTC)
    check_dates(read, now, subject.tenant.client_id)
    left = (read.ends - now).days
    warning = warning_of_end(read, now)
    found = f"{read.path}: the key matches, {count(left, 'day')} left (until {read.ends:%Y-%m-%d})"
    advice = warning.partition(". ")[2]
    return Found(f"{found}, thumbprint {read.thumbprint}", advice, Mark.warning if warning else Mark.good)


def data_folder(examination: Examination) -> Found:
    """Whether we may write where our data lies; a test file is written and removed again.

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
    made = "" if existing == folder.absolute() else ", not there yet"
    return Found(f"{folder}{made}: can be written, {size(free)} free")


def _existing(folder: Path) -> Path:
    """The folder, or what there is that is nearest above it."""
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if path.exists()), folder)
