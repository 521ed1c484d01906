"""Logs inside the formats that PowerShell, this program, and mail put around them."""

from __future__ import annotations

import json

import polars as pl
import pytest

from analyzer.catalogue import OURS
from analyzer.logs.other_formats import unwrap
from analyzer.logs.pasted_text import recognize
from tests.logs.reading import read
from tests.logs.reference_parser import Row

CANNOT = "User identity cannot be resolved"
NOT_MAPPED = "Property 'Floor' is not mapped to any property in the user profile application."
LOG = f"IdentityNotResolvable\tcleo@contoso.com\t{CANNOT}\r\nInvalidProperty\tdan@contoso.com\t{NOT_MAPPED}\r\n"
# What PnP PowerShell makes of the log: a line end before each file
MESSAGE = "\r\n" + LOG
JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
CLEO = ("IdentityNotResolvable", "cleo@contoso.com", CANNOT, None)
DAN = ("InvalidProperty", "dan@contoso.com", NOT_MAPPED, None)
BOTH = [CLEO, DAN]
TABLE = pl.DataFrame(
    {
        "tenant": ["contoso.sharepoint.com"] * 2,
        "job_id": [JOB] * 2,
        "log_file": ["a.log"] * 2,
        "line": [1, 2],
        "code": [CLEO[0], DAN[0]],
        "identity": [CLEO[1], DAN[1]],
        "property": [None, "Floor"],
        "message": [CLEO[2], DAN[2]],
        "detail": pl.Series([None, None], dtype=pl.String),
    }
)


def as_list(message: str, width: int) -> str:
    """What ``Format-List`` prints on a console of so many characters."""
    before = " " * len("LogFolderUri : ")
    lines: list[str] = []
    for name, value in (("Error", "InvalidDataFile"), ("ErrorMessage", message), ("JobId", JOB), ("LogFolderUri", "x")):
        start = f"{name:<12} : "
        for line in value.split("\r\n"):
            rest = line
            while True:
                room = width - len(start)
                lines.append(start + rest[:room])
                start, rest = before, rest[room:]
                if not rest:
                    break
    return "\r\n".join(["", *lines, "", ""])


def clixml(message: str) -> str:
    """What ``Export-Clixml`` writes."""
    escaped = message.replace("\r", "_x000D_").replace("\n", "_x000A_").replace("\t", "_x0009_").replace("'", "&apos;")
    return (
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\r\n  <Obj RefId="0">\r\n'
        f'    <Props>\r\n      <S N="Error">InvalidDataFile</S>\r\n      <S N="ErrorMessage">{escaped}</S>\r\n'
        f'      <G N="JobId">{JOB}</G>\r\n    </Props>\r\n  </Obj>\r\n</Objs>'
    )


CELLS = f'"","InvalidDataFile","{MESSAGE}","{JOB}","https://contoso.sharepoint.com/x"'
HTML_TABLE = "".join(
    f"<tr>\n <td>{code}</td>\n <td><a href='mailto:{identity}'>{identity}</a></td><td>{message}</td></tr>\n"
    for code, identity, message, _ in BOTH
)
WRAPPED = {
    "ConvertTo-Json of one job": (json.dumps({"Error": 23, "ErrorMessage": MESSAGE, "JobId": JOB}, indent=2), [3, 3]),
    "ConvertTo-Json of several": (json.dumps([{"ErrorMessage": None}, {"ErrorMessage": MESSAGE}], indent=4), [6, 6]),
    "ConvertTo-Json -Compress": (json.dumps({"ErrorMessage": MESSAGE}, separators=(",", ":")), [1, 1]),
    "ConvertTo-Json, cut off": (json.dumps({"ErrorMessage": MESSAGE, "JobId": JOB})[:-20], [1, 1]),
    "Export-Csv": (f'"Tag","Error","ErrorMessage","JobId","LogFolderUri"\r\n{CELLS}\r\n', [3, 4]),
    "Export-Csv with its type": (
        f'#TYPE ImportProfilePropertiesJobInfo\r\n"Tag","Error","ErrorMessage"\r\n{CELLS}',
        [4, 5],
    ),
    "Export-Csv -UseCulture": ('"Tag";"Error";"ErrorMessage"\r\n' + CELLS.replace('","', '";"'), [3, 4]),
    "Export-Clixml": (clixml(MESSAGE), [5, 5]),
    "Format-List": (as_list(MESSAGE, 200), [4, 5]),
    "Format-List of 80 columns": (as_list(MESSAGE, 80), [4, 6]),
    "Format-List of 60 columns": (as_list(MESSAGE, 60), [4, 6]),
    "Format-List, the first line beside the name": (as_list(LOG, 120), [3, 4]),
    "our entries as CSV": (TABLE.write_csv(), [2, 3]),
    "our entries as CSV of a country with semicolons": (TABLE.write_csv(separator=";"), [2, 3]),
    "our entries as cells of a workbook": (TABLE.write_csv(separator="\t"), [2, 3]),
    "our entries as JSON lines": (TABLE.write_ndjson(), [1, 2]),
    "our entries as JSON": (TABLE.write_json(), [1, 1]),
    "somebody's own columns": (TABLE.select("message", "identity", pl.col("code").alias("Code")).write_csv(), [2, 3]),
    "mail as HTML": (
        f"<html><head><style>p {{}}</style></head><body><p>Hello,</p>\n<table>{HTML_TABLE}</table></body></html>",
        [3, 6],
    ),
    "chat as HTML": ("<div>" + LOG.replace("\r\n", "</div>\r\n<div>") + "</div>", [1, 2]),
    "chat as HTML with blanks for tabs": (
        "<p>" + LOG.replace("\t", "&nbsp;&nbsp;&nbsp; ").replace("'", "&#39;").replace("\r\n", "<br>\r\n") + "</p>",
        [1, 2],
    ),
    "preformatted HTML": (f"<html><body>\n<pre>{LOG}</pre></body></html>", [2, 3]),
}


@pytest.mark.parametrize(("text", "lines"), WRAPPED.values(), ids=WRAPPED.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_entries_in_other_formats_are_read_and_each_byte_is_accounted_for(
    text: str, lines: list[int], encoding: str
) -> None:
    ((found,), (log,)) = read([text.encode(encoding)])
    coded = [row for row in found if row.code]
    assert [(*row[1:4], (row.detail or "").strip() or None) for row in coded] == BOTH
    assert [row.line for row in coded] == lines
    assert (log.missing, log.entries) == (0, 2)
    assert log.account.around != 0


def test_explain_unwraps_its_input() -> None:
    text, _ = WRAPPED["ConvertTo-Json of one job"]
    assert recognize(text, OURS).code == "IdentityNotResolvable"


def test_several_logs_one_of_them_wrapped_keep_their_line_numbers() -> None:
    text, lines = WRAPPED["Export-Csv"]
    ((first, second, third), _) = read([LOG.encode(), text.encode(), LOG.encode()])
    numbers = [[row.line for row in rows if row.code] for rows in (first, second, third)]
    assert numbers == [[1, 2], lines, [1, 2]]


def test_a_cell_guarded_against_formulas_is_restored() -> None:
    table = pl.DataFrame({"code": ["GenericError"], "identity": ["'=1+1@x"], "message": ["x"]})
    ((row,), _) = read([table.write_csv().encode()])
    assert row[0] == Row(2, "GenericError", "=1+1@x", "x", None)


NO_LOG = {
    "a source file": '{"value":[{"IdName":"ada@contoso.com","Message":"GenericError"}]}',
    "a job without details": json.dumps({"ErrorMessage": "", "State": 4}),
    "a page": "<html><body><p>What GenericError means.</p></body></html>",
    "a CSV of something else": "code,name\r\nGenericError,x\r\n",
    "a list without details": as_list("", 80),
    "a real log": LOG,
    "a real log after a mark": "\ufeff" + LOG,
    "a real log that speaks of the property": "Import log\r\nErrorMessage\r\n",
    "a real log cut off before a property's name": f"able\tada\tno\r\n{LOG}ErrorMessage : more\r\nName: x\r\n{LOG}",
    "a real log cut off before JSON": f'{{"code":"IdentityNotResolvable","message":"x"}}\r\n{LOG}',
    "a real log cut off before HTML": f"<p>IdentityNotResolvable ada@contoso.com {CANNOT}</p>\r\n{LOG}",
    "nothing": "",
    "an open quotation mark": 'code,message\r\n"GenericError\r\n' + "x" * 200_000,
}


@pytest.mark.parametrize("text", NO_LOG.values(), ids=NO_LOG.keys())
def test_other_text_is_unchanged(text: str) -> None:
    assert unwrap(text) is None


@pytest.mark.parametrize(
    "hostile",
    [
        '{"code":"' + "\\\\" * 1_000_000,
        "<p>" * 500_000,
        "<p" * 500_000,
        "<html><style>" * 100_000,
        "<html>" + "<!--" * 200_000,
        '<Objs><S N="ErrorMessage">' * 100_000,
        "ErrorMessage : \r\n" + "x : y\r\n" * 100_000,
        "code,message\r\n" + '"' * 1_000_001,
    ],
    ids=lambda text: text[:20],
)
def test_hostile_text_is_read_in_linear_time(hostile: str) -> None:
    assert unwrap(hostile) is None
