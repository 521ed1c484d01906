"""``upa-analyzer.toml``, typed; every key can come from the environment.

``docs/configuration.md`` lists the keys. Relative paths are relative to the file, without one to the current folder.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from analyzer.analysis.feeds import FeedRule
from analyzer.catalogue import OURS, Catalogue
from analyzer.config.custom_codes import WHO, CodeConfig, catalogue_of
from analyzer.config.environment import overlay
from analyzer.config.toml_file import BACKSLASHES, read_toml
from analyzer.errors import UsageError
from analyzer.model.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

FILE_NAME = "upa-analyzer.toml"
_TYPES = {
    "`str | array`": "a text or a list",
    "`bool | null`": "true or false",
    "`str`": "a text",
    "`int`": "a number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`array`": "a list",
}
_TYPES |= {"`object`": "a table", "`date`": "a date", "Expected": "it has to be", ", got ": " and is "}
_TYPES |= {"Invalid enum value": "it cannot be"}
_PLACE = re.compile(r"\[(?:\.\.\.|\d+)\]$")

Auth = Literal["certificate", "interactive", "device-code", "managed-identity", "token"]
_VALUES = {"auth": get_args(Auth), "who": get_args(WHO)}


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table ``[tenants.NAME.feeds.FEED]``; the keys are explained in ``docs/configuration.md``."""

    match: str = ""
    folder: str = ""


class TenantConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table ``[tenants.NAME]``; the keys are explained in ``docs/configuration.md``."""

    admin_url: str = ""
    auth: Auth = "certificate"
    tenant_id: str = ""
    client_id: str = ""
    certificate: str = ""
    certificate_password_env: str = ""
    authority: str = "https://login.microsoftonline.com"
    token_env: str = "UPA_TOKEN"  # noqa: S105 - the name of a variable
    site_token_env: str = ""
    hosts: tuple[str, ...] = ()
    ca_file: str = ""
    timezone: str = ""
    feeds: dict[str, FeedConfig] = {}

    @property
    def feed_rules(self) -> tuple[FeedRule, ...]:
        """The feeds that are named, in the order of the file."""
        return tuple(FeedRule(name, feed.match, feed.folder) for name, feed in self.feeds.items())


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration.

    Attributes:
        data: the folder of the tenants' folders (``workspace``).
        history: where the history is to live; not used before there is one.
        keep_sources: how long our copies of source files are kept; not used before ``prune``.
        templates: a folder whose templates come before ours.
        tenants: by name.
        codes: our user's own explanations of codes and of patterns (``CODE/NAME``), by name.
    """

    data: str = "upa-data"
    history: str = ""
    keep_sources: str = "90d"
    templates: str = ""
    tenants: dict[str, TenantConfig] = {}
    codes: dict[str, CodeConfig] = {}


_TABLES: dict[str, type[msgspec.Struct]] = {"tenants": TenantConfig, "codes": CodeConfig}
"""The keys that hold tables by name, and the form of these."""
_FORMS = _TABLES | {"feeds": FeedConfig}


class Settings(msgspec.Struct, frozen=True):
    """A configuration and where it comes from.

    Attributes:
        config: what it says.
        base: the folder that relative paths are relative to.
        file: the file; None where there is none.
        catalogue: what is known of codes, the configuration's own before ours.
    """

    config: Config
    base: Path
    file: Path | None
    catalogue: Catalogue = OURS

    @property
    def data(self) -> Path:
        """The folder of our data."""
        return self.path(self.config.data)

    def path(self, text: str) -> Path:
        """A path of the configuration, from the current folder; an error where TOML made tabs of its backslashes."""
        if any(character < " " for character in text):
            what = f"{text!r} in the configuration is no path: it has a tab, a line end or the like in it"
            raise UsageError(what, BACKSLASHES)
        return self.base / Path(text).expanduser()


def load_settings(named: Path | None, environment: Mapping[str, str], folders: list[Path]) -> Settings:
    """Reads the configuration.

    Args:
        named: the file that the user named; None to look for one.
        environment: its ``UPA_ANALYZER_…`` variables win over the file.
        folders: where to look, the first file found is taken.

    Raises:
        UsageError: the named file is not there; an unknown key, a wrong type, no TOML; a code that cannot be.
        InputError: the file cannot be read.
    """
    file = named or next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)
    content: dict[str, Any] = read_toml(file) if file else {}
    _check_names(content, str(file))
    overlay(content, environment, _check_names)
    where = str(file) if file else "the environment"
    try:
        config = msgspec.convert(content, Config)
    except msgspec.ValidationError as error:
        problem = _plain(str(error), content)
        raise UsageError(f"{where}: {problem}", _advice(problem)) from error
    for name, tenant in config.tenants.items():
        for feed, keys in tenant.feeds.items():
            if not keys.match:
                what = f"{where}: tenants.{name}.feeds.{feed} has no match"
                raise UsageError(what, 'Add a pattern for file names, such as match = "hr-*.json".')
    return Settings(config, file.parent if file else Path(), file, catalogue_of(config.codes, where))


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of a tenant; None (UTC) where none is set.

    Raises:
        UsageError: there is no such zone.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"timezone {name!r} is no time zone", "It looks like Europe/Berlin.") from error


def _check_names(content: dict[str, Any], where: str) -> None:
    _check_table(content, Config, "", where)
    for key, form in _TABLES.items():
        tables = content.get(key)
        for name, table in tables.items() if isinstance(tables, dict) else ():
            if isinstance(table, dict):
                _check_table(table, form, f"{key}.{name}.", where)
                feeds = table.get("feeds") if form is TenantConfig else None
                for feed, keys in feeds.items() if isinstance(feeds, dict) else ():
                    if isinstance(keys, dict):
                        _check_table(keys, FeedConfig, f"{key}.{name}.feeds.{feed}.", where)


def _check_table(table: dict[str, Any], form: type[msgspec.Struct], prefix: str, where: str) -> None:
    known = form.__struct_fields__
    for key, value in table.items():
        if key not in known:
            advice = did_you_mean(key, known, f"Known are {', '.join(known)}.")
            if form is CodeConfig and isinstance(value, dict):
                code = prefix.removeprefix("codes.").removesuffix(".")
                advice = f'A pattern of a code is written [codes."{code}/{key}"].'
            raise UsageError(f"{where}: there is no key {prefix}{key}", advice)


def _plain(problem: str, content: dict[str, Any]) -> str:
    """Msgspec's words with the key first: ``Expected `str`, got `int` - at `$.data```."""
    for theirs, ours in _TYPES.items():
        problem = problem.replace(theirs, ours)
    what, _, where = problem.partition(" - at ")
    while "[...]" in where:
        # Msgspec does not say which table; the first that it does not take is the one.
        *names, tables = where.removeprefix("`$.").partition("[")[0].split(".")
        at = functools.reduce(lambda table, name: table[name], [*names, tables], content)
        where = where.replace("[...]", f".{_first_wrong(at, _FORMS[tables])}", 1)
    key = _PLACE.sub("", where.strip("`").removeprefix("$."))
    return f"{key}: {what.replace('`', '')}" if key else what.replace("`", "")


def _advice(problem: str) -> str:
    """The values that a key can have, where there are only some."""
    values = _VALUES.get(problem.partition(": it cannot be ")[0].rpartition(".")[2])
    return f"It is {', '.join(values[:-1])} or {values[-1]}." if values else "docs/configuration.md lists the keys."


def _first_wrong(tables: dict[str, Any], form: type[msgspec.Struct]) -> str:
    for name, table in tables.items():
        try:
            msgspec.convert(table, form)
        except msgspec.ValidationError:
            return name
    return "..."
