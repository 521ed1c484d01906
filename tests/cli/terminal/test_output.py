from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from analyzer.cli.terminal.log import visible
from analyzer.cli.terminal.output import Column, Terminal, fit, line
from analyzer.cli.views.jobs import COLUMNS
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

_ROW = [
    "5f05e38c",
    "a-feed-with-quite-a-long-name",
    "today 02:14",
    "ImportCompleteWithError",
    "partial",
    "90,012",
    "214",
    "12",
    "retry of 61888ae9",
]


def _names(width: int) -> list[str]:
    return [COLUMNS[at].name for at in fit(COLUMNS, [_ROW], width)]


def test_where_there_is_room_every_column_is_shown_whole() -> None:
    widths = fit(COLUMNS, [_ROW], 200)
    assert line(COLUMNS, _ROW, widths).split() == " ".join(_ROW).split()


@pytest.mark.parametrize(
    ("width", "dropped"),
    [
        (140, set()),
        (110, {"error"}),
        (100, {"error", "users"}),
        (80, {"error", "users", "note"}),
        (70, {"error", "note", "users", "ran"}),
    ],
)
def test_the_least_column_goes_first_where_it_is_narrow(width: int, dropped: set[str]) -> None:
    assert {column.name for column in COLUMNS} - set(_names(width)) == dropped


@pytest.mark.parametrize("width", [200, 120, 80, 60, 50])
@pytest.mark.parametrize("feed", ["hr", "x" * 300, "人事" * 50])
def test_a_line_is_never_wider_than_the_terminal(width: int, feed: str) -> None:
    row = [_ROW[0], feed, *_ROW[2:]]
    assert cell_len(line(COLUMNS, row, fit(COLUMNS, [row], width))) <= width


def test_a_text_that_is_cut_says_so() -> None:
    columns = (Column("user", fold=True), Column("code"))
    row = ["somebody.with.a.long.name@contoso.com", "InvalidProperty"]
    assert line(columns, row, fit(columns, [row], 40)) == "somebody.with.a.long.n…  InvalidProperty"


def test_a_column_that_keeps_its_end_is_cut_at_the_beginning() -> None:
    columns = (Column("bytes"), Column("log", fold=True, end=True))
    row = ["840", "ImportProfileProperties-人事-20261005-022731-433.log"]
    assert line(columns, row, fit(columns, [row], 34)) == "840    …事-20261005-022731-433.log"


def test_logs_with_a_common_prefix_are_distinct_in_a_narrow_terminal(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, *rows = upa("parse", sample_library(), "--check").out.splitlines()
    assert len({row.split()[-1] for row in rows}) == len(rows) == 15


def test_numbers_stand_to_the_right_and_no_line_ends_in_blanks() -> None:
    columns = (Column("code"), Column("users", right=True), Column("what"))
    widths = fit(columns, [["A", "5", "long text"]], 80)
    assert line(columns, ["A", "5", ""], widths) == "A         5"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 人", "plain é 人"),
        ("\x1b[31mred", "\N{REPLACEMENT CHARACTER}[31mred"),
        ("two\nlines\r", "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "\N{REPLACEMENT CHARACTER}gpj.exe"),
        ("12\N{NO-BREAK SPACE}480", "12 480"),
    ],
)
def test_what_could_steer_the_terminal_is_shown_as_a_replacement(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_quiet_terminal_says_nothing_but_results(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(quiet=True)
    terminal.say("a remark")
    terminal.show("a result")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("a result\n", "")


def test_stages_without_a_terminal_tell_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().stages() as stage:
        stage("pulling")(1, 2, "a.json")
        stage("writing")(2, 2, "")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize(
    "words", [["jobs"], ["show", "135503d8"], ["show", "d797cc3f"], ["show", "869b00a6"]], ids=" ".join
)
def test_no_line_of_the_samples_is_wider_than_the_terminal(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, width: int, words: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = upa(*words, "--library", sample_library())
    assert ran.code == 0
    pasted = ("://", "     upa-analyzer ")  # in one piece, so that they can be copied
    wide = [text for text in ran.out.splitlines() if cell_len(text) > width and not any(map(text.__contains__, pasted))]
    assert wide == []


def test_in_a_pipe_nothing_is_cut_and_nothing_is_coloured(upa: Callable[..., Ran]) -> None:
    out = upa("jobs", "--library", sample_library()).out
    assert "ImportCompleteWithError" in out
    assert "\x1b" not in out
    assert "…" not in out


@pytest.mark.parametrize(("color", "expected"), [(None, True), (False, False)])
def test_an_outcome_is_coloured_on_a_terminal_only_where_colour_is_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, color: bool | None, *, expected: bool
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    Terminal(color=color).table((Column("outcome"),), [["aborted"]])
    assert ("\x1b[31m" in capsys.readouterr().out) is expected


def test_no_color_in_the_environment_is_respected(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    Terminal().table((Column("outcome"),), [["aborted"]])
    assert "\x1b[31m" not in capsys.readouterr().out


def test_a_cell_of_a_million_characters_is_cut_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().table([Column("a"), Column("b", fold=True)], [["1", "x" * 1_000_000]])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100_000


def test_an_address_to_sign_in_at_is_shown_whole_however_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    query = "client_id=c&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A1&state=s&code_challenge=x&nonce=n"
    line = f"Open https://login.microsoftonline.com/t/oauth2/v2.0/authorize?{query} and enter the code ABCD23456."
    Terminal(quiet=True).ask(line)
    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize(("width", "last"), [("", "0123456789  b"), ("80", "0…  b")], ids=["pipe", "80 columns"])
def test_a_later_piece_is_cut_only_where_the_width_is_limited(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str, last: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    columns = [Column("x", fold=True), Column("y")]
    Terminal().table_in_pieces(columns, [[["aa", "b"]], [["0123456789", "b"]]])
    assert capsys.readouterr().out.splitlines()[-1] == last
