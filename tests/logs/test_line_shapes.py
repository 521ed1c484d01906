"""Lines as people paste them: from mail, chat, consoles, spreadsheets, issues; and text that only looks like it."""

from __future__ import annotations

import pytest

from analyzer.history.find_logs import find_logs
from analyzer.logs.line_shapes import entry_fields
from analyzer.storage.files import sample_library
from tests.logs.reading import read, rows_of

CANNOT = "User identity cannot be resolved"
NOT_MAPPED = "Property 'Floor' is not mapped to any property in the user profile application."
UNEXPECTED = (
    "After parsing a value an unexpected character was encountered: K. Path 'value[10].office', line 1, position 1244."
)
GUID = "eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10"
SQL = "System.Data.SqlClient.SqlException (0x80131904): Input data contains multiple instances"
CLEO = ("IdentityNotResolvable", "cleo@contoso.com", CANNOT)
LINE = "\t".join(CLEO)
NAMELESS = ("IdentityNotResolvable", None, CANNOT)
FLOOR = ("InvalidProperty", "dan@contoso.com", NOT_MAPPED)
PLACE = ("DataFileNotJson", None, UNEXPECTED)
GENERIC = ("GenericError", GUID, SQL)

PASTED = {
    "quoted mail": (f"> {LINE}", CLEO),
    "mail quoted three times": (f">>> {LINE}", CLEO),
    "mail quoted with blanks between": (f"> > {LINE}", CLEO),
    "mail quoted in HTML's spelling": (f"&gt; {LINE}", CLEO),
    "mail quoted by a bar": (f"| {LINE}", CLEO),
    "numbered and quoted, as in a thread": (f'1. "DataFileNotJson\t\t{UNEXPECTED}""', PLACE),
    "numbered and quoted, the second": (f'2. "IdentityNotResolvable\t\t{CANNOT}"', NAMELESS),
    "numbered in parentheses": (f"(3) {LINE}", CLEO),
    "numbered with a parenthesis": (f"3) {LINE}", CLEO),
    "numbered with a hash": (f"#3 {LINE}", CLEO),
    "numbered by an editor": (f"   12\t{LINE}", CLEO),
    "numbered by grep": (f"12:{LINE}", CLEO),
    "named by grep": (f"ImportProfileProperties-{GUID}-20151130-174205-993.log:12:{LINE}", CLEO),
    "named by Select-String": (rf"C:\logs\a.log:12:{LINE}", CLEO),
    "a bullet": (f"- {LINE}", CLEO),
    "a star": (f"* {LINE}", CLEO),
    "a round bullet": (f"\u2022\t{LINE}", CLEO),
    "Word's bullet": (f"\uf0b7 {LINE}", CLEO),
    "indented by blanks": (f"  {LINE}", CLEO),
    "indented by a tab": (f"\t{LINE}", CLEO),
    "indented by no-break spaces": (f"\u00a0\u00a0{LINE}", CLEO),
    "indented by a blank of no width": (f"\u200b{LINE}", CLEO),
    "indented, no identity": (f"    IdentityNotResolvable\t\t{CANNOT}", NAMELESS),
    "code in Markdown": (f"`{LINE}`", CLEO),
    "code in Markdown, in a list": (f"- `{LINE}`", CLEO),
    "bold in Markdown": (f"**IdentityNotResolvable**\tcleo@contoso.com\t{CANNOT}", CLEO),
    "a table in Markdown": (f"| IdentityNotResolvable | cleo@contoso.com | {CANNOT} |", CLEO),
    "a table with code in its cells": (f"| `IdentityNotResolvable` | `cleo@contoso.com` | {CANNOT} |", CLEO),
    "a table without bars at its ends": (f"IdentityNotResolvable | cleo@contoso.com | {CANNOT}", CLEO),
    "a table's row without identity": (f"| IdentityNotResolvable | | {CANNOT} |", NAMELESS),
    "CSV": (f"IdentityNotResolvable,cleo@contoso.com,{CANNOT}", CLEO),
    "CSV with quotation marks": (f'"InvalidProperty","dan@contoso.com","{NOT_MAPPED}"', FLOOR),
    "CSV with a quoted message": (f'InvalidProperty,dan@contoso.com,"{NOT_MAPPED}"', FLOOR),
    "CSV with further columns": (f'InvalidProperty,dan@contoso.com,"{NOT_MAPPED}",3,x', FLOOR),
    "CSV with columns before": (f'12,"IdentityNotResolvable","cleo@contoso.com","{CANNOT}"', CLEO),
    "CSV with semicolons": (f"IdentityNotResolvable;cleo@contoso.com;{CANNOT}", CLEO),
    "CSV with semicolons and quotation marks": (f'"IdentityNotResolvable";"cleo@contoso.com";"{CANNOT}"', CLEO),
    "CSV without identity": (f"IdentityNotResolvable,,{CANNOT}", NAMELESS),
    "CSV without identity, quoted": (f'"IdentityNotResolvable","","{CANNOT}"', NAMELESS),
    "a spreadsheet's cells, quoted": (f'"IdentityNotResolvable"\t"cleo@contoso.com"\t"{CANNOT}"', CLEO),
    "CSV with columns of text before": (f"hr-feed,2026-11-23,IdentityNotResolvable,cleo@contoso.com,{CANNOT}", CLEO),
    "a spreadsheet with an empty first column": (f"\t\t{LINE}", CLEO),
    "a spreadsheet with a column before": (f"hr-feed\t{LINE}", CLEO),
    "tabs turned into blanks": (f"IdentityNotResolvable    cleo@contoso.com    {CANNOT}", CLEO),
    "tabs turned into blanks, indented": (f"  IdentityNotResolvable    cleo@contoso.com    {CANNOT}", CLEO),
    "tabs turned into no-break spaces, quoted": (
        f">\u00a0IdentityNotResolvable\u00a0\u00a0cleo@contoso.com\u00a0\u00a0{CANNOT}",
        CLEO,
    ),
    "tabs turned into blanks, no identity": (f"> IdentityNotResolvable     {CANNOT}", NAMELESS),
    "tabs turned into blanks, a place": (f"> DataFileNotJson  {UNEXPECTED}", PLACE),
    "tabs turned into blanks, a Guid": (f"> GenericError {GUID} {SQL}", GENERIC),
    "tabs turned into blanks, an exception": (f"- GenericError {SQL}", ("GenericError", None, SQL)),
    "tabs turned into wide blanks": (f"IdentityNotResolvable\u2003cleo@contoso.com\u2003{CANNOT}", CLEO),
    "the tabs written as in a program": (rf"IdentityNotResolvable\tcleo@contoso.com\t{CANNOT}", CLEO),
    "the tabs shown as arrows": (f"IdentityNotResolvable\u2192cleo@contoso.com\u2192{CANNOT}", CLEO),
    "smart quotation marks": (f"\u201c{LINE}\u201d", CLEO),
    "low quotation marks": (f"\u201e{LINE}\u201c", CLEO),
    "angle quotation marks": (f"\u00ab{LINE}\u00bb", CLEO),
    "a list of a program": (f'    "{LINE}",', CLEO),
    "a time before": (f"2026-11-23T10:00:00.123Z {LINE}", CLEO),
    "a time with an offset before": (f"[2026-11-23 10:00:00+01:00] {LINE}", CLEO),
    "a German time before": (f"23.11.2026 10:00:00 {LINE}", CLEO),
    "an American time before": (f"11/23/2026 10:00:00 AM - {LINE}", CLEO),
    "a time of day before": (f"[10:00:00] {LINE}", CLEO),
    "the article's spelling": (f"Exception: InvalidProperty - dan@contoso.com {NOT_MAPPED}", FLOOR),
    "a colon after the code": (f"IdentityNotResolvable: cleo@contoso.com {CANNOT}", CLEO),
    "a list of properties": (f"ErrorMessage                          : {LINE}", CLEO),
    "the console of the article's script": (f"Logged errors: {LINE}", CLEO),
    "a verbose line": (f"VERBOSE: {LINE}", CLEO),
    "a verbose line in French": (f"COMMENTAIRES : {LINE}", CLEO),
    "a link that mail made of an address": (
        f"> IdentityNotResolvable\tcleo@contoso.com<mailto:cleo@contoso.com>\t{CANNOT}",
        CLEO,
    ),
    "a link in Markdown": (
        f"> IdentityNotResolvable [cleo@contoso.com](mailto:cleo@contoso.com) {CANNOT}",
        CLEO,
    ),
    "an unknown code with its tabs, quoted": (
        "> ProfileLocked\tada@contoso.com\tx",
        ("ProfileLocked", "ada@contoso.com", "x"),
    ),
    "an identity of digits with its tabs, quoted": ("> GenericError\t4711\tx", ("GenericError", "4711", "x")),
    "a claim in a spreadsheet": (
        f"IdentityNotResolvable;i:0#.f|membership|cleo@contoso.com;{CANNOT}",
        ("IdentityNotResolvable", "i:0#.f|membership|cleo@contoso.com", CANNOT),
    ),
}


@pytest.mark.parametrize(("line", "expected"), PASTED.values(), ids=PASTED.keys())
def test_a_pasted_line_is_an_entry_and_each_byte_accounted_for(
    line: str, expected: tuple[str, str | None, str]
) -> None:
    for text, number in ((line, 0), (f"Hello,\r\nthe log says:\r\n\r\n{line}\r\n", 1), (f"{LINE}\n{line}", 1)):
        for encoding in ("utf-8-sig", "utf-16"):
            ((found,), (log,)) = read([text.encode(encoding)])
            assert found[number][1:4] == expected
            assert (log.missing, len(found)) == (0, number + 1)


NO_ENTRY = {
    "a sentence with a code": "What does GenericError mean?",
    "a sentence that begins with a code": "> GenericError means that the store failed",
    "a glossary": "- InvalidProperty - a property is not in the map",
    "a glossary with a colon": "* IdentityNotResolvable: the user has left",
    "a glossary in a table": "| `GenericError` | threads | the profile store failed; its Guid need not be an ID |",
    "a row of a table": "| InvalidProperty | the article | a property is not mapped |",
    "codes in a list": "  IdentityNotResolvable, MissingIdentity, InvalidProperty",
    "codes in CSV": "IdentityNotResolvable,MissingIdentity,InvalidProperty",
    "counts in CSV": "hr-feed,GenericError,12,10",
    "counts in a spreadsheet": "hr-feed\tGenericError\t12\t10",
    "counts in a table": "| GenericError | 12 | 10 |",
    "a code in small letters": "> genericerror\t\tx",
    "a code inside a word": "see MyGenericError\tada@contoso.com\tx",
    "a pattern of the catalogue": "  GenericError/deadlock: two writers blocked each other",
    "an unknown code, indented": "   ProfileLocked\tada@contoso.com\tx",
    "an unknown code without tabs": "> ProfileLocked ada@contoso.com x",
    "a frame of a trace": "   at IdentityNotResolvable\tada@contoso.com\tx",
    "an inner exception": " ---> System.Exception: GenericError ada@contoso.com x",
    "a code alone": "> GenericError",
    "a code and a tab": "> GenericError\t",
    "a code in a path": "> https://contoso.sharepoint.com/GenericError\tada@contoso.com",
    "a table's heading": "| code | identity | message |",
    "an address alone": "> ada@contoso.com",
    "a part of JSON": 'x","code":"IdentityNotResolvable","identity":"ada@contoso.com","message":"User identity',
}


@pytest.mark.parametrize("line", NO_ENTRY.values(), ids=NO_ENTRY.keys())
def test_text_that_only_looks_like_an_entry_is_not_one(line: str) -> None:
    assert [row.code for row in rows_of(f"Hello\n{line}\nBye")] == [None]
    assert [row.code for row in rows_of(f"MissingIdentity\t\tx\n{line}\n{LINE}")] == ["MissingIdentity", CLEO[0]]


def test_no_line_of_the_samples_is_read_as_pasted() -> None:
    for log in find_logs([sample_library()])[0]:
        assert log.path is not None
        ((_,), (found,)) = read([log.path.read_bytes()])
        assert (found.account.around, found.missing) == (0, 0)


@pytest.mark.parametrize(
    "hostile",
    [
        "> " * 3_000_000,
        '"' * 3_000_000 + "GenericError",
        "> GenericError " + '"' * 3_000_000,
        "GenericError\t" * 300_000,
        "a " * 2_000_000 + "GenericError\tx",
        "| GenericError |" + " |" * 2_000_000,
        'IdentityNotResolvable,"' + '"' * 3_000_000,
        "[" * 3_000_000 + "1" * 3_000_000,
        "> " + "a" * 3_000_000 + ".log:GenericError",
        "GenericError [" + "a" * 3_000_000,
        "1:" * 2_000_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_line_is_searched_in_linear_time(hostile: str) -> None:
    found = entry_fields(hostile)
    assert found is None or list(found) == sorted(found)
