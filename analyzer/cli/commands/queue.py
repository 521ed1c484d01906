"""``upa-analyzer queue FILE`` and ``queue JOB --retry``: import a file into the tenant."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.commands.check import DirectoryOption, IdPropertyOption, IdTypeOption, SchemaOption
from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, PatienceOption, parse_duration
from analyzer.errors import InputError, UsageError
from analyzer.imports.plan import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from analyzer.config.settings import TenantConfig
    from analyzer.history.load import Tables
    from analyzer.imports.checker import Checker
    from analyzer.imports.delta import DeltaResult
    from analyzer.imports.destination import Destination, FeedOfFile
    from analyzer.imports.heal import Reported
    from analyzer.imports.journal import Journal
    from analyzer.imports.model import ImportPlan
    from analyzer.imports.prepare import Prepared, Wish
    from analyzer.imports.queue import Sender
    from analyzer.imports.retry_wish import RetryWish
    from analyzer.storage.import_record import ImportRecord
    from analyzer.tenant.sharepoint.site import Tenant

_FAILED = 1
_how = functools.partial(typer.Option, rich_help_panel="How the file is queued")
_what = functools.partial(typer.Option, rich_help_panel="What is sent")
_after = functools.partial(typer.Option, rich_help_panel="Until it has ended")

FileArgument = Annotated[
    str,
    typer.Argument(help="Source file, CSV file, or XLSX workbook; with --retry, the ID of a job.", metavar="FILE|JOB"),
]
RetryOption = Annotated[bool, _what("--retry", help="Queue the retry file of this job.")]
DeltaOption = Annotated[
    bool, _what("--delta", help="Send only records that changed since they were imported successfully.")
]
AgainOption = Annotated[bool, _what("--again", help="Queue a file even if the same file was queued before.")]
ForceOption = Annotated[
    bool, _what("--force", help="Send a file although its import would be aborted, or its condition isn't checked.")
]
DryRunOption = Annotated[bool, _what("--dry-run", help="Show what would be sent, and send nothing.")]
FeedOption = Annotated[str, _how(metavar="NAME", help="Feed of the configuration. Default: found by the file's name.")]
MapOption = Annotated[
    list[str] | None,
    _how("--map", metavar="SOURCE=PROFILE", help="Property map. Repeatable. Default: that of the feed."),
]
FolderOption = Annotated[
    str, _how(metavar="URL", help="Folder of a document library to upload to. Default: that of the feed.")
]
HealOption = Annotated[
    int,
    _after(
        metavar="N",
        min=0,
        show_default=False,
        help="Wait for the import, write the report, and retry up to N times while that helps. For schedulers.",
    ),
]
TimeoutOption = Annotated[
    str, _after(metavar="TIME", help="Longest wait for one job: 90m, 6h. Default: until it has ended.")
]


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    file: FileArgument,
    *,
    retry: RetryOption = False,
    delta: DeltaOption = False,
    again: AgainOption = False,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    feed: FeedOption = "",
    id_type: IdTypeOption = None,
    id_property: IdPropertyOption = "",
    map_: MapOption = None,
    folder: FolderOption = "",
    schema: SchemaOption = None,
    directory: DirectoryOption = None,
    heal: HealOption = 0,
    timeout: TimeoutOption = "",
    patience: PatienceOption = DEFAULT_PATIENCE,
) -> int:
    """Check a file, upload it, and queue its import. Run the same command again after an interruption.

    A file over the service's limits is split, and each part is queued when the job of the part before has ended.
    """
    from analyzer.analysis.feeds import source_name

    app = context.ensure_object(AppContext)
    options = PlanOptions(feed, id_type.value if id_type else "", id_property, map_ or ())
    is_retry = retry or source_name(Path(file).name).retry_of is not None
    _check_options(retry=is_retry, delta=delta, heal=heal, dry_run=dry_run)
    run = _Queueing(app, context, options, folder, parse_duration(timeout, "--timeout") if timeout else None, patience)
    checker = run.checker(schema, directory)
    return run.run(file, checker, retry=retry, delta=delta, again=again, force=force, dry_run=dry_run, heal=heal)


def _check_options(*, retry: bool, delta: bool, heal: int, dry_run: bool) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: some do.
    """
    if retry and delta:
        raise UsageError("a retry and --delta can't be combined", "A retry file has only users who failed.")
    if retry and heal:
        raise UsageError("a retry and --heal can't be combined", "Use --heal when you queue the feed's file.")
    if heal and dry_run:
        raise UsageError("--heal and --dry-run can't be combined", "Specify one of them.")


class _Queueing:
    """One call of the command: its tenant and the options that each step needs."""

    def __init__(  # noqa: PLR0913, PLR0917 - the options
        self,
        app: AppContext,
        context: typer.Context,
        options: PlanOptions,
        folder: str,
        timeout: float | None,
        patience: str,
    ) -> None:
        from analyzer.library.workspace import Workspace

        self.app, self.context, self.options, self.timeout = app, context, options, timeout
        name, self.config = app.tenant()
        self.workspace = Workspace(app.settings.data, name)
        self.tenant = _connected(app, self.config, patience)
        self.folder = self._address(folder) if folder else ""
        self.tables = self._tables()
        self.index: Path | None = None

    def checker(self, schema: Path | None, directory: Path | None) -> Checker:
        from analyzer.imports.checker import Checker
        from analyzer.imports.last_run import Runs
        from analyzer.imports.property_schema import read_schema

        runs = None
        if self.tables is not None:
            runs = Runs(self.app.library(), self.tables, self.app.zone(), self._now())
        return Checker(
            feeds=self.config.feeds,
            options=self.options,
            schema=read_schema(schema) if schema is not None else None,
            directory=self.app.directory(directory),
            runs=runs,
        )

    def run(  # noqa: PLR0913 - the options
        self,
        file: str,
        checker: Checker,
        *,
        retry: bool,
        delta: bool,
        again: bool,
        force: bool,
        dry_run: bool,
        heal: int,
    ) -> int:
        from analyzer.imports.journal import held_journal
        from analyzer.imports.prepare import AlreadyQueuedError, StoppedError, prepare
        from analyzer.imports.retry_wish import retried_by_file

        terminal = self.app.terminal
        wanted = self._retry(file, force=force) if retry else None
        retry_of = wanted.job_id if wanted else retried_by_file(Path(file), self.tables, force=force)
        feed = self._feed(Path(file), wanted, retry_of)
        with held_journal(self.workspace.imports, feed.name, self.context.info_name or "", terminal.say) as journal:
            wish = self._wish(Path(file), wanted, retry_of, feed, journal, delta=delta, again=again, force=force)
            try:
                prepared = prepare(journal, wish, checker, self._now())
            except StoppedError as error:
                return self._stopped(error)
            except AlreadyQueuedError as error:
                if not heal or not error.is_last or error.record.abandoned:
                    raise
                terminal.say(f"{error.what}. Continuing with its retries.")
                sender = self._sender(journal)
                return self._heal(sender, checker, wish.destination, error.record, heal)
            return self._send(journal, checker, wish, prepared, dry_run=dry_run, heal=heal)

    def _send(  # noqa: PLR0913 - a prepared import, and what comes after it
        self, journal: Journal, checker: Checker, wish: Wish, prepared: Prepared, *, dry_run: bool, heal: int
    ) -> int:
        from analyzer.cli.views.queue import import_json, print_prepared, print_sent
        from analyzer.imports.prepare import discard

        terminal, record = self.app.terminal, prepared.record
        sender = self._sender(journal)
        print_prepared(terminal, prepared, self.app.zone(), self._now(), dry_run=dry_run)
        if not dry_run:
            sender.take_over(prepared.taken_over, prepared.why_given_up)
        if dry_run or not record.parts:
            if not prepared.is_continued:
                discard(journal, record)
            if dry_run or not heal or journal.last_run is None:
                if terminal.json:
                    terminal.result({**import_json(record, prepared), "sent": False})
                return 0
            record = journal.last_run
        if record is prepared.record:
            sender.send(record, until_end=bool(heal))
        if heal:
            return self._heal(sender, checker, wish.destination, record, heal)
        if terminal.json:
            terminal.result({**import_json(record, prepared), "sent": True})
        else:
            print_sent(terminal, record)
        return _FAILED if any(part.ended_at and part.error != 0 for part in record.parts) else 0

    def _heal(self, sender: Sender, checker: Checker, place: Destination, record: ImportRecord, most: int) -> int:
        from analyzer.cli.views.queue import healing_json, import_json, print_healing
        from analyzer.imports.heal import Healer

        sender.send(record, until_end=True)
        healer = Healer(sender, checker, place, self._report, self.app.settings.catalogue, self.app.terminal.say)
        healings = healer.heal(record, most)
        if self.app.terminal.json:
            self.app.terminal.result(
                {**import_json(record), "sent": True, "healing": list(map(healing_json, healings))}
            )
        else:
            print_healing(self.app.terminal, record, healings, self.app.zone(), self._now())
            self.app.terminal.show(str(self.index))
        return 0 if all(one.is_healed for one in healings) else _FAILED

    def _report(self) -> Reported:
        """Pull, and write retry files and the report, while no other command writes to the tenant's folder."""
        from analyzer.cli.commands.report import report_places
        from analyzer.imports.heal import Reported
        from analyzer.library.mirror import Library
        from analyzer.pipeline import run

        app, library = self.app, Library(self.workspace.library)
        with self.workspace.held(self.context.info_name or "", app.terminal.say, wait=_WAIT):
            app.held = self.workspace.root
            try:
                with app.terminal.stages() as stage:
                    places = report_places(app, self.workspace)
                    pulled, made = run(self.tenant, library, places, self._now(), stage)
            finally:
                app.held = None
        if pulled.fault is not None:
            raise pulled.fault
        self.index = made.index
        return Reported(Library(library.root), made.tables, made.retries)

    def _sender(self, journal: Journal) -> Sender:
        from analyzer.cli.views.queue import changes_shown
        from analyzer.imports.queue import Sender

        terminal = self.app.terminal
        return Sender(self.tenant, journal, terminal.say, terminal.progress, changes_shown(terminal), self.timeout)

    def _tables(self) -> Tables | None:
        from analyzer.library.mirror import JOB_LIST

        if not (self.workspace.library / JOB_LIST).is_file():  # without it, the first pull was interrupted
            return None
        return self.app.tables_with_progress(self.app.library(), self.workspace)

    def _retry(self, wanted: str, *, force: bool) -> RetryWish:
        from analyzer.imports.retry_wish import retry_wish

        if self.tables is None:
            raise InputError("no library found", "Run `upa-analyzer pull` first: a retry needs the job's log.")
        return retry_wish(self.app.library(), self.tables, wanted, self.workspace.retry, force=force)

    def _feed(self, file: Path, wanted: RetryWish | None, retry_of: str) -> FeedOfFile:
        from analyzer.imports.destination import FeedOfFile, feed_of_file

        feeds = self.config.feeds
        if wanted is not None:
            return FeedOfFile(wanted.feed, feeds.get(wanted.feed), wanted.source_uri.rpartition("/")[0])
        of_job = self.tables.jobs.filter(job_id=retry_of)["feed"].to_list() if self.tables and retry_of else []
        named = self.options.feed or next((one for one in of_job if one in feeds), "")
        return feed_of_file(file.name, feeds, named, self.folder, self.tables)

    def _wish(  # noqa: PLR0913 - the options
        self,
        file: Path,
        wanted: RetryWish | None,
        retry_of: str,
        feed: FeedOfFile,
        journal: Journal,
        *,
        delta: bool,
        again: bool,
        force: bool,
    ) -> Wish:
        import dataclasses

        from analyzer.imports.destination import destination
        from analyzer.imports.prepare import Wish
        from analyzer.imports.retry_wish import retry_options

        options, last = self.options, journal.last_run
        if retry_of:
            last = journal.record_of(retry_of) or last
        if wanted is not None:
            options = retry_options(options, wanted.manifest)
        place = destination(feed, options, self.folder, last)
        place = dataclasses.replace(place, folder=self._address(place.folder))
        self.tenant.session.hosts.origin(place.folder)  # raises an error before anything is prepared
        return Wish(
            files=wanted.files if wanted else [file],
            destination=place,
            again=again,
            force=force,
            retry_of=retry_of,
            delta=self._delta(feed.name) if delta else None,
        )

    def _delta(self, feed: str) -> Callable[[Path, Path, ImportPlan], DeltaResult]:
        from analyzer.imports.delta import write_delta
        from analyzer.imports.earlier_files import EarlierFiles

        tables = self.tables
        if tables is None:
            self.app.terminal.say("There is no library with earlier files yet: all records are sent.")
            return lambda source, target, plan: write_delta(source, target, (), plan)
        library, zone = self.app.library(), self.app.zone()

        def delta(source: Path, target: Path, plan: ImportPlan) -> DeltaResult:
            earlier = EarlierFiles(library, tables, self.workspace.imports, feed, plan, zone, self._now())
            result = write_delta(source, target, earlier, plan)
            for remark in (*earlier.remarks, *result.remarks):
                self.app.terminal.say(remark)
            return result

        return delta

    def _stopped(self, error: Exception) -> int:
        from analyzer.cli.views.check import check_json, print_kinds
        from analyzer.imports.prepare import StoppedError

        assert isinstance(error, StoppedError)  # noqa: S101 - of the caller
        if self.app.terminal.json:
            self.app.terminal.result({"check": check_json(error.result), "sent": False})
        else:
            print_kinds(self.app.terminal, error.result)
            self.app.terminal.say(f"next: {self.app.commands.line('check', str(error.result.path))}")
        self.app.terminal.complain(error)
        return error.exit_code

    def _now(self) -> datetime:
        return self.tenant.session.policy.clock.now()

    def _address(self, folder: str) -> str:
        from analyzer.imports.destination import absolute_folder

        return absolute_folder(folder, self.tenant.host)


_WAIT = 600.0
"""Seconds to wait for another command that writes to the tenant's folder."""


def _connected(app: AppContext, config: TenantConfig, patience: str) -> Tenant:
    from analyzer.config.connect import certificate_warning, connect
    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.sharepoint.site import Tenant

    policy = ClientPolicy(patience=parse_duration(patience), notify=app.terminal.say)
    session = connect(app.settings, config, app.environment, policy, app.terminal.ask)
    warning = certificate_warning(app.settings, config, app.environment, policy.clock.now())
    if warning:
        app.terminal.warn(warning)
    return Tenant(session)
