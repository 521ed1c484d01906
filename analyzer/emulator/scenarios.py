"""Scenarios of the local test tenant: each a few differences in how it behaves; they can be combined.

What a scenario changes is read in one place each: ``jobs`` and ``import_run`` (times, ends, logs), ``tenant_calls``
(the job's ID, the length of the job list), ``crowded`` (the library's size), ``webs`` (subwebs), ``tokens``
(strictness), ``states`` (retention, settings of libraries).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from analyzer.emulator.log_styles import in_german, utf_8, utf_16, without_id
from analyzer.emulator.model import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the service behaves.

    Attributes:
        pick_up: service seconds that a job waits as Submitted (an hour at the real service, seen).
        ends: whether jobs leave Processing.
        fails: whether each job ends with InternalError and without a log.
        tells_job_id: whether queueing answers the job's id, and not the empty Guid.
        log_parts: how many steps a log takes to be whole, the job in Processing; 1 for a log that comes at the end.
        log_library: where log folders are made; empty for beside the source file.
        subwebs: the webs that are no site collection's top one.
        words: messages of logs and jobs in the tenant's language.
        line: a log's line.
        encode: a log's bytes.
        is_crowded: whether each document library has more items than a list view shows.
        list_is_too_long: whether the job list is refused for good with the list view threshold.
        forces_checkout: whether libraries force checkout: a new file stays checked out until it is checked in.
        keeps_drafts: whether libraries have minor versions: a new file is a draft until it is published.
        needs_approval: whether libraries approve content: a new file is pending until it is approved.
        is_retained: whether a retention policy is in force for all sites: no folder with content can be removed.
        is_strict: whether tokens are good for one host alone, and none got by a client secret is.
    """

    pick_up: float = 60.0
    ends: bool = True
    fails: bool = False
    tells_job_id: bool = True
    log_parts: int = 1
    log_library: str = ""
    subwebs: tuple[str, ...] = ()
    words: Callable[[str], str] = str
    line: Callable[[str], str] = str
    encode: Callable[[str], bytes] = utf_8
    is_crowded: bool = False
    list_is_too_long: bool = False
    forces_checkout: bool = False
    keeps_drafts: bool = False
    needs_approval: bool = False
    is_retained: bool = False
    is_strict: bool = False


NORMAL: Final = Behaviour()

SCENARIOS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "slow-pick-up": {"pick_up": 3600.0},
        "stuck": {"ends": False},
        "internal-error": {"fails": True},
        "empty-guid": {"tells_job_id": False},
        "nameless-logs": {"line": without_id},
        "growing-logs": {"log_parts": 4},
        "localized": {"words": in_german},
        "utf-16": {"encode": utf_16},
        "logs-elsewhere": {"log_library": "/sites/import-logs/Shared Documents"},
        "logs-in-subweb": {
            "log_library": "/sites/hr/import-logs/Shared Documents",
            "subwebs": ("/sites/hr/import-logs",),
        },
        "large-library": {"is_crowded": True},
        "job-list-too-long": {"list_is_too_long": True},
        "forced-checkout": {"forces_checkout": True},
        "drafts": {"keeps_drafts": True},
        "approval": {"needs_approval": True},
        "retention": {"is_retained": True},
        "strict-tokens": {"is_strict": True},
    }
)
"""What differs from ``NORMAL``, by the name of the scenario."""


def behaviour(scenarios: Iterable[str]) -> Behaviour:
    """Combine scenarios into one behaviour.

    Raises:
        EmulatorError: an unknown scenario.
    """
    changed = NORMAL
    for scenario in scenarios:
        if scenario not in SCENARIOS:
            raise EmulatorError(f"unknown scenario {scenario}; choose from {', '.join(SCENARIOS)}")
        changed = replace(changed, **SCENARIOS[scenario])
    return changed
