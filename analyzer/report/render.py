"""Render pages as HTML and charts as SVG.

A user's own templates replace those of ``report_templates``. Output is deterministic; charts are readable in light and
dark mode, and matplotlib escapes their text.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import jinja2
import matplotlib as mpl
from markupsafe import Markup
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analyzer.errors import InputError
from analyzer.model.job import Outcome
from analyzer.report.model import IndexPage, RunsChart, WeeksChart
from analyzer.storage.files import templates_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from matplotlib.axes import Axes

    from analyzer.report.model import JobPage


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


class Renderer:
    """Renders pages with templates that are read once."""

    def __init__(self, templates: Path | None = None) -> None:
        """Open the templates.

        Args:
            templates: a folder whose files replace the built-in ones of the same name.

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
        # The page's content security policy allows only this script, by its hash.
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self._environment.globals.update(style=self._raw("report.css"), script=script, script_hash=f"sha256-{digest}")
        self._environment.globals["draw"] = lambda chart: Markup(svg(chart))  # noqa: S704 - matplotlib escapes its texts

    def html(self, page: IndexPage | JobPage) -> str:
        """Return a page as HTML.

        Raises:
            InputError: a template has an error.
        """
        name, root = ("index.html", "") if isinstance(page, IndexPage) else ("job.html", "../")
        try:
            return self._environment.get_template(name).render(page=page, root=root)
        except _TEMPLATE_ERRORS as error:
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


# Okabe and Ito's colors for all kinds of color vision, https://jfly.uni-koeln.de/color/, without black, which is
# invisible in dark mode; yellow is last because it is pale in light mode.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "///", "---", "xxx", "\\\\\\", "+++", "|||")
_OUTCOMES = {
    Outcome.succeeded.value: 2,
    Outcome.partial.value: 5,
    Outcome.aborted.value: 1,
    Outcome.unknown.value: 3,
    Outcome.running.value: 4,
    Outcome.stuck.value: 0,
}

# Placeholders for the page's colors, so that a chart follows light and dark mode.
_INK, _FAINT, _PAPER = "#010203", "#040506", "#070809"
_THEMED = {_INK: "currentColor", _FAINT: "var(--line)", _PAPER: "var(--paper)"}

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "upa-analyzer",
    "text.parse_math": False,  # a feed may be called $x_1$
    "font.family": ["sans-serif"],
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _FAINT,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.7,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}
_INCHES = (5.5, 3.5)
_SMALL_INCHES = (4.2, 1.7)
_LONGEST_LABEL = 28
_TICKS = 6
_STEEP = 20
"""Ratio of maximum to median above which a linear scale would show only the maximum."""


def svg(chart: RunsChart | WeeksChart) -> str:
    """Return a chart as an ``<svg>`` element to put into a page."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # matplotlib measures letters that its font lacks wrongly, but browsers draw them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        small = isinstance(chart, WeeksChart) and chart.name == "trend"
        figure = Figure(figsize=_SMALL_INCHES if small else _INCHES, layout="constrained")
        axes = figure.add_subplot()
        if isinstance(chart, RunsChart):
            _runs(axes, chart)
        else:
            _weeks(axes, chart)
        axes.set_ylabel(chart.y_label + _scaled(axes, chart))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        _legend(figure, axes, chart)
        return _element(figure)


def _runs(axes: Axes, chart: RunsChart) -> None:
    for place, line in enumerate(chart.lines):
        look: dict[str, Any] = {"color": PALETTE[place], "marker": MARKERS[place], "label": _label(line.name)}
        times: list[Any] = [time for time, _ in line.points]
        # NaN breaks the line if the number is unknown.
        users = [float("nan") if number is None else number for _, number in line.points]
        axes.plot(times, users, linewidth=1.6, markersize=5, clip_on=False, **look)
    # matplotlib counts days: at whole numbers (midnights), no day is labeled twice.
    axes.xaxis.set_major_locator(MaxNLocator(nbins=_TICKS, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(_day))
    axes.set_xlabel("when the job ran (UTC)")


def _day(number: float, _: int | None = None) -> str:
    day: datetime = num2date(number)  # type: ignore[no-untyped-call]
    return f"{day.day} {day:%b}"


def _weeks(axes: Axes, chart: WeeksChart) -> None:
    bottom = [0] * len(chart.weeks)
    places = range(len(chart.weeks))
    for place, series in enumerate(chart.series):
        look = _OUTCOMES.get(series.name, place)
        axes.bar(
            places,
            series.values,
            bottom=bottom,
            width=0.7,
            color=PALETTE[look],
            hatch=HATCHES[look],
            edgecolor=_PAPER,
            linewidth=0.5,
            label=_label(series.name),
        )
        bottom = [low + high for low, high in zip(bottom, series.values, strict=True)]
    axes.set_ymargin(0.08)
    step = -(-len(chart.weeks) // _TICKS)
    # Counting from the newest week ensures that it has a label.
    shown = list(places)[::-1][::step][::-1]
    axes.set_xticks(shown, [f"{chart.weeks[week].day} {chart.weeks[week]:%b}" for week in shown])
    axes.set_xlabel("week starting (Monday, UTC)")


def _scaled(axes: Axes, chart: RunsChart | WeeksChart) -> str:
    """Set the scale of the y axis; return a suffix for its label."""
    if isinstance(chart, RunsChart):
        numbers = sorted(number for line in chart.lines for _, number in line.points if number)
        if numbers and numbers[-1] > _STEEP * numbers[len(numbers) // 2]:
            axes.set_yscale("symlog", linthresh=1)
            axes.set_ylim(bottom=0)
            return " (each step tenfold)"
    # If every number is 0, avoid fractions of a user.
    axes.set_ylim(bottom=0, top=max(1, axes.get_ylim()[1]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    return ""


def _legend(figure: Figure, axes: Axes, chart: RunsChart | WeeksChart) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if isinstance(chart, RunsChart) or len(handles) > 1:
        figure.legend(handles, labels, loc="outside upper left", ncols=2 if len(labels) > 1 else 1)


def _label(name: str) -> str:
    # matplotlib omits labels that begin with an underscore.
    shown = name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"
    return f" {shown}" if shown.startswith("_") else shown


def _element(figure: Figure) -> str:
    stream = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    text = stream.getvalue().decode()
    text = text[text.index("<svg") :]
    # Groups have the same IDs in each figure, and IDs must be unique in a page.
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    for placeholder, colour in _THEMED.items():
        text = re.sub(rf"(?<=: ){placeholder}(?=[;\"])", colour, text)
    return text
