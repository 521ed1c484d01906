"""Load the configuration ``upa-analyzer.toml``; every key can also be set in the environment.

``docs/configuration.md`` lists the keys. Relative paths are relative to the file, else to the current folder.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from analyzer.analysis.feeds import FeedRule
from analyzer.catalogue import OURS, Catalogue
from analyzer.config.read import BACKSLASHES, CodeConfig, catalogue_of, check_content, overlay, read_toml
from analyzer.errors import UsageError
from analyzer.storage.languages import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from analyzer.model.language import Language

FILE_NAME = "upa-analyzer.toml"

Auth = Literal["certificate", "interactive", "device-code", "managed-identity", "token"]


class FeedConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table ``[tenants.NAME.feeds.FEED]``; the keys are explained in ``docs/configuration.md``."""

    match: str = ""
    folder: str = ""
    id_type: Literal["", "Email", "CloudId", "PrincipalName"] = ""
    id_property: str = ""
    properties: dict[str, str] = {}


class ReportConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[report]`` or ``[tenants.NAME.report]``; the keys are explained in ``docs/configuration.md``."""

    title: str = ""
    logo: str = ""
    contact: str = ""


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
    keep_sources: str = ""
    keep_reports: str = ""
    directory: str = ""
    language: str = ""
    report: ReportConfig = ReportConfig()
    feeds: dict[str, FeedConfig] = {}

    @property
    def feed_rules(self) -> tuple[FeedRule, ...]:
        """The feeds of the configuration, in its order."""
        return tuple(FeedRule(name, feed.match, feed.folder) for name, feed in self.feeds.items())


class Keep(msgspec.Struct, frozen=True):
    """How long files are kept; None for ever.

    Attributes:
        sources: copies of source files, since their job ended.
        reports: reports of earlier days.
    """

    sources: timedelta | None
    reports: timedelta | None


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration.

    Attributes:
        data: the folder of the tenants' folders (``workspace``).
        history: not used yet.
        keep_sources: how long copies of source files are kept after their job has ended (``parse_keep``).
        keep_reports: how long the reports of earlier days are kept.
        templates: a folder with templates that override ours.
        language: the language of reports and their lists; empty for English.
        report: what is added to the pages of reports.
        tenants: by name.
        codes: the user's explanations of codes and of patterns (``CODE/NAME``), by name.
    """

    data: str = "upa-data"
    history: str = ""
    keep_sources: str = "90d"
    keep_reports: str = "90d"
    templates: str = ""
    language: str = ""
    report: ReportConfig = ReportConfig()
    tenants: dict[str, TenantConfig] = {}
    codes: dict[str, CodeConfig] = {}


class Settings(msgspec.Struct, frozen=True):
    """A configuration and its file.

    Attributes:
        config: the content.
        base: the folder for relative paths.
        file: the file; None if there is none.
        catalogue: the explanations of codes, the configuration's before ours.
    """

    config: Config
    base: Path
    file: Path | None
    catalogue: Catalogue = OURS

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.path(self.config.data)

    def keep(self, tenant: TenantConfig) -> Keep:
        """Return how long a tenant's files are kept: as its own table says, else as the whole configuration does."""
        return Keep(
            parse_keep(tenant.keep_sources or self.config.keep_sources, "keep_sources"),
            parse_keep(tenant.keep_reports or self.config.keep_reports, "keep_reports"),
        )

    @property
    def templates(self) -> Path | None:
        """The user's folder of templates; None if there is none."""
        return self.path(self.config.templates) if self.config.templates else None

    def language(self, tenant: TenantConfig | None) -> Language:
        """Return the language of a tenant's reports: as its own table says, else as the whole configuration does.

        Raises:
            UsageError: there is no such language.
            InputError: its catalogue, or the folder of templates, can't be read.
        """
        return language_of((tenant.language if tenant else "") or self.config.language, self.templates)

    def report(self, tenant: TenantConfig | None) -> ReportConfig:
        """Return what is added to the pages of a tenant's report: each key of its own table, else of the common one."""
        own = tenant.report if tenant else ReportConfig()
        common = self.config.report
        return ReportConfig(own.title or common.title, own.logo or common.logo, own.contact or common.contact)

    def path(self, text: str) -> Path:
        """Resolve a path of the configuration.

        Raises:
            UsageError: TOML read its backslashes as tabs and the like.
        """
        if any(character < " " for character in text):
            what = f"{text!r} in the configuration isn't a path: it contains a tab, a line end, or a similar character"
            raise UsageError(what, BACKSLASHES)
        return self.base / Path(text).expanduser()


def load_settings(named: Path | None, environment: Mapping[str, str], folders: list[Path]) -> Settings:
    """Read the configuration.

    Args:
        named: the file that the user specified; None to search for one.
        environment: ``UPA_ANALYZER_…`` variables override the file.
        folders: the folders to search; the first file is used.

    Raises:
        UsageError: the specified file doesn't exist; an unknown key, a wrong type, invalid TOML, an invalid code.
        InputError: the file cannot be read.
    """
    file = named or next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)
    content = read_toml(file) if file else {}
    check_content(content, Config, file, overlay(content, environment))
    where = str(file) if file else "the environment"
    config = msgspec.convert(content, Config)
    if "://" in config.history:
        advice = "Name a folder of this computer. To write the history there, run `upa-analyzer history publish`."
        raise UsageError(f"{where}: history {config.history!r} isn't a folder", advice)
    _check_keep(config, where)
    for name, tenant in config.tenants.items():
        for feed, keys in tenant.feeds.items():
            if not keys.match:
                what = f"{where}: tenants.{name}.feeds.{feed} has no match"
                raise UsageError(what, 'Add a pattern for file names, such as match = "hr-*.json".')
    return Settings(config, file.parent if file else Path(), file, catalogue_of(config.codes, where))


_DAYS = {"d": 1, "w": 7, "y": 365}
_KEEP = re.compile(r"(?P<number>[0-9]{1,5})(?P<unit>[dwy])")
_FOREVER = "forever"
_LONGEST = timedelta(days=365_000)
"""Longer times have no beginning that a calendar could name."""


def parse_keep(text: str, key: str) -> timedelta | None:
    """Return how long to keep something: ``90d``, ``26w``, ``1y`` (365 days), or None for ``forever``.

    Raises:
        UsageError: it isn't one of these; ``key`` is the key of the configuration.
    """
    if text == _FOREVER:
        return None
    found = _KEEP.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{key} {text!r} isn't a time to keep files",
            "Use days, weeks, or years, such as 90d, 26w, or 1y, or forever.",
        )
    return min(_LONGEST, timedelta(days=int(found["number"]) * _DAYS[found["unit"]]))


def _check_keep(config: Config, where: str) -> None:
    for place, table in [("", config), *((f"tenants.{name}.", tenant) for name, tenant in config.tenants.items())]:
        for key in ("keep_sources", "keep_reports"):
            if (text := getattr(table, key)) or not place:
                parse_keep(text, f"{where}: {place}{key}")


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of a tenant; None (UTC) if none is set.

    Raises:
        UsageError: there is no such zone.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"timezone {name!r} isn't a time zone", "Use a name such as Europe/Berlin.") from error
