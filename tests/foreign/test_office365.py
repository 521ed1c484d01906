"""Office365-REST-Python-Client, as it comes from its authors, works on the emulator.

It is told addresses and a certificate; the way to the tenant and whom to trust stand in the environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.foreign.office365_jobs import JOBS
from tests.foreign.office365_reading import READING
from tests.foreign.office365_writing import WRITING

if TYPE_CHECKING:
    from tests.foreign.office365_tenant import Asked, Tenant

CALLS = [
    *(pytest.param(asked, id=f"read: {asked.name}") for asked in READING),
    *(pytest.param(asked, id=f"write: {asked.name}") for asked in WRITING),
    *(pytest.param(asked, id=f"jobs: {asked.name}") for asked in JOBS),
]


@pytest.mark.parametrize("asked", CALLS)
def test_a_call_of_the_client_works(tenant: Tenant, asked: Asked) -> None:
    assert asked.call(tenant) == asked.expected
