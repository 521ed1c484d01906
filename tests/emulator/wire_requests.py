"""Requests as clients send them, right ones and ones gone wrong, before they are put on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.model.service import TENANT_API
from tests.emulator.client import FOLDER, JOB_ID, argument

if TYPE_CHECKING:
    import random

WEB = "/sites/hr/_api/web"
LIBRARY = f"{WEB}/getFolderByServerRelativePath(decodedUrl='{argument(FOLDER)}')"
HR = f"{WEB}/getFileByServerRelativePath(decodedUrl='{argument(FOLDER)}%2Fhr.json')"
UPLOAD = "00000000-0000-0000-0000-000000000001"


class Sent(NamedTuple):
    """A request before it is put on the wire; ``Content-Length`` is reckoned when it is."""

    verb: str
    path: str
    headers: str = ""
    body: bytes = b""


REQUESTS = [
    Sent("GET", WEB, "Accept: application/json;odata=verbose"),
    Sent("GET", f"{LIBRARY}/Files?$top=1&$select=Name,Length&$orderby=Name+desc&$expand=Author"),
    Sent(
        "GET",
        f"{LIBRARY}?$expand=Files,Folders/Files&$select=Name,Files/Name",
        "Accept: application/json;odata=nometadata",
    ),
    Sent("GET", f"{LIBRARY}/Files?$filter=Length+gt+1+and+(startswith(Name,'h')+or+not+substringof('x',Name))"),
    Sent("GET", f"{WEB}/getFileByUrl(@p1)?@p1='https://localhost{argument(FOLDER)}/hr.json'"),
    Sent("GET", f"{WEB}/folders/getByPath(@v)?@v=%7B%22DecodedUrl%22:%22Shared%20Documents%22%7D"),
    Sent("GET", f"{WEB}/GetFileById('{UPLOAD}')/$value", "Range: bytes=0-"),
    Sent("GET", f"{HR}/$value", 'Range: bytes=5-\r\nIf-Range: "x"'),
    Sent("GET", f"{HR}/ListItemAllFields"),
    Sent("POST", "/_api/contextinfo", "X-RequestDigest: 0x00,02 Nov 2026 02:14:05 -0000"),
    Sent("POST", f"{LIBRARY}/Files/add(overwrite=true,url='new.json')", "", b'{"value": []}'),
    Sent("POST", f"{LIBRARY}/Folders/AddUsingPath(DecodedUrl='new')"),
    Sent("POST", f"{LIBRARY}/AddSubFolderUsingPath", "", b'{"DecodedUrl": "new"}'),
    Sent("POST", f"{LIBRARY}/AddSubFolderUsingPath", "", b'{"leafPath": {"DecodedUrl": "newer"}}'),
    Sent("POST", f"{HR}/startUpload(uploadId=guid'{UPLOAD}')", "", b"abc"),
    Sent("POST", f"{HR}/continueUpload(uploadID='{UPLOAD}',fileOffset=3)", "", b"def"),
    Sent("POST", f"{HR}/finishUpload(uploadID='{UPLOAD}',fileOffset=6)"),
    Sent("POST", f"{HR}/cancelUpload", "", b'{"uploadId": "%s"}' % UPLOAD.encode()),
    Sent("POST", f"{HR}/moveTo(newurl='{argument(FOLDER)}%2Fnew.json',flags=1)"),
    Sent("POST", f"{HR}/copyTo(strNewUrl='{argument(FOLDER)}%2Fcopy.json',boverwrite=true)"),
    Sent("POST", f"{HR}/listItemAllFields", "X-HTTP-Method: MERGE\r\nIF-MATCH: *", b'{"FileLeafRef": "other.json"}'),
    Sent("POST", f"{HR}/$value", 'X-HTTP-Method: PUT\r\nIF-MATCH: "x"', b"new"),
    Sent("POST", f"{HR}/deleteWithParameters", "", b'{"parameters": {"ETagMatch": "x"}}'),
    Sent("POST", "/sites/hr/_api/SP.Web.GetWebUrlFromPageUrl", "", b'{"pageFullUrl": "https://localhost/sites/hr/x"}'),
    Sent(
        "POST",
        "/_api/SP.MoveCopyUtil.CopyFileByPath",
        "",
        b'{"srcPath": {"DecodedUrl": "/sites/hr/Shared Documents/hr.json"}, "destPath": {"DecodedUrl": "/sites/hr/x"},'
        b' "options": {"KeepBoth": true}}',
    ),
    Sent("POST", f"{TENANT_API}GetImportProfilePropertyJobs"),
    Sent("POST", f"{TENANT_API}GetImportProfilePropertyJob", "", b'{"jobId": "%s"}' % JOB_ID.encode()),
    Sent("POST", f"{TENANT_API}DeleteImportProfilePropertiesJob", "", b'{"jobId": "%s"}' % JOB_ID.encode()),
    Sent(
        "POST",
        f"{TENANT_API}QueueImportProfileProperties",
        "Content-Type: application/json;odata=verbose",
        b'{"idType": 0, "sourceDataIdProperty": "IdName", "propertyMap": [{"Key": "City", "Value": "City"}],'
        b' "sourceUri": "https://localhost/sites/hr/Shared Documents/hr.json"}',
    ),
    Sent(
        "POST",
        "/sites/hr/_api/$batch",
        "Content-Type: multipart/mixed; boundary=b",
        b"--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: application/http\n\n"
        b"POST https://localhost/sites/hr/_api/web/folders/add('n') HTTP/1.1\naccept:application/json\n\n\n--c--\n"
        b"--b\nContent-Type: application/http\n\nGET https://localhost/sites/hr/_api/web HTTP/1.1\n\n\n--b--\n",
    ),
]
_SNIPPETS = (
    "'",
    "''",
    "%",
    "%00",
    "%27",
    "%2F",
    "..",
    "/",
    "\\",
    "(",
    ")",
    "@p1",
    "$",
    "=",
    ",",
    "{",
    "[",
    '"',
    "\0",
    "\xff",
    "9" * 30,
)


def mutated(sent: Sent, chance: random.Random) -> Sent:
    """The request with some of its characters gone, doubled, or others in their place."""
    if chance.random() < 0.1:
        sent = sent._replace(verb=chance.choice(["PUT", "DELETE", "MERGE", "PATCH", "HEAD", "BREW", "GET", "POST"]))
    if chance.random() < 0.7:
        sent = sent._replace(
            path="/" + _worn(sent.path[1:], chance).replace(" ", "%20").replace("\n", "").replace("\r", "")
        )
    if sent.headers and chance.random() < 0.3:
        name, _, value = sent.headers.partition(": ")
        sent = sent._replace(headers=f"{name}: {_worn(value, chance)}".replace("\0", ""))
    if sent.body and chance.random() < 0.6:
        sent = sent._replace(body=_worn(sent.body.decode("latin-1"), chance).encode("latin-1"))
    return sent


def _worn(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        length = chance.choice([0, 1, 1, 2, 5, 20])
        put = chance.choice([chance.choice(_SNIPPETS), chr(chance.randrange(33, 256)), text[at : at + length] * 2, ""])
        text = text[:at] + put + text[at + length :]
    return text
