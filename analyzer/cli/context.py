"""The context of a command (terminal, configuration, folders), and the options that several commands share."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.terminal.output import Terminal
from analyzer.errors import InputError, UsageError
from analyzer.model.text import listed
from analyzer.tenant.model import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from zoneinfo import ZoneInfo

    from analyzer.analysis.feeds import FeedRule
    from analyzer.config.settings import Settings, TenantConfig
    from analyzer.directory.model import Directory
    from analyzer.errors import AnalyzerError
    from analyzer.history.acknowledgements import Acknowledgements
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.library.workspace import Workspace
    from analyzer.model.language import Language
    from analyzer.model.next_step import Commands
    from analyzer.model.service import IdType
    from analyzer.report.model import Brand


@dataclass
class AppContext:
    """The global options, and the configuration and folders that they select.

    Attributes:
        terminal: prints.
        config_file: of ``--config``; None to look for one.
        tenant_name: of ``--tenant``; empty for the only one.
        verbose: of ``--verbose``.
        environment: variables.
        held: the folder of the tenant that this command keeps other commands from writing to; None if none.
    """

    terminal: Terminal = field(default_factory=Terminal)
    config_file: Path | None = None
    tenant_name: str = ""
    verbose: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    held: Path | None = None

    @property
    def commands(self) -> Commands:
        """Composes further commands, which repeat the options of this one."""
        return self.terminal.log.commands

    @functools.cached_property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            UsageError: it is wrong.
        """
        import platformdirs

        from analyzer.config.settings import load_settings

        folders = [Path(), platformdirs.user_config_path("upa-analyzer", appauthor=False)]
        return load_settings(self.config_file, self.environment, folders)

    def tenant_names(self) -> list[str]:
        """Return the names of all tenants of the configuration.

        Raises:
            UsageError: there are none, or one is selected.
        """
        if self.tenant_name:
            raise UsageError("--all-tenants can't be combined with --tenant", "Specify one of them.")
        if not self.settings.config.tenants:
            raise self._no_tenant()
        return [*self.settings.config.tenants]

    def of_tenant(self, name: str) -> AppContext:
        """Return the same options for one tenant; the commands that it suggests name this tenant."""
        log = dataclasses.replace(self.terminal.log, commands=dataclasses.replace(self.commands, tenant=name))
        return dataclasses.replace(self, terminal=dataclasses.replace(self.terminal, log=log), tenant_name=name)

    def tenant(self) -> tuple[str, TenantConfig]:
        """Return the selected tenant: by name, or the only one of the configuration.

        Raises:
            UsageError: there is none, or it is not clear which.
        """
        tenants = self.settings.config.tenants
        if self.tenant_name:
            named = [name for name in tenants if name.lower() == self.tenant_name.lower()]
            if len(named) > 1:
                raise UsageError(
                    f"the tenants {listed(named)} in the configuration differ only in case",
                    "Rename one of them. On Windows and macOS, they would share a folder.",
                )
            if not named:
                raise UsageError(
                    f"there is no tenant {self.tenant_name!r} in the configuration",
                    f"Specify one of {', '.join(tenants)}." if tenants else "It has no tenants. Add one.",
                )
            return named[0], tenants[named[0]]
        if not tenants:
            raise self._no_tenant()
        if len(tenants) > 1:
            raise UsageError(
                f"the configuration has {len(tenants)} tenants: {', '.join(tenants)}", "Specify --tenant NAME."
            )
        return next(iter(tenants.items()))

    @staticmethod
    def _no_tenant() -> UsageError:
        from analyzer.config.settings import FILE_NAME

        return UsageError(
            f"no tenant is configured: there is no {FILE_NAME} with a table [tenants.NAME]",
            "Create one as described in docs/configuration.md, or try `upa-analyzer demo`, which needs none.",
        )

    def workspace(self, named: Path | None = None) -> Workspace:
        """Return the tenant's folder: of the specified library, of the selected tenant, or the only one.

        Raises:
            UsageError: it isn't clear which.
            InputError: the specified folder isn't a library.
        """
        from analyzer.library.workspace import Workspace

        settings = self.settings
        if named is None and self._is_library_here():
            named = Path()
        if named is not None:
            return Workspace.of_library(settings.data, self.library_folder(named))
        if self.tenant_name and not settings.config.tenants:
            return Workspace(settings.data, self.tenant_name)
        if settings.config.tenants:
            return Workspace(settings.data, self.tenant()[0])
        found = Workspace.all_in(settings.data)
        if len(found) == 1:
            return found[0]
        if not found:
            advice = "Run `upa-analyzer pull` first, or specify --library DIR."
            raise UsageError(f"no library found in {settings.data}", advice)
        names = ", ".join(one.name for one in found)
        raise UsageError(
            f"found {len(found)} libraries in {settings.data}", f"Specify --tenant NAME ({names}) or --library DIR."
        )

    def library_folder(self, named: Path | None) -> Path:
        """Return the library's folder: the specified one, the tenant's, the current folder, or the only one.

        Raises:
            UsageError: it isn't clear which.
        """
        if named is not None:
            moved = named.parent.parent / named.name / "library"
            return moved if not named.exists() and named.parent.name == "library" and moved.is_dir() else named
        return Path() if self._is_library_here() else self.workspace().library

    def _is_library_here(self) -> bool:
        from analyzer.library.paths import JOB_LIST

        return not self.tenant_name and not self.settings.config.tenants and Path(JOB_LIST).is_file()

    def library(self, named: Path | None = None) -> Library:
        """Open the library.

        Raises:
            UsageError: it isn't clear which.
            InputError: the folder isn't a library.
        """
        from analyzer.library.mirror import Library

        folder = self.library_folder(named)
        if named is None and self.settings.config.tenants and not folder.exists():
            name = self.tenant()[0]
            raise InputError(
                f"no library found for {name}: there is no {folder}",
                "Run `upa-analyzer pull` first, or specify --library DIR.",
            )
        library = Library.existing(folder)
        for damage in library.state.damaged:
            self.terminal.say(f"{damage} Until then it counts as missing.")
        return library

    def tables(
        self, library: Library, workspace: Workspace, progress: Callable[[int, int], None] | None = None
    ) -> Tables:
        """Open the history of a library, after bringing it up to date (``history.load``)."""
        from analyzer.history.load import load
        from analyzer.storage.files import sample_library
        from analyzer.storage.lock import is_held

        is_ours = library.root.resolve() == sample_library().resolve()  # the samples never change
        tables = load(
            library,
            None if is_ours else self.history(library, workspace),
            rules=self.feed_rules(),
            retry_folder=workspace.retry,
            imports_folder=workspace.imports,
            progress=progress,
            is_busy=lambda: workspace.root != self.held and is_held(workspace.root),
            say=self.terminal.say,
        )
        return tables.with_verifications(workspace.verified, library.tenant)

    def tables_with_progress(self, library: Library, workspace: Workspace) -> Tables:
        """Return ``tables``, and show the progress."""
        with self.terminal.progress("reading logs") as progress:
            return self.tables(library, workspace, lambda done, total: progress(done, total, ""))

    def history(self, library: Library, workspace: Workspace) -> Path:
        """Return the folder of a library's history: the tenant's, or inside a library from elsewhere."""
        from analyzer.library.paths import OWN_FOLDER

        if library.root.resolve() != workspace.library.resolve():
            return library.root / OWN_FOLDER / "history"
        named = self.settings.config.history
        return self.settings.path(named) / workspace.name if named else workspace.history

    def acknowledged(self, workspace: Workspace) -> Acknowledgements:
        """Return the acknowledged jobs of a tenant; write a remark if they can't be read."""
        from analyzer.history.acknowledgements import Acknowledgements

        found = Acknowledgements(workspace.root)
        if found.damage:
            self.terminal.say(f"{found.damage} Until then no job counts as acknowledged.")
        return found

    def feed_rules(self) -> tuple[FeedRule, ...]:
        """Return the feeds that the configuration names for the tenant; none if it isn't clear which tenant."""
        tenant = self._tenant_if_clear()
        return tenant.feed_rules if tenant else ()

    def id_type_of(self, feed: str | None) -> IdType | None:
        """Return the ID type that the configuration says of a feed; None if it doesn't."""
        from analyzer.model.service import IdType

        tenant = self._tenant_if_clear()
        found = tenant.feeds.get(feed or "") if tenant else None
        return IdType[found.id_type] if found and found.id_type else None

    def directory(self, named: Path | None) -> Directory | None:
        """Read a directory export: the specified one, else the configured tenant's, if there is one.

        Raises:
            InputError: it can't be read; if it is the configured one, that is only a remark.
        """
        from analyzer.directory.read_export import read_directory

        if named is not None:
            return read_directory(named)
        tenant = self._tenant_if_clear()
        if tenant is None or not tenant.directory:
            return None
        try:
            return read_directory(self.settings.path(tenant.directory))
        except InputError as error:
            self.terminal.say(f"{error} Until then no IDs are looked up.")
            return None

    def zone(self) -> ZoneInfo | None:
        """Return the zone of times shown: that of the selected tenant, or None for UTC."""
        from analyzer.config.settings import zone_of

        tenant = self._tenant_if_clear()
        return zone_of(tenant.timezone) if tenant else None

    def language(self) -> Language:
        """Return the language of reports and their lists, by the configuration.

        Raises:
            UsageError: it isn't known.
        """
        return self.settings.language(self._tenant_if_clear())

    def brand(self) -> Brand:
        """Return what the configuration adds to the pages of the tenant's report.

        Raises:
            InputError: the logo can't be read, or isn't an image.
        """
        from analyzer.report.brand import brand_of

        keys = self.settings.report(self._tenant_if_clear())
        return brand_of(keys.title, self.settings.path(keys.logo) if keys.logo else None, keys.contact)

    def _tenant_if_clear(self) -> TenantConfig | None:
        tenants = self.settings.config.tenants
        return self.tenant()[1] if (self.tenant_name and tenants) or len(tenants) == 1 else None

    def unread(self, problems: Iterable[AnalyzerError]) -> int:
        """Write which logs can't be read; return the exit code."""
        code = 0
        for problem in problems:
            self.terminal.complain(problem)
            code = problem.exit_code
        return code


def hold(context: typer.Context, workspace: Workspace) -> None:
    """Keep other commands from writing to a tenant's folder until this one ends.

    Raises:
        LockedError: another command holds it.
        OutputError: the folder can't be written.
    """
    app = context.ensure_object(AppContext)
    context.with_resource(workspace.held(context.info_name or "", app.terminal.say))
    app.held = workspace.root


FailedJobArgument = Annotated[
    str,
    typer.Argument(
        help="ID of the job; its first eight characters are enough. Default: the newest run that failed.",
        metavar="[JOB]",
    ),
]
LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help="Use this library folder instead of the configured tenant's."),
]
DirectoryOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        readable=False,
        help="Look up IDs that couldn't be resolved in this export of all users. Default: the configured tenant's.",
    ),
]
RedactOption = Annotated[bool, typer.Option("--redact", help="Show users as pseudonyms, without their records.")]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Select jobs that ran on or after this day, such as 2026-11-23.")
]
JobsOption = Annotated[
    list[str] | None, typer.Option("--job", metavar="ID", help="Select the job with this ID. Repeatable.")
]


class FailOn(StrEnum):
    """``--fail-on``: the jobs after which the exit code is 1."""

    never = "never"
    new = "new"
    partial = "partial"
    aborted = "aborted"
    any = "any"

    def met_by(self, outcome: str, new: int | None, *, is_retry: bool) -> bool:
        """Whether a job matches.

        Args:
            outcome: how it ended.
            new: how many of its failed users are new; None if there is no run to compare with.
            is_retry: whether it imported a retry file.
        """
        match self:
            case FailOn.never:
                return False
            case FailOn.any:
                return outcome in {"partial", "aborted", "unknown", "stuck"}
            case FailOn.new:
                # Without a run to compare with, they may all be new.
                return not is_retry and (outcome in {"aborted", "unknown"} or (outcome == "partial" and new != 0))
            case _:
                return outcome == self.value


PatienceOption = Annotated[
    str, typer.Option("--patience", metavar="TIME", help="Maximum total wait when the tenant throttles: 90s, 15m, 2h.")
]
DEFAULT_PATIENCE = f"{PATIENCE / 60:g}m"
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        metavar="OUTCOME",
        help="Exit with code 1 if a job ended as partial, aborted, any (partial, aborted, unknown, or stuck), or new"
        " (users failed who didn't before).",
    ),
]
FeedOption = Annotated[
    str, typer.Option("--feed", metavar="NAME", help="Select feeds whose name contains this text. * matches any text.")
]


_UNITS = {"s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,3})?)(?P<unit>[smh])")


def parse_duration(text: str, option: str = "--patience") -> float:
    """Return the seconds of ``90s``, ``15m``, or ``2h``.

    Raises:
        UsageError: it isn't one of these; ``option`` is the option with it.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"{option} {text!r} isn't a time span", "Specify a time such as 90s, 15m, or 2h.")
    return float(found["number"]) * _UNITS[found["unit"]]


def parse_day(text: str, zone: ZoneInfo | None, option: str = "--since") -> datetime | None:
    """Return the start of a day, or a moment, in the tenant's zone, as UTC; None for an empty text.

    Raises:
        UsageError: it isn't a date; ``option`` is the option with it.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=zone or UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} isn't a date", "Specify a date such as 2026-11-23.") from error
