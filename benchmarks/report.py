"""What reports cost, to make and to read: ``report.py [--folder DIR] [people] [index] [sample]``.

Chromium opens the pages from disk, headless, a new window for each time. ``people`` is the page of a job for which
100,000 users failed, 85 % of them the night before, too; ``index`` is the first page of a year, 1,095 jobs; ``sample``
is the command ``report`` on the sample library. The loads (``make_history.py``) are kept in DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import make_history
from pulling import row
from timing import PROGRAM, RUNS, cost, median

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
SAMPLES = Path(__file__).parents[1] / "sample_logs"
MILLION = 1_000_000
MOST_SECONDS = 2
TYPED = "grace.meier9@contoso"

PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") done(entry.startTime);
}).observe({ type: "paint", buffered: true }))"""
"""Milliseconds from the navigation to the first contentful paint."""

DRAWN = """([act, selector, value]) => new Promise((done) => {
  const element = document.querySelector(selector);
  const begun = performance.now();
  if (act === "click") element.click();
  else {
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }
  // A message that is sent from a frame's callback comes after the frame is drawn.
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now() - begun);
    port2.postMessage(null);
  });
})"""
"""Milliseconds from an event to the frame that shows its effect; up to 16.7 of them are the wait for the frame."""

CHARTS = """
import cProfile, json, pstats, sys
from analyzer.cli.main import main
profile = cProfile.Profile()
try:
    profile.runcall(main, sys.argv[1:])
except SystemExit:
    pass
found = pstats.Stats(profile, stream=sys.stderr)
charts = sum(
    times[3]
    for (file, _, _), (*_, callers) in found.stats.items() if file.endswith("plots.py")
    for (caller, _, _), times in callers.items() if not caller.endswith("plots.py")
)
print(json.dumps({"share": charts / found.total_tt, "matplotlib": "matplotlib" in sys.modules}), file=sys.stderr)
"""
"""Runs the program, and prints which share of its time computes charts; the profiler slows both down."""


def people(folder: Path, browser: Browser) -> None:
    """Measure the page of a job with 100,000 failed users."""
    library = folder / "people" / "library"
    if not (library / "jobs.json").exists():
        earlier = islice(make_history.large(1), 1)
        make_history.write_library(library, [*earlier, make_history.new_run(1)])
    report = _report(library, folder / "people" / "report")
    path = max((report / "jobs").glob("*.html"), key=lambda one: one.stat().st_size)
    found = len(_rows(path))
    row("page of a job, people", f"{found:,}", "100,000", met=found == make_history.NEW_RUN_FAILED)
    _at_most("page with data, MB", path.stat().st_size / MILLION, 6, "{:.2f}")
    _paint(browser, path, 500)
    page = _opened(browser, path, "#people-app:not([hidden])")
    keys = [_drawn(page, "type", "#people-app input", TYPED[:length]) for length in range(1, len(TYPED) + 1)]
    _drawn(page, "type", "#people-app input", "")
    _figure("search keystroke until drawn", keys, 50)
    heads = page.locator("#people-table thead button").count()
    sorts = [
        _drawn(page, "click", f"#people-table thead th:nth-child({1 + turn % heads}) button")
        for turn in range(heads * 4)
    ]
    _figure("sorting a column until drawn", sorts, 150)
    page.context.close()


def index(folder: Path, browser: Browser) -> None:
    """Measure the first page of a year."""
    library = make_history.make(folder, "year")
    path = _report(library, folder / "year" / "report") / "index.html"
    _at_most("first page of 1,095 jobs, KB", path.stat().st_size / 1000, 400, "{:.0f}")
    _paint(browser, path, 300)
    opened = []
    for _ in range(RUNS):
        page = _opened(browser, path, "#job-find:not([hidden])")
        opened.append(float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")))
        page.context.close()
    _figure("opened (load event)", opened, 300)


def sample(folder: Path, _browser: Browser) -> None:
    """Measure the command on the sample library."""
    out = folder / "sample"
    command = ["report", str(SAMPLES), "-o", str(out)]
    found = []
    for _ in range(RUNS + 1):
        shutil.rmtree(out, ignore_errors=True)
        found.append(cost([str(PROGRAM), *command]))
    took = median(found[1:])
    reached = f"{took.seconds:.2f} s (processor {took.processor:.2f} s)"
    row("report of the sample library", reached, f"under {MOST_SECONDS} s", met=took.seconds < MOST_SECONDS)
    shutil.rmtree(out, ignore_errors=True)
    ran = subprocess.run([sys.executable, "-c", CHARTS, *command], capture_output=True, text=True, check=True)
    charts = json.loads(ran.stderr.splitlines()[-1])
    is_met = charts["share"] < 1 / 2 and not charts["matplotlib"]
    row("charts' share of it", f"{charts['share']:.2%}", "under half, without matplotlib", met=is_met)


def _report(library: Path, out: Path) -> Path:
    """Write a report if there is none yet; return its folder."""
    subprocess.run([str(PROGRAM), "report", str(library), "-o", str(out)], check=True, stdout=subprocess.DEVNULL)
    return out


def _rows(path: Path) -> Sequence[str]:
    """Return the failed users of a job, from the list beside its page."""
    return path.with_name(f"{path.stem}-failed.csv").read_text("utf-8-sig").splitlines()[1:]


def _opened(browser: Browser, path: Path, ready: str = "body") -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(ready)
    return page


def _paint(browser: Browser, path: Path, most: float) -> None:
    found = []
    for _ in range(RUNS):
        page = _opened(browser, path)
        found.append(float(page.evaluate(PAINTED)))
        page.context.close()
    _figure("first contentful paint", found, most)


def _drawn(page: Page, act: str, selector: str, value: str = "") -> float:
    return float(page.evaluate(DRAWN, [act, selector, value]))


def _figure(what: str, milliseconds: Sequence[float], most: float) -> None:
    """Print a median, and the slowest."""
    middle = statistics.median(milliseconds)
    row(what, f"{middle:.0f} ms (slowest {max(milliseconds):.0f})", f"under {most:.0f} ms", met=middle < most)


def _at_most(what: str, value: float, most: float, form: str) -> None:
    row(what, form.format(value), f"at most {most}", met=value <= most)


PARTS: dict[str, Callable[[Path, Browser], None]] = {"people": people, "index": index, "sample": sample}


def main() -> None:
    """Measure the parts."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all if left out")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "upa-analyzer-report")
    chosen = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in chosen.parts or PARTS:
            print(name)
            PARTS[name](chosen.folder, browser)
        browser.close()


if __name__ == "__main__":
    main()
