"""Lines to entries: each shape that was seen, and hostile ones."""

from __future__ import annotations

import random
import string

import pytest

from analyzer.logs import entries
from tests.logs.reading import read, rows_of
from tests.logs.reference_parser import Row, parse

GUID = "eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10"
NOT_RESOLVED = "User identity cannot be resolved"
NOT_MAPPED = "Property 'AboutMe' is not mapped to any property in the user profile application."
BAD_ESCAPE = r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235."
INSTANCES = (
    "System.Data.SqlClient.SqlException (0x80131904): Input data contains multiple instances of the same single-value"
    " property for RecordId [2923275]"
)


ONE_LINE = {
    "an identity that cannot be resolved": (
        f"IdentityNotResolvable\tada@contoso.com\t{NOT_RESOLVED}",
        ("IdentityNotResolvable", "ada@contoso.com", NOT_RESOLVED),
    ),
    "the identity may be empty": (
        f"IdentityNotResolvable\t\t{NOT_RESOLVED}",
        ("IdentityNotResolvable", None, NOT_RESOLVED),
    ),
    "an identity of blanks is empty": ("MissingIdentity\t \tThe identity", ("MissingIdentity", None, "The identity")),
    "blanks around an identity stay": ("GenericError\t a@b.c \tfailed", ("GenericError", " a@b.c ", "failed")),
    "a record without an id": (
        "MissingIdentity\t\tThe identity is missing for the user object",
        ("MissingIdentity", None, "The identity is missing for the user object"),
    ),
    "an unmapped property": (
        f"InvalidProperty\tvesaj@contoso.com\t{NOT_MAPPED}",
        ("InvalidProperty", "vesaj@contoso.com", NOT_MAPPED),
    ),
    "a backslash that is not escaped": (f"DataFileNotJson\t\t{BAD_ESCAPE}", ("DataFileNotJson", None, BAD_ESCAPE)),
    "a Guid of the profile store": (f"GenericError\t{GUID}\t{INSTANCES}", ("GenericError", GUID, INSTANCES)),
    "an identity without at sign": ("IdentityNotResolvable\tc1234\tx", ("IdentityNotResolvable", "c1234", "x")),
    "an identity of two words": ("IdentityNotResolvable\tAda L\tx", ("IdentityNotResolvable", "Ada L", "x")),
    "a claim": (
        "IdentityNotResolvable\ti:0#.f|membership|ada@contoso.com\tx",
        ("IdentityNotResolvable", "i:0#.f|membership|ada@contoso.com", "x"),
    ),
    "an undocumented code": ("ProfileLocked\tada@contoso.com\tx", ("ProfileLocked", "ada@contoso.com", "x")),
    "a code of two letters": ("Ab\t\tx", ("Ab", None, "x")),
    "a code with digits": ("Error2013\t\tx", ("Error2013", None, "x")),
    "a byte order mark where one log was appended to another": (
        f"\ufeffIdentityNotResolvable\tada@contoso.com\t{NOT_RESOLVED}",
        ("IdentityNotResolvable", "ada@contoso.com", NOT_RESOLVED),
    ),
    "a byte order mark before a line that lost its tabs": (
        f"\ufeffIdentityNotResolvable jürgen@contoso.com {NOT_RESOLVED}",
        ("IdentityNotResolvable", "jürgen@contoso.com", NOT_RESOLVED),
    ),
    "further tabs are the message's": ("GenericError\t\ta\tb\t", ("GenericError", None, "a\tb\t")),
    "an empty message": ("GenericError\tada@contoso.com\t", ("GenericError", "ada@contoso.com", "")),
    "one tab before an identity": ("GenericError\tada@contoso.com", ("GenericError", "ada@contoso.com", "")),
    "one tab before a message": (f"DataFileNotJson\t{BAD_ESCAPE}", ("DataFileNotJson", None, BAD_ESCAPE)),
    "one tab before both": ("InvalidProperty\tada@contoso.com x", ("InvalidProperty", "ada@contoso.com", "x")),
    "nothing after the tab": ("GenericError\t", ("GenericError", None, "")),
    "a dash for the tab, no identity": (
        "MissingIdentity - The identity is missing",
        ("MissingIdentity", None, "The identity is missing"),
    ),
    "a dash for the tab, a blank for the other": (
        f"InvalidProperty - vesaj@contoso.com {NOT_MAPPED}",
        ("InvalidProperty", "vesaj@contoso.com", NOT_MAPPED),
    ),
    "a long dash": ("InvalidProperty \u2013 a@b.c x", ("InvalidProperty", "a@b.c", "x")),
    "no-break spaces": ("InvalidProperty\u00a0-\u00a0a@b.c\u00a0x", ("InvalidProperty", "a@b.c", "x")),
    "blanks for the tabs": (
        f"IdentityNotResolvable unknown@contoso.com {NOT_RESOLVED}",
        ("IdentityNotResolvable", "unknown@contoso.com", NOT_RESOLVED),
    ),
    "a blank for the tab, no identity": (
        f"IdentityNotResolvable {NOT_RESOLVED}",
        ("IdentityNotResolvable", None, NOT_RESOLVED),
    ),
    "a Guid without tabs": (f"GenericError {GUID} {INSTANCES}", ("GenericError", GUID, INSTANCES)),
    "an account without tabs": (r"GenericError contoso\ada failed", ("GenericError", r"contoso\ada", "failed")),
    "a claim without tabs": ("GenericError i:0|m|ada x", ("GenericError", "i:0|m|ada", "x")),
    "a path that is no identity": ("DataFileNotJson - Bad c:\\x", ("DataFileNotJson", None, "Bad c:\\x")),
    "the first tab lost, the second kept": ("GenericError a@b.c\tfailed", ("GenericError", "a@b.c", "failed")),
    "a known code with nothing to tell a dash": ("GenericError -", ("GenericError", None, "-")),
    "markup": ("GenericError\t<b>@x\t<script>", ("GenericError", "<b>@x", "<script>")),
    "a formula": ("GenericError\t=1+1\t@SUM(A1)", ("GenericError", "=1+1", "@SUM(A1)")),
    "what other tools take for a line end": (
        "GenericError\t\ta\u2028b\x0cc\x85d",
        ("GenericError", None, "a\u2028b\x0cc\x85d"),
    ),
    "control characters": ("GenericError\tx\x00\t\x1b[31m", ("GenericError", "x\x00", "\x1b[31m")),
}


@pytest.mark.parametrize(("line", "expected"), ONE_LINE.values(), ids=ONE_LINE.keys())
def test_a_line_of_a_known_shape_is_an_entry(line: str, expected: tuple[str, str | None, str]) -> None:
    assert rows_of(line) == [Row(1, *expected, detail=None)] == parse(line)


NO_ENTRY = {
    "a sentence": "The import was started.",
    "an unknown code without tabs": "ProfileLocked ada@contoso.com x",
    "a code in small letters": "genericError\t\tx",
    "a code of one letter": "A\t\tx",
    "a code with a hyphen": "Generic-Error\t\tx",
    "a code of other letters": "Ärger\t\tx",
    "an unknown code after a blank": " ProfileLocked\t\tx",
    "an unknown code after a tab": "\tProfileLocked\t\tx",
    "a stack frame": "   at System.Data.SqlClient.SqlConnection.OnError()\tx",
    "a code alone": "GenericError",
    "a code that only begins so": "GenericErrors happen",
    "a code and a colon": "ClientConnectionId:3f2a",
}


@pytest.mark.parametrize("line", NO_ENTRY.values(), ids=NO_ENTRY.keys())
def test_a_line_of_unknown_shape_is_text_before_and_detail_after_an_entry(line: str) -> None:
    assert rows_of(line) == [Row(1, None, None, line, None)]
    assert rows_of(f"GenericError\t\tx\n{line}") == [Row(1, "GenericError", None, "x", line)]


def test_a_stack_trace_belongs_to_the_entry_above() -> None:
    trace = (
        "   at System.Data.SqlClient.SqlConnection.OnError(SqlException exception)\n"
        "\n"
        "\tat a tab\n"
        "ClientConnectionId:3f2a\n"
        "Error Number:2627,State:1,Class:14"
    )
    text = f"GenericError\t{GUID}\t{INSTANCES}\n{trace}\n\n \nMissingIdentity\t\tx\n"
    assert rows_of(text) == [
        Row(1, "GenericError", GUID, INSTANCES, trace),
        Row(9, "MissingIdentity", None, "x", None),
    ]


def test_text_before_the_first_entry_is_one_row_without_a_code() -> None:
    assert rows_of("\n  \nImport log\n\nsecond part\n\nGenericError\t\tx") == [
        Row(3, None, None, "Import log", "\nsecond part"),
        Row(7, "GenericError", None, "x", None),
    ]


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", " \n\t\n\u00a0"])
def test_blank_lines_alone_make_no_row(text: str) -> None:
    assert rows_of(text) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_of_each_kind_end_a_line(end: str, last: str) -> None:
    text = f"GenericError\t\tx{end}  more{end}{end}MissingIdentity\t\ty{end if last else ''}"
    assert rows_of(text) == [
        Row(1, "GenericError", None, "x", "  more"),
        Row(4, "MissingIdentity", None, "y", None),
    ]


def test_line_ends_may_be_mixed() -> None:
    text = "GenericError\t\ta\r\nb\rc\n\r\nd\r\r\ne"
    assert rows_of(text) == [Row(1, "GenericError", None, "a", "b\nc\n\nd\n\ne")]


@pytest.mark.parametrize("long", ["@" * 200_000 + "\x0b", "a" * 200_000, "\u00a0" * 200_000, "-" * 200_000])
def test_a_hostile_line_is_read_in_linear_time(long: str) -> None:
    found = rows_of(f"GenericError {long}x") + rows_of(f"GenericError\t{long}x")
    assert [row.code for row in found] == ["GenericError", "GenericError"]


def test_codes_are_compared_completely() -> None:
    alike = [
        "InvalidProperty\t\t1",
        "InvalidPropertY\t\t2",
        "InvalidPropert\t\t3",
        "InvalidProperty2\t\t4",
        "invalidProperty\t\t5",
        "InvalidPro-erty\t\t6",
        "IdentityNotResolvable\t\t7",
        "IdentityNotResolvabl_\t\t8",
        "IdentityNotRexolvable\t\t9",
    ]
    text = "\n".join(["First\t\tx", *alike])
    ((found,), _) = read([text.encode()])
    assert found == parse(text)
    assert [row.code for row in found][1:] == [
        "InvalidProperty",
        "InvalidPropertY",
        "InvalidPropert",
        "InvalidProperty2",
        "IdentityNotResolvable",
        "IdentityNotRexolvable",
    ]


def test_codes_beyond_the_cache_are_read() -> None:
    rng = random.Random(1)
    names = ["".join(rng.choices(string.ascii_letters + "-9", k=rng.randrange(1, 40))) for _ in range(3_000)]
    text = "".join(f"{name}\tada@contoso.com\t{number}\r\n" for number, name in enumerate(names + names))
    assert len(names) > 10 * entries._MAX_KNOWN
    ((found,), _) = read([text.encode()])
    assert found == parse(text)


def test_a_repeated_field_that_is_not_a_code_is_checked_once() -> None:
    text = "GenericError\t\tx\n" + "   at Store\tx\n" * 50_000 + "Az\t\ty"
    ((first, last),), _ = read([text.encode()])
    assert (first.detail or "").count("\n") == 49_999
    assert (last.code, last.line) == ("Az", 50_002)
