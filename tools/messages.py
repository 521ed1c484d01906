"""Collect the messages of reports, and update the catalogues: ``python -m tools.messages [LANGUAGE]``.

Each catalogue gets new messages without a translation, and loses those that are no longer used. A LANGUAGE without
a catalogue gets one. Messages are in Python ``_("…")``, ``ngettext("…", "…", n)``, ``N_("…")``, and
``count(n, "noun")``; in templates ``{{ _("…") }}``; and the texts of the catalogue of codes.
"""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from analyzer.catalogue import generic_error, job_errors, log_codes
from analyzer.storage.files import templates_folder
from analyzer.storage.languages import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
FOLDER = templates_folder() / MESSAGES
_PLURAL = 2
_SINGLE = ("_", "gettext", "N_")
_TERMINAL = frozenset({"cli", "config", "doctor", "emulator", "imports", "library", "tenant"})
"""Folders whose texts are in no report."""

_IN_REPORTS = frozenset({Path("analyzer/cli/views/run.py"), Path("analyzer/cli/views/jobs.py")})
"""Files in them with the sentences of a day's page."""

_KEYWORDS = ("_", "gettext", "ngettext")


_HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plural}\n"
"Content-Type: text/plain; charset=utf-8\n"

"""


def collected() -> Catalog:
    """Return a catalogue of all messages, without translations."""
    catalogue = Catalog(project="upa-analyzer", fuzzy=False)
    for path in sorted((ROOT / "analyzer").rglob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[1] not in _TERMINAL or place in _IN_REPORTS:
            for message in messages_of(path.read_text("utf-8")):
                catalogue.add(message, locations=[(place.as_posix(), 0)])
    for path in sorted(templates_folder().glob("*.html")):
        with path.open("rb") as stream:
            options = {"trim_blocks": "1", "lstrip_blocks": "1", "newstyle_gettext": "1", "silent": "0"}
            for line, _, found, _comments in babel_extract(stream, _KEYWORDS, [], options):
                words = [one for one in ((found,) if isinstance(found, str) else found or ()) if one]
                if words:
                    message = words[0] if len(words) < _PLURAL else (words[0], words[1])
                    catalogue.add(message, locations=[(f"report_templates/{path.name}", line)])
    explained = (*log_codes.EXPLANATIONS, *job_errors.EXPLANATIONS)  # errors of calls are for the terminal only
    patterns = (*log_codes.PATTERNS, *generic_error.PATTERNS)
    for one in (*explained, *(pattern.explanation for pattern in patterns)):
        texts = (one.title, one.meaning, *one.causes, *one.remedies, one.who, one.known_from, one.takes)
        for text in filter(None, texts):
            catalogue.add(text, locations=[("analyzer/catalogue", 0)])
    return catalogue


def messages_of(program: str) -> Iterator[str | tuple[str, str]]:
    """Yield the messages of a Python program; a pair for one that has a plural."""
    for node in ast.walk(ast.parse(program)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if node.func.id in _SINGLE and texts and texts[0]:
            yield texts[0]
        elif node.func.id == "ngettext" and len(texts) == _PLURAL:
            yield texts[0], texts[1]
        elif node.func.id == "count" and texts:
            yield texts[0], texts[1] if len(texts) == _PLURAL else f"{texts[0]}s"


def updated(path: Path, found: Catalog) -> bytes:
    """Return a catalogue's file with all messages and without others; translations stay."""
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=path.stem)
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    content = io.BytesIO()
    write_po(content, catalogue, width=120, omit_header=True, sort_output=True, include_lineno=False)
    header = _HEADER.format(language=path.stem, plural=catalogue.plural_forms)
    return header.encode() + content.getvalue()


def main() -> int:
    """Update the catalogues; return 1 if a message has no translation."""
    found = collected()
    for language in sys.argv[1:]:
        path = FOLDER / f"{language}.po"
        if not path.exists():
            with path.open("wb") as stream:
                write_po(stream, Catalog(locale=language, fuzzy=False))
    missing = 0
    for path in sorted(FOLDER.glob("*.po")):
        path.write_bytes(updated(path, found))
        with path.open("rb") as stream:
            for message in read_po(stream, locale=path.stem):
                texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
                if message.id and not all(texts):
                    missing += 1
                    print(f"{path.name}: no translation of {message.id!r}")  # noqa: T201 - its result
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
