"""What passes between the steps: whom they examine, what they learnt, what they found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from analyzer.config.connect import tokens_of
from analyzer.tenant.http.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.config.settings import Settings, TenantConfig
    from analyzer.doctor.probe import Probe
    from analyzer.model.job import Job
    from analyzer.tenant.http.hosts import Hosts
    from analyzer.tenant.model import ClientPolicy, TenantAddress, Tokens


class Mark(StrEnum):
    """How a step went."""

    good = "ok"
    warning = "warn"
    bad = "bad"
    skipped = "skipped"
    unneeded = "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step.

    Attributes:
        step: its name.
        mark: how it went.
        found: a clause.
        advice: what to do, sentences; may be empty.
        exit_code: of the contract; 0 where it is not bad.
    """

    step: str
    mark: Mark
    found: str
    advice: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is examined.

    Attributes:
        settings: the configuration.
        name: the tenant's.
        tenant: its table.
        environment: variables.
        tell: shows a person who has to sign in what to do.
        policy: how it behaves towards the tenant and the authority, and who is told of waits.
    """

    settings: Settings
    name: str
    tenant: TenantConfig
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    policy: ClientPolicy


@dataclass(slots=True)
class Examination:
    """What the steps so far have learnt; a step that needs something of it runs only once it is there.

    Attributes:
        subject: who is examined.
        now: seconds since 1970, by our clock.
        address: where the tenant is.
        hosts: its hosts.
        probes: answers to requests without a token, by URL.
        jobs: the job list.
        passed: the steps on which others can build.
    """

    subject: Subject
    now: Callable[[], float]
    address: TenantAddress
    hosts: Hosts
    probes: dict[str, Probe] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    _tokens: Tokens | None = None

    @property
    def tokens(self) -> Tokens:
        """The way to sign in.

        Raises:
            UsageError: the configuration lacks what it needs.
        """
        if self._tokens is None:
            of = self.subject
            self._tokens = tokens_of(of.settings, of.tenant, of.environment, of.tell, of.policy)
        return self._tokens

    def session(self) -> Session:
        """Requests to the tenant."""
        return Session(self.address, self.tokens, self.subject.policy)


@dataclass(frozen=True, slots=True)
class Found:
    """What a step says that went well; ``mark`` may be ``warning`` or ``unneeded``, too."""

    found: str
    advice: str = ""
    mark: Mark = Mark.good
