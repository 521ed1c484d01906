"""Find where each code of a run clusters: in a domain, a kind of ID, or the value of a property, against chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import ALARM, Traits
from analyzer.errors import InputError, UsageError
from analyzer.history.job_facts import MOST_RECORDS, shared_sentence, traits_of
from analyzer.model.identity import identity_key, kind_of
from analyzer.source.id_property import infer_id_property
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.analysis.failures import SharedTrait
    from analyzer.history.load import Tables

_FEWEST = 3
"""The number of users of a code from which it is examined."""

_KNOWN_IDS = 1_000
"""Failed users by whom the ID property of a source file is recognized."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What more users with a code have in common than chance explains.

    Attributes:
        code: the code.
        shared: the value, and the numbers of users.
        of_failures: whether the users with the code were compared with the run's other failures, because the source
            file isn't known; otherwise with all users of the source file.
    """

    code: str
    shared: SharedTrait
    of_failures: bool

    @property
    def sentence(self) -> str:
        """What they have in common: ``9 of the 12 users with IdentityNotResolvable have the domain …``."""
        among = "users who failed" if self.of_failures else "users"
        return shared_sentence(self.shared, f"users with {self.code}", among)


def clusters_of(tables: Tables, job_id: str, source: Path | None) -> list[Cluster]:
    """Return what the users with each code of a run have in common, the least likely first.

    Of runs with random failures, at most one in a hundred (``ALARM``) has a cluster.

    Args:
        tables: the tables of the library.
        job_id: the run.
        source: the source file that it read; None if the library doesn't have it.
    """
    users = tables.users_of(job_id).select("key", "identity", "codes")
    by_code = {
        str(code): frozenset(keys)
        for code, keys in users.explode("codes").group_by("codes").agg("key").sort("codes").iter_rows()
        if len(keys) >= _FEWEST
    }
    if not by_code:
        return []
    population = _of_source(source, users) if source else None
    of_failures = population is None
    traits, everyone = population or _of_failures(tables, job_id, users)
    found = [
        Cluster(code, shared, of_failures)
        for code, keys in by_code.items()
        for shared in everyone.drawn(traits[key] for key in keys if key in traits).shared(ALARM / len(by_code))
    ]
    return sorted(found, key=lambda one: (one.shared.probability, one.code))


def _of_source(source: Path, users: pl.DataFrame) -> tuple[Mapping[str, Mapping[str, str]], Traits] | None:
    """Return the traits of the failed users by key, and those of all users of the source file; None if unknown."""
    failed, everyone = set(users["key"]), Traits()
    traits: dict[str, Mapping[str, str]] = {}
    try:
        name = infer_id_property(source, set(users["key"].head(_KNOWN_IDS))).name
        for record in islice(read_records(source), MOST_RECORDS) if name else ():
            text = record.text(name) or ""
            if key := identity_key(text):
                of_record = traits_of(record, key, text, name, "")
                everyone.add(of_record, failed=False)
                if key in failed:
                    traits[key] = of_record
    except (InputError, UsageError):
        return None
    return (traits, everyone) if traits else None


def _of_failures(tables: Tables, job_id: str, users: pl.DataFrame) -> tuple[Mapping[str, Mapping[str, str]], Traits]:
    """Return the traits of the failed users by key, and the same users as those to compare with."""
    of_entries = tables.scan_entries_of(job_id).filter("names", pl.col("property").is_not_null())
    properties = dict(of_entries.group_by("key").agg(pl.col("property").min()).collect(engine="streaming").iter_rows())
    everyone = Traits()
    traits: dict[str, Mapping[str, str]] = {}
    for key, identity in users.select("key", "identity").iter_rows():
        traits[key] = {
            "domain": key.rpartition("@")[2] if "@" in key else "",
            "kind of ID": kind_of(identity.strip() or identity),
            "property": properties.get(key, ""),
        }
        everyone.add(traits[key], failed=False)
    return traits, everyone
