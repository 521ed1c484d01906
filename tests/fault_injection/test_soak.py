"""A complete pull through injected faults, each kind at least once; ``benchmarks/pull_faults.py`` is larger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault_injection.faults import Fault, Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran
    from tests.fault_injection.library import Made
    from tests.fault_injection.tenant import FaultyTenant

_SHARE = 0.3


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_pull_comes_through_every_fault(
    upa: Callable[..., Ran], tenant: FaultyTenant, made: Made, tmp_path: Path, seed: int
) -> None:
    tenant.configure(tmp_path)
    tenant.proxy.plan = Plan(seed, _SHARE)
    ran = upa("--json", "pull")
    assert ran.code == 0, ran.err
    assert {seen.fault for seen in tenant.proxy.seen} == {None, *Fault}
    library = tmp_path / "contoso" / "library"
    assert (made.wrong(library), made.foreign(library), ran.json["left_out"]) == ([], [], [])


@pytest.mark.usefixtures("no_waiting")
def test_nothing_is_asked_for_twice_but_for_a_fault(
    upa: Callable[..., Ran], tenant: FaultyTenant, made: Made, tmp_path: Path
) -> None:
    tenant.configure(tmp_path)
    tenant.proxy.plan = Plan(3, _SHARE)
    assert upa("pull").code == 0
    faults = [seen.fault for seen in tenant.proxy.seen if seen.fault not in {None, Fault.SLOW}]
    assert len(tenant.proxy.seen) <= made.least + made.sources + len(faults)
