"""What ``doctor --json`` findings."""

from __future__ import annotations

from typing import Any

STEPS = (
    "configuration",
    "clock",
    "certificate",
    "authority",
    "token",
    "admin site",
    "job list",
    "library",
    "data folder",
)


def marks(findings: dict[str, Any], mark: str) -> list[str]:
    """The steps that have a mark."""
    return [step["step"] for step in findings["steps"] if step["mark"] == mark]


def found(findings: dict[str, Any], step: str) -> str:
    """What a step found, and its advice."""
    return next(f"{one['found']}. {one['advice']}" for one in findings["steps"] if one["step"] == step)
