"""Make the causes of a job: what went wrong, whose it is, what to do about it, and how many users it affects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.catalogue.advice import SUPPORT_ADVICE, advise, clause_of
from analyzer.model.job import Outcome
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.service import LogCode
from analyzer.model.text import capitalised, count, grouped
from analyzer.report.job_model import Cause, ToDo
from analyzer.report.model import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analyzer.catalogue import Explanation
    from analyzer.catalogue.model import Advice, JobFacts
    from analyzer.history.job_log import JobLog
    from analyzer.history.log_parts import PatternCount
    from analyzer.report.view import Run, View

NO_ACTION = ("open", "superseded")
"""Topics of advice that require no action."""


class Steps:
    """What to do about a job, by topic. Each step is taken once."""

    def __init__(self, view: View, facts: JobFacts, *, has_file: bool) -> None:
        """Ask for advice on a job.

        Args:
            view: the report.
            facts: of the job.
            has_file: whether there is a retry file, so that none has to be created.
        """
        created = ("retry", facts.job_id) if has_file else ()
        advice = advise(facts, view.catalogue)
        self.needs_support = any(one.text == _(SUPPORT_ADVICE) for one in advice)
        self._view, self._facts = view, facts
        self._left = [one for one in advice if not one.command or one.command != created]

    def about(self, *topics: str, owner: str = "") -> tuple[ToDo, ...]:
        """Take the steps about some topics, in order; a step of the same owner doesn't repeat who that is."""
        taken = [one for one in self._left if one.about in topics]
        self._left = [one for one in self._left if one.about not in topics]
        return tuple(self._step(one, owner) for one in taken)

    def rest(self) -> tuple[ToDo, ...]:
        """Take the steps that are left."""
        return self.about(*(one.about for one in self._left))

    def _step(self, one: Advice, owner: str) -> ToDo:
        commands, command = self._view.commands, self._command(one)
        # That a later run has ended is in the page's first lines.
        is_superseded = one.about == "superseded"
        return ToDo(
            text=commands.completed(one.text),
            reason=_("This job's records would write old values over new ones.") if is_superseded else one.reason,
            who="" if one.about in NO_ACTION or one.who == owner else _(one.who),
            command=commands.line(*command) if command else "",
        )

    def _command(self, one: Advice) -> tuple[str, ...]:
        """Return the command of an advice; a later job is found by its feed, as it is another one each night."""
        if one.text == _(SUPPORT_ADVICE):
            return ()  # the page has the text
        is_later = one.about in NO_ACTION and self._facts.open != 0
        return ("show", "--feed", self._facts.feed) if is_later else one.command


def causes_of(view: View, run: Run, facts: JobFacts, steps: Steps, located: Sequence[str] = ()) -> tuple[Cause, ...]:
    """Return the causes of a job: the codes of its log, or the job's error if there are none.

    Args:
        view: the report.
        run: the job.
        facts: of the job.
        steps: what to do about it.
        located: faults in the source file that the service could not read, in sentences.
    """
    ranked = view.log_of(run).ranked_codes(run.outcome) if run.outcome.ended else []
    if ranked:
        return tuple(_of_code(view, run, facts, steps, one, located) for one in ranked)
    if run.outcome is Outcome.succeeded:
        return ()
    known = view.catalogue.explain_job(facts.error, facts.outcome.value, has_log=facts.log_found, message=facts.message)
    cause = _cause(known, "", steps.about(known.code, owner=known.who))
    return (replace(cause, message=facts.message, takes=_(known.takes)),)


def properties_of(log: JobLog) -> Grid | None:
    """Return the properties named in the log, most entries first.

    Returns:
        None if there are none, or only one that isn't mapped, which the cause names.
    """
    shown = [(name, code, grouped(lines), grouped(users)) for name, code, lines, users in log.properties]
    if not shown or [code for _, code, *_ in shown] == [LogCode.InvalidProperty]:
        return None
    return Grid((_("Property"), _("Code"), _("Entries"), _("Users")), tuple(shown))


def _of_code(  # noqa: PLR0913, PLR0917 - a job, and one of its codes
    view: View, run: Run, facts: JobFacts, steps: Steps, ranked: tuple[str, int, int], located: Sequence[str]
) -> Cause:
    code, lines, users = ranked
    known, counts = view.catalogue.explain(code), view.log_of(run).patterns.get(code, ())
    only = counts[0].name if len(counts) == 1 else None
    if only:
        known = view.catalogue.explain(only)
    patterns = () if only else tuple(_patterns(view, code, counts, steps))
    found = tuple(located) if code == LogCode.DataFileNotJson else ()
    cause = _cause(known, _counted(lines, users), steps.about(code, known.code, owner=known.who), patterns)
    return replace(cause, title=clause_of(only or code, facts, view.catalogue), located=found)


def _patterns(view: View, code: str, counts: Iterable[PatternCount], steps: Steps) -> Iterator[Cause]:
    """Yield the patterns of a code's messages, and the other messages; nothing if no message matches a pattern."""
    counts = list(counts)
    if all(one.name is None for one in counts):
        return
    for one in counts:
        known, counted = view.catalogue.explain(one.name or code), _counted(one.entries, one.users)
        if one.name:
            yield _cause(known, counted, steps.about(one.name, owner=known.who))
            continue
        unknown = _("The meaning of these messages is unknown.")
        # What a source file shows of invalid JSON is about all of the code's messages.
        of_others = () if code == LogCode.DataFileNotJson else steps.about(code, owner=known.who)
        yield replace(_cause(known, counted, of_others), title=_("Other messages"), meaning=unknown)


def _cause(known: Explanation, counted: str, steps: tuple[ToDo, ...], patterns: tuple[Cause, ...] = ()) -> Cause:
    return Cause(
        code=known.code,
        title=capitalised(_(known.title)),
        counted=counted,
        meaning=_(known.meaning),
        causes=() if patterns else tuple(map(_, known.causes)),
        who="" if patterns else capitalised(_(known.who)),
        retry="" if patterns else _retry_helps(known),
        known_from="" if patterns else _(known.known_from),
        patterns=patterns,
        steps=steps,
    )


def _retry_helps(known: Explanation) -> str:
    match known.retry_helps:
        case None:
            return _("Whether importing the same records unchanged helps is unknown.")
        case True:
            return _("Importing the same records unchanged can help.")
        case False:
            return _("Importing the same records unchanged does not help.")


def _counted(lines: int, users: int) -> str:
    entries = count(lines, "entry", "entries")
    if not users:
        return _("{entries}, no user named").format(entries=entries)
    named = ngettext("{users} user", "{users} users", users).format(users=grouped(users))
    return named if lines == users else _("{users}, {entries}").format(users=named, entries=entries)
