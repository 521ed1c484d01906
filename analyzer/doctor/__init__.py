"""The way to a tenant, walked step by step: what each step found, and what to do where it is bad."""

from __future__ import annotations

from analyzer.doctor.model import Finding, Mark, Subject
from analyzer.doctor.walk import examine

__all__ = ["Finding", "Mark", "Subject", "examine"]
