"""Say what IDs are among the users of a directory export: found, renamed, deleted, misspelt, unknown, and so on.

The order of the tests follows ShareGate's and Entra Connect's: the ID itself, the same user's other IDs, further
addresses, deleted users, outside addresses of guests, contact addresses, one letter's difference. The last two prove
nothing, so they are only suggested. Neither does an address that several users have under any kind, as the address of
someone who left is often given to a colleague or a shared mailbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analyzer.directory.misspelt import one_letter_away
from analyzer.directory.model import LOOKED_UP, RESOLUTIONS, Attribute, Directory, KeyKind, Match, Resolution
from analyzer.directory.users import guids_of, keys_of
from analyzer.model.service import IdType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MOST_MISSPELT = 20_000
"""Unknown IDs up to which users with almost the same one are looked for: with more, the export is another tenant's."""

_EXACT, _OTHER_KIND, _ALIAS, _DELETED, _OUTSIDE, _CONTACT = range(6)
"""The order of the tests."""
_ADDRESSES = (KeyKind.principal_name, KeyKind.mail, KeyKind.primary)

_WANTED: Final = {
    IdType.PrincipalName: pl.col("principal_name"),
    IdType.Email: pl.col("mail"),
    IdType.CloudId: pl.col("object_id"),
    # Without the ID type, an address is an ID only if it is both.
    None: pl.when(pl.col("kind") == int(KeyKind.object_id))
    .then("object_id")
    .when(pl.col("principal_name").str.to_lowercase() == pl.coalesce("mail", "principal_name").str.to_lowercase())
    .then("principal_name"),
}


def healthy_keys(directory: Directory, id_type: IdType | None) -> frozenset[str]:
    """Return the keys (``identity_key``) of IDs that ``resolve`` would call found."""
    fine = directory.users.select(
        ~pl.col("deleted")
        & pl.col("enabled").fill_null(value=True)
        & (pl.col("guest") | pl.col("licensed").fill_null(value=True))
    ).to_series()
    live = directory.users["deleted"].not_()
    wanted = directory.keys.filter(pl.col("kind").is_in([int(kind) for kind in LOOKED_UP[id_type]]))
    wanted = wanted.filter(live.gather(wanted["user"]))
    distinct = wanted.select("key", "user").unique()
    several = distinct.filter(distinct["key"].is_duplicated())
    distinct = distinct.filter(fine.gather(distinct["user"]))
    keys = frozenset(distinct["key"].to_list())
    return keys - frozenset(several["key"].to_list()) if len(several) else keys


def resolve(identities: pl.Series, directory: Directory, id_type: IdType | None = None) -> pl.DataFrame:
    """Say what each ID is among the users of an export.

    Args:
        identities: IDs of a feed or a log.
        directory: the export.
        id_type: of the job; None if unknown: then each kind of ID counts as the right one.

    Returns:
        A table ``RESOLUTIONS``, in the order of the IDs.
    """
    asked = (
        pl.DataFrame({"identity": identities.cast(pl.String), "key": keys_of(identities)})
        .with_row_index("index")
        .with_columns(guids_of(pl.col("key")).alias("key"))
    )
    best = _best(asked, directory, id_type)
    left = asked.join(best, on="index", how="anti")
    misspelt = _misspelt(left, directory, id_type)
    left = left.join(misspelt, on="index", how="anti").select("index", match=pl.lit(Match.unknown.value))
    every = pl.concat([best, misspelt, left], how="diagonal")
    return (
        asked.join(every, on="index", how="left", maintain_order="left")
        .with_columns(pl.col("proof").fill_null("not in the directory export"))
        .select(pl.col(name).cast(kind) for name, kind in RESOLUTIONS.items())
    )


def resolutions(identities: Iterable[str], directory: Directory, id_type: IdType | None = None) -> Iterator[Resolution]:
    """Return what each ID is, as ``resolve`` finds it."""
    table = resolve(pl.Series("identity", list(identities), pl.String), directory, id_type)
    return map(resolution, table.iter_rows(named=True))


def resolution(row: Mapping[str, Any]) -> Resolution:
    """Return a row of ``RESOLUTIONS`` as an object."""
    return Resolution(
        row["identity"], Match(row["match"]), row["proof"], row["corrected"] or "", row["suggestion"] or ""
    )


def inferred_id_type(identities: pl.Series, directory: Directory) -> IdType | None:
    """Return the ID type of most IDs that are users'; None if no type is, or two fit equally well."""
    keys = pl.DataFrame({"key": guids_of_series(keys_of(identities))}).unique()
    known = directory.keys.filter(pl.col("kind").is_in([int(kind) for kind in LOOKED_UP[None]]))
    found = keys.join(known, on="key")
    numbers = {
        id_type: found.filter(pl.col("kind").is_in([int(kind) for kind in LOOKED_UP[id_type]]))["key"].n_unique()
        for id_type in IdType
    }
    most = max(numbers.values())
    best = [id_type for id_type, number in numbers.items() if number == most]
    return best[0] if len(best) == 1 and most > found["key"].n_unique() / 2 else None


def guids_of_series(keys: pl.Series) -> pl.Series:
    """Return ``guids_of`` the keys."""
    return keys.to_frame("key").select(guids_of(pl.col("key")))["key"]


def _best(asked: pl.DataFrame, directory: Directory, id_type: IdType | None) -> pl.DataFrame:
    """Return the first test that each ID meets: ``index`` and columns of ``RESOLUTIONS``; unknown ones are absent."""
    wanted = [int(kind) for kind in LOOKED_UP[id_type]]
    kind = pl.col("kind")
    outside = pl.col("guest") & (kind != int(KeyKind.principal_name)) & (kind != int(KeyKind.object_id))
    rank = (
        pl.when(kind == int(KeyKind.contact))
        .then(_CONTACT)
        .when("deleted")
        .then(_DELETED)
        .when(kind.is_in(wanted) & ~_braced())
        .then(_EXACT)
        .when(outside | (kind == int(KeyKind.outside)))
        .then(_OUTSIDE)
        .when(kind == int(KeyKind.alias))
        .then(_ALIAS)
        .otherwise(_OTHER_KIND)
    )
    hits = (
        asked.join(directory.keys, on="key")
        .join(directory.users.with_row_index("user"), on="user")
        .with_columns(rank.cast(pl.UInt8).alias("rank"))
    )
    hits = hits.filter(~(pl.col("deleted") & (pl.col("rank") == _CONTACT)))
    # An ID as the type wants it is looked up by that attribute only. Any other is a user's only if no one else has it.
    counted = (pl.col("rank") != _CONTACT) & (pl.col("rank").min() != _EXACT) | (pl.col("rank") == pl.col("rank").min())
    users = hits.group_by("index").agg(
        pl.col("user").filter(counted).n_unique().alias("users"),
        pl.col("deleted").filter(counted).any().alias("some_deleted"),
    )
    first = hits.sort("index", "rank", "kind", maintain_order=True).unique("index", keep="first", maintain_order=True)
    first = first.join(users, on="index")
    match = _match()
    same_user = match.is_in([Match.other_kind, Match.renamed, Match.guest])
    proven = same_user & ~kind.is_in([int(KeyKind.outside), int(KeyKind.contact)]) & ~_of_shared_mailbox()
    target = _WANTED[id_type]
    if id_type is None and Attribute.mail in directory.lacks:
        target = pl.when(kind == int(KeyKind.object_id)).then("object_id")
    return first.select(
        "index",
        "user",
        match.alias("match"),
        _proof(match, id_type).alias("proof"),
        pl.when(proven & (target != pl.col("identity"))).then(target).alias("corrected"),
        # Without the ID type, which of two addresses is the ID isn't known.
        pl.when(same_user & ~proven)
        .then(target if id_type is not None else pl.col("principal_name"))
        .when(proven & target.is_null(), pl.lit(id_type is None))
        .then("principal_name")
        .alias("suggestion"),
    )


def _of_shared_mailbox() -> pl.Expr:
    """Whether an ID is an alias of an account like that of a shared mailbox, which often has leavers' addresses."""
    unused = ((pl.col("enabled") == False) | (pl.col("licensed") == False)).fill_null(value=False)  # noqa: E712
    return (pl.col("rank") == _ALIAS) & unused


def _braced() -> pl.Expr:
    """Whether an ID is an object ID in braces, without dashes, or the like."""
    return (pl.col("kind") == int(KeyKind.object_id)) & (
        pl.col("identity").str.strip_chars().str.to_lowercase() != pl.col("key")
    )


def _match() -> pl.Expr:
    rank = pl.col("rank")
    return (
        pl.when((pl.col("users") > 1) & (rank != _DELETED))
        .then(pl.lit(Match.several.value))
        .when(rank == _DELETED)
        .then(pl.lit(Match.deleted.value))
        .when(rank == _OUTSIDE)
        .then(pl.lit(Match.guest.value))
        .when((rank == _CONTACT) & pl.col("guest"))
        .then(pl.lit(Match.guest.value))
        .when(rank.is_in([_ALIAS, _CONTACT]))
        .then(pl.lit(Match.renamed.value))
        .when(rank == _OTHER_KIND)
        .then(pl.lit(Match.other_kind.value))
        .when(pl.col("enabled") == False)  # noqa: E712 - null is unknown
        .then(pl.lit(Match.disabled.value))
        .when((pl.col("licensed") == False) & ~pl.col("guest"))  # noqa: E712
        .then(pl.lit(Match.unlicensed.value))
        .otherwise(pl.lit(Match.found.value))
    )


def _proof(match: pl.Expr, id_type: IdType | None) -> pl.Expr:
    """Return the evidence in words, for ``Resolution.proof``."""
    kind = pl.col("kind")
    names = ["mail", "principal_name"] if id_type is IdType.Email else ["principal_name", "mail"]
    name = pl.coalesce(*names, "object_id")
    of = pl.concat_str(
        pl.lit(" of "),
        pl.when(pl.col("guest")).then(pl.lit("the guest ")).otherwise(pl.lit("")),
        name,
        pl.when(pl.col("enabled") == False)  # noqa: E712
        .then(pl.lit(", whose account is disabled"))
        .otherwise(pl.lit("")),
    )
    what = (
        pl.when(kind == int(KeyKind.object_id))
        .then(pl.lit("the object ID"))
        .when(kind == int(KeyKind.principal_name))
        .then(pl.lit("the user principal name"))
        .when(kind == int(KeyKind.mail))
        .then(pl.lit("the mail address"))
        .when(kind == int(KeyKind.primary))
        .then(pl.lit("the primary mail address"))
        .when(kind == int(KeyKind.contact))
        .then(pl.lit("a contact address"))
        .otherwise(pl.lit("an alias"))
    )
    mail = pl.coalesce(
        pl.concat_str(pl.lit(" of the user with the mail address "), "mail"),
        pl.lit(" of a user without a mail address"),
    )
    named = pl.when((kind == int(KeyKind.principal_name)) & (id_type is IdType.Email)).then(mail).otherwise(of)
    deleted = pl.when("some_deleted").then(pl.lit(", not all of whom still exist")).otherwise(pl.lit(""))
    spelling = pl.when(_braced()).then(pl.lit(", in another spelling")).otherwise(pl.lit(""))
    return (
        pl.when(match == Match.several)
        .then(pl.format("an ID or address of {} users{}", "users", deleted))
        .when(match == Match.deleted)
        .then(pl.concat_str(what, pl.lit(" of a deleted user")))
        .when(match == Match.guest)
        .then(pl.concat_str(pl.lit("the outside address"), of))
        .when(match == Match.disabled)
        .then(pl.lit("in the directory, but the account is disabled"))
        .when(match == Match.unlicensed)
        .then(pl.lit("in the directory, but has no license"))
        .when((match == Match.found) & _only_one(id_type))
        .then(pl.concat_str(what, of))
        .when(match == Match.found)
        .then(pl.lit("in the directory"))
        .otherwise(pl.concat_str(what, named, spelling))
    )


def _only_one(id_type: IdType | None) -> pl.Expr:
    """Whether an address is found, but it depends on the ID type, which is unknown, whether the service finds it."""
    if id_type is not None:
        return pl.lit(value=False)
    return (pl.col("principal_name").str.to_lowercase() != pl.col("mail").str.to_lowercase()).fill_null(value=False)


def _misspelt(left: pl.DataFrame, directory: Directory, id_type: IdType | None) -> pl.DataFrame:
    """Return the unknown IDs that are one letter from exactly one user's, as ``_best`` does."""
    kinds = [int(kind) for kind in LOOKED_UP[id_type] if kind in _ADDRESSES]
    columns = {name: kind for name, kind in RESOLUTIONS.items() if name in {"user", "match", "proof", "suggestion"}}
    if not kinds or not 0 < len(left) <= _MOST_MISSPELT:
        return pl.DataFrame(schema={"index": pl.UInt32, **columns})
    live = directory.users["deleted"].not_()
    known = directory.keys.filter(pl.col("kind").is_in(kinds))
    known = known.filter(live.gather(known["user"]))
    near = one_letter_away(left.select("index", "key"), known)
    found = near.join(directory.users.with_row_index("user"), on="user", maintain_order="left")
    name = pl.when(pl.col("kind") == int(KeyKind.principal_name)).then("principal_name").otherwise("mail")
    target = name if id_type is None else _WANTED[id_type]
    return found.select(
        "index",
        "user",
        pl.lit(Match.misspelt.value).alias("match"),
        pl.concat_str(pl.lit("no user's, but one letter from "), target).alias("proof"),
        target.alias("suggestion"),
    )
