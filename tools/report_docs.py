"""Write what ``docs/reference`` says of the report's data: ``python -m tools.report_docs``.

These are ``templates.md``, what templates get, from the types of pages; and ``report.schema.json``, from the summary.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.report.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_REFERENCE, _MODULES = _ROOT / "docs" / "reference", _ROOT / "analyzer" / "report"
_ATTRIBUTE = re.compile(r"(?P<names>\w+(?:, \w+)*): (?P<text>.+)", re.DOTALL)
_HEAD = """\
# Templates

The folder that `templates` names in the [configuration](../configuration.md) replaces the report's templates
([Jinja](https://jinja.palletsprojects.com/templates/)) piece by piece: a file there replaces ours of the same name,
and all others stay. Copy a file from `report_templates/`, and change it. Everything that a template prints is escaped.
After an update of the program, compare your copies with the new files.

If a template has a mistake, the command names the file and the line, and the last good report stays.

| template | shows | gets |
| --- | --- | --- |
| `base.html` | the frame of every page, and its content security policy | what the page gets |
| `brand.html`, `footer.html` | top and end of every page | what the page gets |
| `parts.html` | macros that pages share: tables, entries, buttons, commands | |
| `plots.html` | charts | |
| `index.html` | the first page | `page`: [IndexPage](#indexpage) |
| `people.html` | everybody who ever failed | `page`: [PeoplePage](#peoplepage) |
| `job.html` | a job's page | `page`: [JobPage](#jobpage) |
| `day.html` | the page of a day | `page`: [DayPage](#daypage) |
| `report.css`, `index.css`, `*.js` | styles, and scripts; a page's policy allows only those that it comes with | |

Each page also gets `root` (the way from the page to the report's folder), `scripts` (`text` and `hash` of each),
`style` (the styles), `index_style` (more styles), `language` (`en`), and `_("…")`, which translates a text.
`page.frame` is a [Frame](#frame) everywhere.

The types below are of this version; `tuple[X, ...]` is a list of X. [report.schema.json](report.schema.json) describes
the JSON summary of a report, which doesn't change with its pages.
"""


def templates_page() -> str:
    """Return the page on what templates get."""
    modules = sorted(_MODULES.glob("*model.py"), reverse=True)  # the common one first
    trees = [ast.parse(path.read_text("utf-8")) for path in modules]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    return "\n".join([_HEAD, *(line for node in classes for line in _section(node))])


def schema() -> bytes:
    """Return the JSON schema of a summary."""
    content: dict[str, Any] = msgspec.json.schema(Summary)
    for kind in content["$defs"].values():
        # As msgspec has it: before 0.23 with the indentation of the source.
        summary, _, attributes = inspect.cleandoc(kind["description"]).partition("\n\nAttributes:\n")
        kind["description"] = summary
        for name, text in _described(attributes):
            kind["properties"][name]["description"] = text
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content}
    return msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=2) + b"\n"


def _section(node: ast.ClassDef) -> Iterator[str]:
    summary, _, attributes = (ast.get_docstring(node) or "").partition("\n\nAttributes:\n")
    about = dict(_described(attributes))
    yield f"## {node.name}\n"
    yield f"{' '.join(summary.replace('``', '`').split())}\n"
    yield "| field | type | |"
    yield "| --- | --- | --- |"
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            kind = ast.unparse(field.annotation).replace("|", "\\|")
            yield f"| `{field.target.id}` | `{kind}` | {about.get(field.target.id, '')} |"
    yield ""


def _described(attributes: str) -> Iterator[tuple[str, str]]:
    for paragraph in re.split(r"\n(?=    \S)", attributes):
        match = _ATTRIBUTE.match(paragraph.strip())
        if match:
            text = " ".join(match["text"].replace("``", "`").split()).replace("|", "\\|")
            yield from ((name, text) for name in match["names"].split(", "))


if __name__ == "__main__":
    (_REFERENCE / "templates.md").write_text(templates_page(), encoding="utf-8")
    (_REFERENCE / "report.schema.json").write_bytes(schema())
