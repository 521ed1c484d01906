"""The types that pass between the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from analyzer.config.settings import Settings, TenantConfig
    from analyzer.model.job import Job
    from analyzer.tenant.http.session import Hosts
    from analyzer.tenant.model import ClientPolicy, TenantAddress, Tokens

BY_AUTHORITY = frozenset({"certificate", "interactive", "device-code"})
"""The ways to sign in that use the authority."""


class Mark(StrEnum):
    """The outcome of a check."""

    good = "ok"
    warning = "warn"
    bad = "bad"
    skipped = "skipped"
    unneeded = "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check, as it is shown.

    Attributes:
        step: the check's name.
        mark: its outcome.
        found: a clause.
        advice: what to do, sentences; may be empty.
        exit_code: of the contract; 0 unless the mark is bad.
    """

    step: str
    mark: Mark
    found: str
    advice: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check returns if it didn't fail; ``mark`` may be ``warning`` or ``unneeded``, too."""

    found: str
    advice: str = ""
    mark: Mark = Mark.good


@dataclass(frozen=True, slots=True)
class Subject:
    """The configured tenant that is examined.

    Attributes:
        settings: the configuration.
        name: the tenant's.
        tenant: its table.
        environment: variables.
        notify: shows a person who has to sign in what to do.
        policy: how to behave towards the tenant and the authority.
    """

    settings: Settings
    name: str
    tenant: TenantConfig
    environment: Mapping[str, str]
    notify: Callable[[str], None]
    policy: ClientPolicy


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer to a request that needs no token.

    Attributes:
        status: HTTP status.
        content: the body if it is a JSON object, else empty.
        ahead: seconds that our clock is ahead of its ``Date``; None if it has none.
        realm: the directory that a challenge names; empty if it names none.
    """

    status: int
    content: Mapping[str, Any]
    ahead: float | None
    realm: str


@dataclass(slots=True)
class Examination:
    """The results of the checks so far.

    Attributes:
        subject: the configured tenant.
        now: seconds since 1970, by our clock.
        address: where the tenant is.
        hosts: its hosts.
        tokens: of the sign-in; None before the check of the token.
        probes: answers to requests without a token, by URL.
        jobs: the job list.
        passed: the checks that others can build on.
    """

    subject: Subject
    now: Callable[[], float]
    address: TenantAddress
    hosts: Hosts
    tokens: Tokens | None = None
    probes: dict[str, Probe] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
