"""Pages to HTML by the templates in ``report_templates``; a folder of the user's own comes before them."""

from __future__ import annotations

import base64
import hashlib
import traceback
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from analyzer.errors import InputError
from analyzer.report.charts import svg
from analyzer.report.model import IndexPage
from analyzer.storage.resources import templates_folder

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.report.model import JobPage, RunsChart, WeeksChart

_MISTAKES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    OSError,
)
"""What a template raises that has a mistake in it, as it is a small program."""

_ADVICE = "Correct it, or remove the file from the folder to use the built-in one."


class Renderer:
    """The templates, read once for all pages."""

    def __init__(self, templates: Path | None = None) -> None:
        """Open the templates.

        Args:
            templates: a folder whose files come before ours of the same name.

        Raises:
            InputError: there is no such folder, or its CSS or JS cannot be read.
        """
        if templates is not None and not templates.is_dir():
            advice = "Specify a folder with templates, or leave out the option."
            raise InputError(f"{templates} isn't a folder with templates", advice)
        self._folders = [folder for folder in (templates, templates_folder()) if folder]
        self._environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder) for folder in self._folders]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        script = self._raw("report.js")
        # The page's policy allows this one script by its hash, so that no other can run.
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self._environment.globals.update(style=self._raw("report.css"), script=script, script_hash=f"sha256-{digest}")
        self._environment.globals["draw"] = _draw

    def html(self, page: IndexPage | JobPage) -> str:
        """Return a page as HTML.

        Raises:
            InputError: a template has an error.
        """
        name, root = ("index.html", "") if isinstance(page, IndexPage) else ("job.html", "../")
        try:
            return self._environment.get_template(name).render(page=page, root=root)
        except _MISTAKES as error:
            raise InputError(f"{self._place(error, name)}: {_problem(error)}", _ADVICE) from error

    def _raw(self, name: str) -> Markup:
        try:
            source = (path for folder in self._folders if (path := folder / name).is_file())
            return Markup(next(source).read_text("utf-8"))  # noqa: S704 - ours, or the user's own file
        except (OSError, ValueError, StopIteration) as error:
            raise InputError(f"the template {name} cannot be read: {_problem(error)}", _ADVICE) from error

    def _place(self, error: BaseException, name: str) -> str:
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name or name}, line {error.lineno}"
        # jinja2 puts the templates' own files and lines into the traceback.
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if any(frame.filename.startswith(str(folder)) for folder in self._folders):
                return f"{frame.filename}, line {frame.lineno}"
        return f"the template {name}"


def _draw(chart: RunsChart | WeeksChart) -> Markup:
    return Markup(svg(chart))  # noqa: S704 - matplotlib has escaped every text in it


def _problem(error: BaseException) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template {error.name!r}"
    message = error.message if isinstance(error, jinja2.TemplateError) else str(error)
    return (message or type(error).__name__).replace("\n", " ").rstrip(".")
