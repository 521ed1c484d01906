"""Make a page that needs no other file, for mail: links to other pages are texts, and the retry file is in it."""

from __future__ import annotations

import base64
import dataclasses
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.model.language import gettext as _
from analyzer.model.text import grouped, size
from analyzer.report.failed_users import FailedUsers, as_list
from analyzer.report.index_page import index_page
from analyzer.report.job_page import job_page, people_data_of
from analyzer.report.render import Renderer
from analyzer.report.view import href
from analyzer.storage.files import read_bytes
from analyzer.storage.table_files import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.report.index_model import IndexPage
    from analyzer.report.job_model import JobPage
    from analyzer.report.view import Run, View

BUDGET = 5_000_000
"""Bytes of a page that mail servers still take, encoded in base64."""
_RETRY_SHARE = 0.5
"""Of the budget, for retry files."""
_TRIES = 8

_LINK = re.compile(r"<script\b.*?</script>|<a\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"\s(?:xlink:)?href=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DEAD_BUTTON = re.compile(
    r"(<script\b.*?</script>)|<a\b(?=[^>]*\bclass=\"[^\"]*\bbutton\b)(?![^>]*\bhref=)[^>]*>.*?</a>",
    re.IGNORECASE | re.DOTALL,
)
"""A button whose address was removed."""
_DOWNLOAD = re.compile(r"\sdownload(?:=\"[^\"]*\")?(?=[\s>])")
_STAYS = ("#", "https://", "http://", "mailto:", "data:")


@dataclass(frozen=True, slots=True)
class SingleFile:
    """A page that needs no other file.

    Attributes:
        html: the page.
        shown: number of people in it.
        total: number of people in the job's log.
        people: all of them as CSV, if the page hasn't all; else empty.
        retry_left_out: why the retry file isn't in it, a clause; empty if it is, or if there is none.
    """

    html: bytes
    shown: int = 0
    total: int = 0
    people: bytes = b""
    retry_left_out: str = ""


def single_index(view: View, *, with_retry: bool, budget: int = BUDGET) -> SingleFile:
    """Return the first page, with the retry files of its actions, and without the page of people.

    Raises:
        InputError: a template has an error, or a retry file can't be read.
    """
    page = index_page(view, is_alone=True)
    offered = {one.button.href for one in page.actions if one.button}
    links = ((run, view.links.get(run.job_id)) for run in view.runs)
    runs = [run for run, link in links if link and link.path and href(link.path, view.out) in offered]
    files, left_out = _retry_files(view, runs, view.out, budget) if with_retry else ({}, "")
    buttons = ((one, one.button if files else None) for one in page.actions)
    actions = tuple(dataclasses.replace(one, button=button, list_href="") for one, button in buttons)
    content = _html(Renderer(view.templates), dataclasses.replace(page, actions=actions), files)
    return SingleFile(content, retry_left_out=left_out)


def single_job(view: View, run: Run, *, with_retry: bool, list_name: str, budget: int = BUDGET) -> SingleFile:
    """Return a job's page; if it would be over the budget, with the worst people only.

    Args:
        view: what it is made from.
        run: the job.
        with_retry: whether the retry file is in it.
        list_name: the name of the list of all people beside it, for the remark that names it.
        budget: in bytes.

    Raises:
        InputError: a template has an error, or the retry file can't be read.
    """
    page, renderer = job_page(view, run), Renderer(view.templates)
    files, left_out = _retry_files(view, [run], view.out / "jobs", budget) if with_retry else ({}, "")
    if not files and page.next:
        page = dataclasses.replace(page, next=dataclasses.replace(page.next, button=None))
    content = _html(renderer, page, files)
    if len(content) <= budget or not page.people:
        return SingleFile(content, run.named_users, run.named_users, retry_left_out=left_out)
    found = _worst_first(view.failed_users_of(run))
    most = found.table.height
    for _try in range(_TRIES):
        most = min(most - 1, int(most * 0.9 * budget / len(content)))
        content = _html(renderer, _narrowed(view, run, page, found, max(most, 0), list_name), files)
        if len(content) <= budget or most <= 0:
            break
    zone = view.zone.key if view.zone else "UTC"
    everyone = csv_bytes(as_list(found, zone), byte_order_mark=True)
    return SingleFile(content, max(most, 0), run.named_users, everyone, left_out)


def _retry_files(view: View, runs: Sequence[Run], folder: Path, budget: int) -> tuple[dict[str, tuple[str, str]], str]:
    """Return by their address in a page in ``folder`` retry files and their parts, each as data and a name.

    Returns:
        Also why they aren't there; empty if they are.
    """
    paths: list[Path] = []
    for link in filter(None, (view.links.get(run.job_id) for run in runs)):
        if link.path is not None:
            paths += [link.path, *map(type(link.path), link.queue.paths[1:] if link.queue else ())]
    total = sum(path.stat().st_size for path in paths if path.is_file())
    if total * 4 / 3 > budget * _RETRY_SHARE:
        return {}, f"{size(total)} are too much for mail"
    return {href(path, folder): (_address(path), path.name) for path in paths}, ""


def _address(path: Path) -> str:
    kind = "text/csv" if path.suffix == ".csv" else "application/json"
    return f"data:{kind};base64,{base64.b64encode(read_bytes(path)).decode()}"


def _worst_first(found: FailedUsers) -> FailedUsers:
    order = ["open", "new", "runs", "entries"]
    table = found.table.sort(*order, descending=True, nulls_last=True, maintain_order=True)
    return FailedUsers(table, found.properties, found.problem)


def _narrowed(view: View, run: Run, page: JobPage, found: FailedUsers, most: int, list_name: str) -> JobPage:  # noqa: PLR0913, PLR0917 - each is another thing
    """Return a job's page with the worst people only, and a remark that says so."""
    few = FailedUsers(found.table.head(most), found.properties, found.problem)
    identities = set(few.table["identity"])
    people = tuple(person for person in page.people if person.identity in identities)
    data = page.people_data
    if data is not None:
        data = people_data_of(view, run, shown=len(people), found=few)
    remark = _("{shown} of {total} people are on this page, open and new ones first; {file} has all.").format(
        shown=grouped(most), total=grouped(run.named_users), file=list_name
    )
    frame = dataclasses.replace(page.frame, remarks=(*page.frame.remarks, remark))
    return dataclasses.replace(page, frame=frame, people=people, people_data=data, people_note="")


def _html(renderer: Renderer, page: JobPage | IndexPage, files: Mapping[str, tuple[str, str]]) -> bytes:
    """Render a page, and make texts of the links to other files."""
    text = renderer.html(_without_links(page, files))
    left = dict(files)
    text = _LINK.sub(lambda match: _link(match[0], left), text)
    text = _DEAD_BUTTON.sub(lambda match: match[1] or "", text)
    return text.encode("utf-8", "xmlcharrefreplace")


def _without_links(row: Any, files: Mapping[str, tuple[str, str]]) -> Any:  # noqa: ANN401 - a row, or what is in it
    """Return a row without addresses of other files, also within it, since scripts make links of them, too."""
    if isinstance(row, tuple):
        return tuple(_without_links(one, files) for one in row)
    if not dataclasses.is_dataclass(row) or isinstance(row, type):
        return row
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if field.name in {"href", "csv"} and isinstance(value, str):
            changes[field.name] = value if value in files or value.startswith(_STAYS) else ""
        elif field.name == "lists":
            changes[field.name] = ()
        elif isinstance(value, tuple) or dataclasses.is_dataclass(value):
            changes[field.name] = _without_links(value, files)
    return dataclasses.replace(row, **changes)


def _link(tag: str, files: dict[str, tuple[str, str]]) -> str:
    """Return the tag of a link: with the file in it, which is then taken from ``files``, or without an address."""
    found = _HREF.search(tag) if tag[1:2] in "aA" else None
    if found is None:
        return tag
    address = html.unescape(found[1] if found[1] is not None else found[2])
    if address in files:
        data, name = files.pop(address)
        tag = _DOWNLOAD.sub(f' download="{html.escape(name)}"', tag)
        return tag.replace(found[0], f' href="{data}"')
    return tag if address.startswith(_STAYS) else _DOWNLOAD.sub("", tag.replace(found[0], ""))
