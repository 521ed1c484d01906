"""Turn the cells of a directory export into users and the keys by which they are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from analyzer.directory.headings import FALSE, IDS, TRUE, TYPE_NAME, UNLICENSED, Column
from analyzer.directory.model import KEYS, USERS, Attribute, Directory, KeyKind
from analyzer.model.identity import identity_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 0.5
"""The share of cells with an ID's form from which a column has IDs, and the others are in wrong columns."""
_ADDRESS = r"^[^\s@|]+@[^\s@|]+$"
_GUID: Final = r"^(?:urn:uuid:)?[{(]?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})[)}]?$"
_GUID_FORM: Final = "$1-$2-$3-$4-$5"
# ada_fabrikam.com#EXT#@contoso.onmicrosoft.com
_GUEST = r"(?i)^(.+)_([^_]+)#ext#@"
# Of a deleted user, 0123456789abcdef0123456789abcdefada@contoso.com (inferred)
_ID_BEFORE_NAME = r"^[0-9a-fA-F]{32}(.+@)"


def keys_of(texts: pl.Series) -> pl.Series:
    """Return the ``identity_key`` of each text, empty for null."""
    return pl.Series(texts.name, identity_keys(texts.fill_null("").to_list()), pl.String)


def guids_of(keys: pl.Expr) -> pl.Expr:
    """Return keys with object IDs in the usual spelling: without braces, with dashes."""
    return pl.when(keys.str.contains(_GUID)).then(keys.str.replace(_GUID, _GUID_FORM)).otherwise(keys)


def directory_of(cells: pl.DataFrame, name: str) -> Directory:
    """Return the users of an export.

    Args:
        cells: the known columns as texts, each named by its ``Column``.
        name: of the file.
    """
    cells = _cleaned(cells)
    cells = cells.select(_of_its_kind(cells, column) for column in cells.columns)
    readable = _readable(cells)
    rows = cells.filter(readable)
    faults = readable.not_().arg_true()
    users = _distinct(_users(rows))
    addresses = _addresses(rows).join(users.select("row", "user"), on="row").drop("row")
    keys = _keys(users, addresses)
    users = users.with_columns(pl.coalesce("mail", _primary(users, addresses))).select(*USERS)
    return Directory(
        name=name,
        users=users,
        keys=keys,
        lacks=_lacks(users, addresses),
        unreadable=len(faults),
        first_unreadable=int(faults[0]) + 1 if len(faults) else 0,
    )


def _cleaned(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells without blanks around them, guards against formulas, and names of types; blank ones as null."""
    text = (
        pl.all()
        .str.strip_chars()
        .str.replace(r'^="(.*)"$', "$1")
        .str.replace(r"^'([=+\-@\t\r\n])", "$1")
        .str.strip_chars()
    )
    cells = cells.select(text)
    cells = cells.filter(~pl.all_horizontal(pl.all().is_null() | pl.all().eq("")))
    return cells.select(pl.when(pl.all().ne("") & ~pl.all().str.contains(TYPE_NAME)).then(pl.all()))


def _of_its_kind(cells: pl.DataFrame, name: str) -> pl.Series:
    """Return a column; without values if it is an ID's by its heading, but most of its cells don't have that form."""
    column = cells[name]
    if Column(name) not in IDS:
        return column
    values = column.drop_nulls()
    fitting = _has_form(pl.lit(values), Column(name))
    share = pl.select(fitting.mean()).item() if len(values) else 0
    return column if share >= _MOST else pl.Series(name, [None] * len(column), pl.String)


def _has_form(text: pl.Expr, column: Column) -> pl.Expr:
    return text.str.to_lowercase().str.contains(_GUID if column is Column.object_id else _ADDRESS)


def _readable(cells: pl.DataFrame) -> pl.Series:
    """Return by row whether each ID has its form, and there is one."""
    ids = [Column(name) for name in cells.columns if Column(name) in IDS]
    fits = [_has_form(pl.col(column.value), column).fill_null(value=True) for column in ids]
    some = pl.any_horizontal(pl.col(column.value).is_not_null() for column in ids)
    return cells.select(pl.all_horizontal(*fits, some).alias("readable"))["readable"]


def _users(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``USERS`` with the number of each row as ``row``."""
    absent = [column.value for column in Column if column.value not in rows.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    deleted = pl.col(Column.deleted).is_not_null()
    name = pl.col(Column.principal_name)
    enabled = _boolean(pl.col(Column.enabled))
    licenses = pl.col(Column.licenses).str.to_lowercase()
    by_word = licenses.is_in(list(UNLICENSED)).not_()
    # The admin center writes "Unlicensed"; where nothing does, an empty cell may mean the same.
    says_so = rows.select(licenses.is_in(list(UNLICENSED)).any()).item()
    return rows.select(
        pl.when(deleted).then(name.str.replace(_ID_BEFORE_NAME, "$1")).otherwise(name).alias("principal_name"),
        pl.col(Column.mail).alias("mail"),
        guids_of(pl.col(Column.object_id).str.to_lowercase()).alias("object_id"),
        pl.coalesce(enabled, _boolean(pl.col(Column.blocked)).not_()).alias("enabled"),
        (by_word if says_so or rows[Column.licenses].is_null().all() else by_word.fill_null(value=False)).alias(
            "licensed"
        ),
        deleted.alias("deleted"),
        pl.any_horizontal(
            pl.col(Column.user_type).str.to_lowercase() == "guest",
            name.str.to_lowercase().str.contains("#ext#", literal=True),
        )
        .fill_null(value=False)
        .alias("guest"),
    ).with_row_index("row")


def _boolean(text: pl.Expr) -> pl.Expr:
    word = text.str.to_lowercase()
    return pl.when(word.is_in(list(TRUE))).then(statement=True).when(word.is_in(list(FALSE))).then(statement=False)


def _distinct(users: pl.DataFrame) -> pl.DataFrame:
    """Return each user once, not deleted if one of several rows isn't, numbered by ``user``."""
    same = pl.coalesce("object_id", "principal_name", "mail").str.to_lowercase()
    ordered = users.sort("deleted", maintain_order=True) if users["deleted"].any() else users
    distinct = ordered.unique(same, keep="first", maintain_order=True).sort("row")
    return distinct.with_row_index("user")


def _addresses(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the further addresses of users: columns ``row``, ``address``, ``primary``, and ``contact``.

    They are joined by ``+``, ``;``, ``,``, ``|``, or blanks, sometimes in braces or as JSON; those of other kinds, such
    as ``SIP:`` or ``X500:``, are left out.
    """
    found = [
        rows.with_row_index("row")
        .select("row", pl.col(column.value).alias("address"))
        .drop_nulls()
        .with_columns(
            pl.col("address")
            .str.replace_all(r"(@[A-Za-z0-9.\-]+)\+", "$1;")
            .str.replace_all(r"\+([A-Za-z0-9]+:)", ";$1")
            .str.replace_all(r'[\s|,{}\[\]"]+', ";")
            .str.split(";")
        )
        .explode("address", empty_as_null=True)
        .with_columns(pl.col("address").str.extract(r"^([A-Za-z0-9]+):").alias("kind"))
        .filter(
            pl.col("address").str.contains("@", literal=True)
            & (pl.col("kind").is_null() | (pl.col("kind").str.to_lowercase() == "smtp"))
        )
        .select(
            "row",
            pl.col("address").str.replace(r"^[A-Za-z0-9]+:", ""),
            ((pl.col("kind") == "SMTP") & (column is Column.addresses)).fill_null(value=False).alias("primary"),
            pl.lit(column is Column.other_addresses).alias("contact"),
        )
        for column in (Column.addresses, Column.other_addresses)
        if column.value in rows.columns
    ]
    kinds = {"primary": pl.Boolean, "contact": pl.Boolean}
    empty = pl.DataFrame(schema={"row": pl.UInt32, "address": pl.String, **kinds})
    return pl.concat([empty, *found])


def _primary(users: pl.DataFrame, addresses: pl.DataFrame) -> pl.Series:
    """Return the primary proxy address of each user; null without one."""
    first = addresses.filter("primary").unique("user", keep="first", maintain_order=True)
    return users.select("user").join(first, on="user", how="left", maintain_order="left")["address"]


def _keys(users: pl.DataFrame, addresses: pl.DataFrame) -> pl.DataFrame:
    """Return ``KEYS``."""
    keys = pl.concat(_pieces(users, addresses)).filter(pl.col("key") != "")
    return keys.select(pl.col(name).cast(kind) for name, kind in KEYS.items())


def _pieces(users: pl.DataFrame, addresses: pl.DataFrame) -> Iterator[pl.DataFrame]:
    def piece(user: pl.Series, text: pl.Series, kind: KeyKind) -> pl.DataFrame:
        return pl.DataFrame({"key": keys_of(text), "user": user}).with_columns(
            pl.lit(int(kind), KEYS["kind"]).alias("kind")
        )

    primary = addresses.filter("primary")
    aliases = addresses.filter(~pl.col("primary"), ~pl.col("contact"))
    contacts = addresses.filter("contact")
    guests = users.filter("guest").select("user", pl.col("principal_name").str.extract_groups(_GUEST).alias("parts"))
    outside = pl.concat_str(pl.col("parts").struct[0], pl.lit("@"), pl.col("parts").struct[1])
    yield piece(users["user"], users["principal_name"], KeyKind.principal_name)
    yield piece(users["user"], users["mail"], KeyKind.mail)
    yield piece(primary["user"], primary["address"], KeyKind.primary)
    yield piece(users["user"], users["object_id"], KeyKind.object_id)
    yield piece(aliases["user"], aliases["address"], KeyKind.alias)
    yield piece(guests["user"], guests.select(outside.alias("key"))["key"], KeyKind.outside)
    yield piece(contacts["user"], contacts["address"], KeyKind.contact)


def _lacks(users: pl.DataFrame, addresses: pl.DataFrame) -> frozenset[Attribute]:
    """Return what the export doesn't tell of any user."""
    columns = {
        Attribute.principal_name: "principal_name",
        Attribute.mail: "mail",
        Attribute.object_id: "object_id",
        Attribute.enabled: "enabled",
        Attribute.licenses: "licensed",
    }
    lacks = {attribute for attribute, name in columns.items() if users[name].is_null().all()}
    if addresses.filter(~pl.col("primary"), ~pl.col("contact")).is_empty():
        lacks.add(Attribute.aliases)
    if not users["deleted"].any():
        lacks.add(Attribute.deleted)
    return frozenset(lacks)
