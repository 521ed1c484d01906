"""What our client sends, compared with a list, and against what other people's clients send.

``requests.json`` is the list; ``pytest tests/wire --record`` updates it. ``docs/reference/fidelity.md`` explains it,
with the reason for what nobody else sends.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.tenant.http.session import Session
from tests.foreign.office365_tenant import Tenant
from tests.wire.kinds import Kind, headers_of, kind_of
from tests.wire.ours import send_all
from tests.wire.theirs import CALLS, sent_by_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from tests.conftest import Ran
    from tests.wire.conftest import Contoso

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("requests.json")
_SENDING = ("call", "chunks", "once")
"""The methods of a session that send."""

Recorded = list[dict[str, Any]]


@pytest.fixture
def file(contoso: Contoso, tmp_path: Path) -> Path:
    return contoso.configure(tmp_path, f'ca_file = "{contoso.ca_file.as_posix()}"\n')


@pytest.fixture
def sent(upa: Callable[..., Ran], contoso: Contoso, file: Path) -> Recorded:
    """Each kind of request of ours, in the order in which they first come."""
    send_all(upa, contoso, file)
    kinds: dict[Kind, dict[str, str]] = {}
    for request in contoso.listener.heard:
        headers = headers_of(request)
        assert kinds.setdefault(kind_of(request), headers) == headers, "one kind of request, two sets of headers"
    return [{"call": kind.call, "body": kind.body, "headers": headers} for kind, headers in kinds.items()]


@pytest.fixture
def theirs(
    start_contoso: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, list[Kind]]:
    """The kinds of request of each call of the Python client."""
    with start_contoso() as contoso:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(contoso.ca_file))
        return sent_by_call(Tenant(contoso.emulator, contoso.clock, tmp_path), contoso.listener)


def test_the_list_has_what_our_client_sends_and_who_else_does(
    sent: Recorded, theirs: Mapping[str, list[Kind]], pytestconfig: pytest.Config
) -> None:
    for one in sent:
        ours = Kind(one["call"], one["body"])
        one["Office365-REST-Python-Client"] = [
            name for name, kinds in theirs.items() if any(kind.asks_the_same(ours) for kind in kinds)
        ]
    if pytestconfig.getoption("--record"):
        LIST.write_text(json.dumps(sent, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert json.loads(LIST.read_text(encoding="utf-8")) == sent


def test_each_call_of_theirs_serves_one_of_ours() -> None:
    assert {name for one in _listed() for name in one["Office365-REST-Python-Client"]} == CALLS.keys()


def test_each_kind_and_each_header_is_in_the_documentation_with_who_else_sends_it() -> None:
    told = _table("What we send")
    assert [row[0] for row in told] == [f"`{one['call']}`" for one in _listed()]
    for one, row in zip(_listed(), told, strict=True):
        assert bool(row[1]) == bool(one["Office365-REST-Python-Client"])
        assert row[1] or row[2], f"{row[0]} is sent by nobody else, and there is no reason"
    headers = {f"`{name}: {value}`" for one in _listed() for name, value in one["headers"].items()}
    explained = {row[0].lower(): row[1] for row in _table("Its headers")}
    assert explained.keys() == {header.lower() for header in headers}
    assert all(explained.values())


def test_whatever_sends_is_among_what_was_recorded(
    upa: Callable[..., Ran], contoso: Contoso, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that begins to send something has to be called by ``ours.send_all``."""
    ran: set[str] = set()
    for name in _SENDING:
        monkeypatch.setattr(Session, name, _noting(getattr(Session, name), ran))
    send_all(upa, contoso, file)
    assert ran == set(_senders())


def _noting(method: Callable[..., Any], ran: set[str]) -> Callable[..., Any]:
    def noted(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passes on what it is given
        caller: FrameType = sys._getframe(1)
        ran.add(f"{Path(caller.f_code.co_filename).relative_to(ROOT).as_posix()}:{caller.f_code.co_name}")
        return method(*arguments, **options)

    return noted


def _senders() -> Iterator[str]:
    """The functions of ours that call a session's sending methods, by file and name."""
    for place in (ROOT / "analyzer").rglob("*.py"):
        if "emulator" in place.relative_to(ROOT).parts:
            continue
        for function in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(_sends(node) for node in ast.walk(function)):
                yield f"{place.relative_to(ROOT).as_posix()}:{function.name}"


def _sends(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _SENDING:
        return False
    owner = node.func.value
    return getattr(owner, "id", getattr(owner, "attr", "")) in ("session", "_session")


def _listed() -> Recorded:
    listed: Recorded = json.loads(LIST.read_text(encoding="utf-8"))
    return listed


def _table(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of ``docs/reference/fidelity.md``."""
    text = (ROOT / "docs/reference/fidelity.md").read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    lines = text.partition("\n## ")[0].splitlines()
    rows = [line.replace(r"\|", "¦").strip("|").split("|") for line in lines if line.startswith("| `")]
    return [[cell.strip().replace("¦", "|") for cell in row] for row in rows]
