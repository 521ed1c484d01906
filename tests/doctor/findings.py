"""What ``doctor --json`` told."""

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


def marks(told: dict[str, Any], mark: str) -> list[str]:
    """The steps that have a mark."""
    return [step["step"] for step in told["steps"] if step["mark"] == mark]


def found(told: dict[str, Any], step: str) -> str:
    """What a step found, and its advice."""
    return next(f"{one['found']}. {one['advice']}" for one in told["steps"] if one["step"] == step)
