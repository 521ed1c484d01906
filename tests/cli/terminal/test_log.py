"""What goes to stderr: requests with ``--verbose``, JSON with ``--log-format json``, secrets never."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.cli.terminal.log import Log, LogFormat, records_to
from analyzer.cli.terminal.output import Terminal
from analyzer.errors import InputError
from analyzer.storage.files import sample_library
from tests.conftest import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant, Ran

_JSON = ("--log-format", "json")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_CORRELATION = "73b1a1a1-60b8-7000-2f6e-9b6f7d2f3c11"


@pytest.fixture
def configured(
    loopback: LoopbackTenant, given: type[Given], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LoopbackTenant:
    """A tenant whose every answer has SharePoint's correlation id, and a cookie."""
    monkeypatch.setenv("UPA_TOKEN", TOKEN)
    tenant = f'admin_url = "{loopback.origin}"\nauth = "token"\nca_file = "{loopback.ca_file.as_posix()}"\n'
    (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{tenant}", encoding="utf-8")
    answer = json.dumps({"value": []}).encode()
    headers = {"SPRequestGuid": _CORRELATION, "request-id": "another", "Set-Cookie": "FedAuth=made-up; secure"}
    loopback.faults = lambda _seen: given(body=answer, headers=headers)
    return loopback


def _lines(ran: Ran) -> list[dict[str, Any]]:
    content = [json.loads(line) for line in ran.err.splitlines()]
    assert all(_TIME.fullmatch(line["time"]) and line["message"] and line["level"] for line in content)
    return content


def test_verbose_shows_each_request_with_what_support_asks_for(
    upa: Callable[..., Ran], configured: LoopbackTenant
) -> None:
    ran = upa("pull", "--verbose")
    assert ran.code == 0
    (line,) = ran.err.splitlines()
    url = re.escape(f"{configured.origin}{configured.seen[0].path}")
    assert re.fullmatch(rf"{_TIME.pattern} POST {url} 200 \d+ ms 13 bytes id {_CORRELATION}", line)


def test_what_is_secret_is_in_no_line(
    upa: Callable[..., Ran], configured: LoopbackTenant, given: type[Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps(
        {"value": [], "odata.nextLink": f"{configured.origin}/a?tempauth={TOKEN}&ticket={TOKEN}"}
    ).encode()
    configured.faults = lambda seen: given(body=body if seen.method == "POST" else b'{"value": []}')
    error = RuntimeError(f"Authorization: Bearer {TOKEN}")

    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr("analyzer.library.mirror.WritableLibrary.save_jobs", fail)
    for form in LogFormat:
        ran = upa("pull", "--verbose", "--log-format", form)
        assert ran.code == 5
        assert "/a?tempauth=***&ticket=*** 200 " in ran.err
        assert "Traceback" in ran.err
        assert "Authorization: ***" in ran.err
        assert TOKEN not in ran.err
        assert "FedAuth" not in ran.err


@pytest.mark.parametrize("words", [(), ("--quiet", "--verbose")])
def test_requests_are_shown_when_asked_for_alone(
    upa: Callable[..., Ran], configured: LoopbackTenant, words: tuple[str, ...]
) -> None:
    assert upa("pull", *words).err == ""
    assert len(configured.seen) == 1
    assert not logging.getLogger("analyzer.tenant.requests").isEnabledFor(logging.DEBUG)


def test_a_collector_gets_a_request_field_by_field(upa: Callable[..., Ran], configured: LoopbackTenant) -> None:
    stage, request, reading = _lines(upa("pull", "--verbose", *_JSON))
    assert (reading["event"], reading["message"]) == ("stage", "reading logs")
    assert (stage["level"], stage["event"], stage["message"]) == ("info", "stage", "pulling")
    del request["time"], request["message"]
    assert request.pop("milliseconds") >= 0
    assert request == {
        "level": "debug",
        "event": "request",
        "method": "POST",
        "url": f"{configured.origin}{configured.seen[0].path}",
        "status": 200,
        "received_bytes": 13,
        "correlation_id": _CORRELATION,
    }


def test_a_request_without_an_answer_is_shown_as_well(
    upa: Callable[..., Ran], configured: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:made-up@127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    ran = upa("pull", "--verbose", *_JSON)
    request = next(line for line in _lines(ran) if line["event"] == "request")
    assert (request["status"], request["correlation_id"]) == (None, None)
    assert configured.seen == []
    assert "made-up" not in ran.err


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["pull"], 2, "no tenant is configured"),
        (["jobs", "--config", "nowhere.toml"], 2, "there is no configuration nowhere.toml"),
        (["nonsense"], 2, "there is no command 'nonsense'"),
        (["jobs", "--nonsense"], 2, "there is no option --nonsense"),
        (["jobs", "--library", "nowhere"], 5, "nowhere isn't a library"),
    ],
    ids=str,
)
@pytest.mark.parametrize("option", [_JSON, ("--log-format=json",)], ids=" ".join)
def test_an_error_is_an_object_from_the_first_word_on(
    upa: Callable[..., Ran], words: list[str], code: int, what: str, option: tuple[str, ...]
) -> None:
    ran = upa(*words, *option)
    (error,) = _lines(ran)
    assert (ran.code, error["exit_code"], error["level"], error["event"]) == (code, code, "error", "error")
    assert what in error["what"]
    assert error["advice"]
    assert error["message"] == f"{error['what']}. {error['advice']}"
    assert "traceback" not in error


def test_a_traceback_is_a_field_of_the_error(upa: Callable[..., Ran]) -> None:
    (error,) = _lines(upa("jobs", "--library", "nowhere", "--verbose", *_JSON))
    assert error["traceback"].startswith("Traceback (most recent call last):\n")


@pytest.mark.parametrize("words", [["--log-format", "xml"], ["--log-format"], ["--log-format=xml"]])
def test_an_unknown_log_format_is_reported_as_text(upa: Callable[..., Ran], words: list[str]) -> None:
    ran = upa("jobs", *words)
    assert ran.code == 2
    assert ran.err.startswith("upa-analyzer: ")


def test_remarks_and_complaints_are_objects_too(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(log=Log(LogFormat.json), bars=False)
    terminal.say("Größe of a\nremark")
    terminal.complain(InputError("a.log cannot be read", "Look at it."))
    with terminal.stages() as stage:
        stage("reading")(1, 2, "a.log")
    err = capsys.readouterr().err
    remark, complaint, stage_line = map(json.loads, err.splitlines())
    assert err.isascii()
    assert (remark["level"], remark["event"], remark["message"]) == ("info", "remark", "Größe of a\nremark")
    assert (complaint["level"], complaint["event"]) == ("warning", "complaint")
    assert (complaint["what"], complaint["advice"], complaint["exit_code"]) == (
        *("a.log cannot be read", "Look at it."),
        5,
    )
    assert stage_line["message"] == "reading"


def test_quiet_leaves_a_collector_the_errors(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(log=Log(LogFormat.json), quiet=True)
    terminal.say("a remark")
    with terminal.progress("reading"):
        terminal.complain(InputError("a.log cannot be read"))
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["complaint"]


_STRAY = """
import logging, sys, warnings
from analyzer.cli.terminal.log import Log, LogFormat
from analyzer.cli.terminal.log import records_to
with records_to(Log(LogFormat(sys.argv[1])), requests=True):
    logging.getLogger("msal.application").error("access_token=abc")
    logging.getLogger("msal_extensions.persistence").error("refresh_token=abc")
    logging.getLogger("urllib3.connectionpool").warning("https://a.example.com/?sig=abc")
    logging.getLogger("another").warning("tempauth=abc and more")
    logging.getLogger("another").info("nobody asked")
    logging.getLogger("analyzer.tenant.requests").debug("no sign-in is kept")
    warnings.warn("something is old", UserWarning, stacklevel=1)
"""


@pytest.mark.parametrize("form", LogFormat)
def test_libraries_own_records_are_silent_or_ours(form: LogFormat) -> None:
    ran = subprocess.run([sys.executable, "-c", _STRAY, form], capture_output=True, text=True, check=True)
    if form is LogFormat.text:
        assert ran.stderr.splitlines() == [
            "another: tempauth=*** and more",
            "no sign-in is kept",
            "warnings: UserWarning: something is old",
        ]
    else:
        content = [json.loads(line) for line in ran.stderr.splitlines()]
        assert [(line["event"], line.get("logger"), line["level"]) for line in content] == [
            ("library", "another", "warning"),
            ("remark", None, "debug"),
            ("library", "warnings", "warning"),
        ]


def test_no_unfinished_file_remains() -> None:
    before = (logging.lastResort, warnings.showwarning, logging.getLogger("analyzer.tenant.requests").handlers[:])
    with records_to(Log(), requests=True):
        pass
    after = (logging.lastResort, warnings.showwarning, logging.getLogger("analyzer.tenant.requests").handlers[:])
    assert after == before


def test_a_report_for_a_collector_is_objects_from_end_to_end(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("report", sample_library(), "-o", tmp_path / "report", *_JSON)
    assert ran.code == 0
    assert {line["event"] for line in _lines(ran)} == {"stage"}
    assert "upa-analyzer" not in ran.out


def test_what_would_move_the_cursor_is_shown_and_not_done(capsys: pytest.CaptureFixture[str]) -> None:
    Log().remark("a\x1b[2Jb")
    assert "\x1b" not in capsys.readouterr().err


def test_an_error_without_an_advice_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Log().error("it is broken", "", 5)
    assert capsys.readouterr().err == "upa-analyzer: it is broken.\n"
