"""Write findings as Markdown, for the summary of a job (GitHub, Azure DevOps, GitLab) or a message in Teams.

A summary on GitHub is refused if it is larger than 1 MiB. Text from a file is written so that it is neither markup,
HTML, nor a link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.catalogue.finding_kind import Severity
from analyzer.imports.formats.model import EFFECTS, finding_text, visible
from analyzer.model.text import count, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.imports.formats.model import CheckedFile, Group

MOST_BYTES = 1_000_000
"""Below the 1 MiB of GitHub, which counts all that a step writes."""
_LISTED = 10
_GROUPS = 50
_LONGEST = 300
_SIGNS = {Severity.aborts: "❌", Severity.fails: "❌", Severity.harm: "⚠️", Severity.note: "ℹ️"}  # noqa: RUF001
_MARKUP = re.compile(r"[&<>|`*_\[\]~\\#$]|(?<=[a-z]):(?=//)|(?<=www)\.", re.IGNORECASE)
_BLOCK = re.compile(r"^(?:[-+=]|\d+[.)])")


def markdown(files: Sequence[CheckedFile], most: int = MOST_BYTES) -> str:
    """Return Markdown with a section for each file.

    Args:
        files: the files that were checked.
        most: maximum number of bytes in UTF-8.
    """
    written, left = ["## Check of import files\n"], most - 300
    for place, file in enumerate(files):
        section = "".join(_section(file))
        left -= len(section.encode())
        if left < 0:
            written.append(f"\n{count(len(files) - place, 'more file')} not shown.\n")
            break
        written.append(section)
    return "".join(written)


def escaped(text: str) -> str:
    """Return a text from a file as Markdown that shows it, also within a table.

    >>> escaped("a|b <i>")
    'a&#124;b &#60;i&#62;'
    """
    marked = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", visible(text).strip())
    return _BLOCK.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", marked)


def _section(file: CheckedFile) -> Iterator[str]:
    worst = file.groups[0].kind.severity if file.groups else None
    yield f"\n### {_SIGNS[worst] if worst else '✅'} {escaped(file.path.name)}\n\n{escaped(file.summary)}\n"
    if not file.groups:
        return
    yield "\n| Finding | Effect | Certainty | Log code | What to do |\n| --- | --- | --- | --- | --- |\n"
    shown = file.groups[:_GROUPS]
    for group in shown:
        kind = group.kind
        words = (group.sentence, EFFECTS[kind.severity], str(kind.certainty), kind.code, group.remedy)
        yield f"| {' | '.join(escaped(shortened(text, _LONGEST)) for text in words)} |\n"
    if len(file.groups) > len(shown):
        yield f"\n{len(file.groups) - len(shown):,} more not shown.\n"
    yield from (text for group in shown if not group.is_about_the_file or group.rows.height for text in _list(group))


def _list(group: Group) -> Iterator[str]:
    yield f"\n**{escaped(group.sentence)}**\n\n"
    rows = group.rows.head(_LISTED)
    for row in rows.iter_rows(named=True):
        yield f"- {escaped(shortened(finding_text(row), _LONGEST))}\n"
    if group.number > rows.height:
        yield f"- {group.number - rows.height:,} more\n"
