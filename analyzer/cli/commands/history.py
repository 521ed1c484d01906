"""``upa-analyzer history``: publish the history, check it, rebuild it, or remove from it."""

from __future__ import annotations
