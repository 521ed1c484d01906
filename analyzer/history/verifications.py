"""The table ``verifications``, and what it says of a job in words."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.tables import VERIFICATIONS, table
from analyzer.model.text import grouped
from analyzer.storage.verification_record import all_verifications

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

_DIGITS = 2
"""Significant digits of a share."""


def verifications_in(folder: Path, tenant: str | None) -> pl.DataFrame:
    """Return the table ``verifications`` of a tenant, the oldest first.

    Args:
        folder: with the files of ``storage.verification_record``; may be missing.
        tenant: the host by which the tables name the tenant.
    """
    rows = [
        {"tenant": tenant, "job_id": of_job.job_id, **msgspec.structs.asdict(one)}
        for of_job in all_verifications(folder)
        for one in of_job.verifications
    ]
    return table(rows, VERIFICATIONS).sort("verified_at", "job_id")


def newest_verification(verifications: pl.DataFrame, job_id: str) -> dict[str, Any] | None:
    """Return a job's newest row of the table ``verifications``; None if there is none."""
    rows = verifications.filter(job_id=job_id)
    return rows.row(-1, named=True) if rows.height else None


def verified_sentence(row: Mapping[str, Any], when: str) -> str:
    """Return a row of the table ``verifications`` in words: ``Verified 29 Nov: 200 of 40,000 users read back, …``."""
    return _("Verified {when}: {result}.").format(when=when, result=result_clause(row))


def result_clause(row: Mapping[str, Any]) -> str:
    """Return the result in a clause: ``200 of 40,000 users read back, 0 differ``."""
    text = ngettext("{part} of {whole} user read back", "{part} of {whole} users read back", row["users"])
    differ = _("{number} differ").format(number=grouped(row["differing"]))
    parts = [text.format(part=grouped(row["checked"]), whole=grouped(row["users"])), differ]
    for name, words in _FURTHER.items():
        if row[name]:
            parts.append(f"{grouped(row[name])} {_(words[row[name] != 1])}")
    if row["interrupted"]:
        parts.append(_("interrupted"))
    return ", ".join(parts)


_FURTHER = {
    "missing": (N_("has no profile"), N_("have no profile")),
    "overwritten": (N_("was overwritten by a later import"), N_("were overwritten by a later import")),
    "unclear": (N_("can't be compared for certain"), N_("can't be compared for certain")),
    "not_found": (N_("couldn't be looked up"), N_("couldn't be looked up")),
}


def confidence_sentence(at_most: int, users: int, *, is_exact: bool, are_some_left: bool) -> str:
    """Return what a sample proves of all users.

    Args:
        at_most: the bound of the number of users who differ.
        users: number of all users.
        is_exact: whether all users were compared.
        are_some_left: whether users of the sample couldn't be compared.
    """
    if is_exact:
        return "All users were compared."
    whose = "the users who can be compared" if are_some_left else "all users"
    return f"With 95% confidence, at most {share_text(at_most, users)} of {whose} differ."


def share_text(part: int, whole: int) -> str:
    """Return a share in percent with two digits, rounded up.

    >>> [share_text(593, 40_000), share_text(1, 3_000_000), share_text(3, 3)]
    ['1.5%', '0.000034%', '100%']
    """
    if not part:
        return "0%"
    percent = 100 * part / whole
    digits = max(0, _DIGITS - 1 - floor(log10(percent)))
    return f"{ceil(percent * 10**digits) / 10**digits:.{digits}f}%"
