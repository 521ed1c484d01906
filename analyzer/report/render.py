"""Render pages as HTML. A user's own templates replace those of ``report_templates``. Output is deterministic."""

from __future__ import annotations

import base64
import hashlib
import traceback
from typing import TYPE_CHECKING, NamedTuple

import jinja2
from markupsafe import Markup

from analyzer.errors import InputError
from analyzer.model.language import gettext, ngettext, spoken
from analyzer.model.text import grouped
from analyzer.report.index_model import IndexPage, PeoplePage
from analyzer.report.job_model import JobPage
from analyzer.report.model import DayPage
from analyzer.storage.files import template_folders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    AnyPage = IndexPage | PeoplePage | DayPage | JobPage


_TEMPLATE_ERRORS = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    OSError,
)
"""Exceptions that a mistake in a template can raise."""

_ADVICE = "Correct it, or remove the file from the folder to use the built-in one."


COMMON_SCRIPT = "report.js"
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "index.html": (COMMON_SCRIPT, "index.js"),
    "job.html": (COMMON_SCRIPT, "people.js"),
    "people.html": ("person.js",),
}
"""The scripts of pages that have others than the common one, by their template."""


class Script(NamedTuple):
    """A script, and its hash by which the content security policy of a page allows it."""

    text: Markup
    hash: str


class Renderer:
    """Renders pages with templates that are read once."""

    def __init__(self, templates: Path | None) -> None:
        """Open the templates.

        Args:
            templates: a folder whose files replace the built-in ones of the same name; None for the built-in ones.

        Raises:
            InputError: there is no such folder, or its CSS or JS cannot be read.
        """
        self._folders = template_folders(templates)
        self._environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder) for folder in self._folders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
        self._environment.globals["language"] = spoken().code
        # For words of the data: ``_`` is for words of the templates only, and doesn't escape them.
        self._environment.filters["translated"] = gettext
        self._environment.filters["grouped"] = grouped
        self._environment.globals["style"] = self._raw("report.css")
        self._environment.globals["index_style"] = self._raw("index.css")
        self._scripts: dict[str, Script] = {}

    def html(self, page: AnyPage) -> str:
        """Return a page as HTML.

        Raises:
            InputError: a template has an error.
        """
        name = {IndexPage: "index.html", PeoplePage: "people.html", DayPage: "day.html"}.get(type(page), "job.html")
        root = "" if isinstance(page, IndexPage | PeoplePage) else "../"
        names = SCRIPTS.get(name, (COMMON_SCRIPT,))
        if isinstance(page, JobPage) and page.people_data is None:
            names = (COMMON_SCRIPT,)
        scripts = [self._script(script) for script in names]
        try:
            return self._environment.get_template(name).render(page=page, root=root, scripts=scripts)
        except _TEMPLATE_ERRORS as error:
            raise InputError(f"{self._place(error, name)}: {_problem(error)}", _ADVICE) from error

    def _script(self, name: str) -> Script:
        if name not in self._scripts:
            text = self._raw(name)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            self._scripts[name] = Script(text, f"sha256-{digest}")
        return self._scripts[name]

    def _raw(self, name: str) -> Markup:
        try:
            source = (path for folder in self._folders if (path := folder / name).is_file())
            return Markup(next(source).read_text("utf-8"))  # noqa: S704 - ours, or the user's own file
        except (OSError, ValueError, StopIteration) as error:
            raise InputError(f"the template {name} cannot be read: {_problem(error)}", _ADVICE) from error

    def _place(self, error: BaseException, name: str) -> str:
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name or name}, line {error.lineno}"
        # jinja2 adds template files and lines to the traceback.
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if any(frame.filename.startswith(str(folder)) for folder in self._folders):
                return f"{frame.filename}, line {frame.lineno}"
        return f"the template {name}"


def _problem(error: BaseException) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template {error.name!r}"
    message = error.message if isinstance(error, jinja2.TemplateError) else str(error)
    return (message or type(error).__name__).replace("\n", " ").rstrip(".")
