"""Paths of the files that the program brings: inside the package in a wheel, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def templates_folder() -> Path:
    """Return the folder of our report templates."""
    return _carried("report_templates")


def sample_library() -> Path:
    """Return the library that ``demo`` starts from."""
    return _carried("sample_logs")


def _carried(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
