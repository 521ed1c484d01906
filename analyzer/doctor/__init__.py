"""Checks of configuration, sign-in, and permissions: what each found, and what to do if it failed."""

from __future__ import annotations

from analyzer.doctor.checks import examine
from analyzer.doctor.model import Finding, Mark, Subject

__all__ = ["Finding", "Mark", "Subject", "examine"]
