"""Check and repair files with all that is known of their import: the options, the configuration, the library."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.imports.changes import LastRunCheck
from analyzer.imports.check import check_file
from analyzer.imports.directory_checks import DirectoryCheck
from analyzer.imports.fix import FixResult, fix
from analyzer.imports.input_file import input_file
from analyzer.imports.plan import PlanOptions, feed_of, plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.config.settings import FeedConfig
    from analyzer.directory.model import Directory
    from analyzer.imports.check import CheckResult
    from analyzer.imports.last_run import LastRun, Runs
    from analyzer.imports.model import ImportPlan, RecordCheck
    from analyzer.imports.property_schema import PropertySchema


@dataclass(frozen=True, slots=True)
class Fixed:
    """A repaired file.

    Attributes:
        result: what was repaired.
        target: where the file was to be written.
        after: what a check of the repaired file finds; None if no file was written.
    """

    result: FixResult
    target: Path
    after: CheckResult | None


@dataclass(frozen=True, slots=True)
class Checker:
    """What files are checked against.

    Attributes:
        feeds: the feeds of the configuration by name.
        options: what the user specified for the import.
        schema: the properties of the profile store; None if unknown.
        directory: an export of all users; None without one.
        against: the earlier file to compare with; None for that of the feed's last run.
        runs: the runs of the library; None without a library.
    """

    feeds: Mapping[str, FeedConfig] = field(default_factory=dict)
    options: PlanOptions = field(default_factory=PlanOptions)
    schema: PropertySchema | None = None
    directory: Directory | None = None
    against: LastRun | None = None
    runs: Runs | None = None

    def check(
        self, file: Path, target: Path | None = None, *, drop_unmapped: bool = False
    ) -> tuple[CheckResult, Fixed | None]:
        """Check a source file, a table, or standard input; repair it on request.

        Args:
            file: the file; ``-`` for standard input.
            target: path of the repaired file; None to repair nothing.
            drop_unmapped: whether the repaired file leaves out properties that the map lacks.

        Raises:
            InputError: the file can't be read, isn't a table, or changes meanwhile.
            OutputError: the repaired file can't be written.
            UsageError: the options don't fit the file or the configuration.
        """
        feed = feed_of(file.name, self.feeds, self.options.feed)
        plan = plan_of(self.options, self.feeds.get(feed))
        last = self.against or (self.runs.last(file, feed) if self.runs else None)
        with input_file(file, plan.id_property) as given:
            result = given.named(self._checked(given.path, plan, last))
            if target is None:
                return result, None
            known = dataclasses.replace(result.plan, id_property=result.id_property.name)
            inputs = [given.shown] if given.shown != given.path else []
            done = fix(given.path, target, known, drop_unmapped=drop_unmapped, inputs=inputs)
            return result, Fixed(done, target, self._checked(done.path, known, last) if done.path else None)

    def check_import(self, path: Path, given: Path, plan: ImportPlan) -> CheckResult:
        """Check an import file with a known plan.

        Args:
            path: the import file.
            given: what it was made from, or the file itself; its name shows the feed.
            plan: what it is to be queued with.

        Raises:
            InputError: the file can't be read.
        """
        feed = feed_of(given.name, self.feeds, self.options.feed)
        last = self.against or (self.runs.last(given, feed) if self.runs else None)
        return self._checked(path, plan, last)

    def _checked(self, path: Path, plan: ImportPlan, last: LastRun | None) -> CheckResult:
        further: list[RecordCheck] = [LastRunCheck(last, plan)] if last else []
        further += [DirectoryCheck(self.directory, plan.id_type)] if self.directory else []
        return check_file(path, plan, further, schema=self.schema)
