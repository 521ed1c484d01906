"""``history forget`` that dies anywhere is finished by the same command: nothing is left, and every count is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_forgetting import ADA, Feed, _jobs, _traces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

STEPS = (
    "analyzer.history.forget.note_rewritten",
    "analyzer.history.forget.redact_log",
    "analyzer.history.forget._remove",
    "analyzer.history.check.ingest",
    "analyzer.history.check._replace",
)


@pytest.mark.parametrize(("step", "call"), [(step, call) for step in STEPS for call in (1, 2)])
def test_a_death_at_any_step_is_repaired_by_the_same_command(  # noqa: PLR0913, PLR0917 - fixtures
    upa: Callable[..., Ran],
    only_tenant: LoopbackTenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    call: int,
) -> None:
    feed = Feed(only_tenant)
    feed.ran(2, ADA, "bob")
    newest = feed.ran(1, ADA, "eve")
    upa("run")
    before, left = _jobs(upa), [call]

    def die(*_: object, **__: object) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    module, _, name = step.rpartition(".")
    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.{name}", _after(die, module, name))
        died = upa("history", "forget", "--user", ADA, "--yes").code == 130
    assert died or call == 2
    assert upa("history", "forget", "--user", ADA, "--yes").code == 0
    assert _traces(tmp_path) == []
    assert _jobs(upa) == before
    assert upa("history", "check").code == 0
    assert upa("retry", newest).code == 0  # no file counts as changed by hand


def _after(die: Callable[..., None], module: str, name: str) -> Callable[..., object]:
    """Return a function that is called as usual, unless the process dies before."""
    import importlib

    holder = importlib.import_module(module)
    usual = getattr(holder, name)

    def called(*words: object, **more: object) -> object:
        die()
        return usual(*words, **more)

    return called
