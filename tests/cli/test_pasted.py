"""``retry --log`` and ``parse`` on what people keep in place of a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

USERS = ["ada@contoso.com", "cleo@contoso.com", "dan@contoso.com"]
SOURCE = {"value": [{"IdName": user, "City": "Oslo"} for user in USERS]}
LINES = [f"IdentityNotResolvable\t{user}\tUser identity cannot be resolved" for user in USERS[1:]]
LIST = (
    "\r\nContext            : PnP.Framework.PnPClientContext\r\nError              : ImportCompleteWithError\r\n"
    f"ErrorMessage       : {LINES[0]}\r\n                     {LINES[1]}\r\n                     \r\n"
    "JobId              : 5f05e38c-bd0e-49ec-8c9c-c4cfe370248c\r\nState              : Error\r\n\r\n"
)
KEPT = {
    "a console's list, redirected by Windows PowerShell": LIST.encode("utf-16"),
    "a console's list in UTF-8": LIST.encode(),
    "quoted mail": "".join(f"> {line}\n" for line in LINES).encode(),
    "a spreadsheet's CSV": "".join(line.replace("\t", ";") + "\r\n" for line in LINES).encode(),
    "ConvertTo-Json": json.dumps({"ErrorMessage": "\r\n" + "\r\n".join(LINES)}, indent=2).encode(),
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT.keys())
def test_the_retry_file_has_the_users_that_the_kept_text_names(
    upa: Callable[..., Ran], tmp_path: Path, kept: bytes
) -> None:
    (tmp_path / "src.json").write_text(json.dumps(SOURCE), encoding="utf-8")
    (tmp_path / "status.txt").write_bytes(kept)
    ran = upa("retry", "--source", "src.json", "--log", "status.txt", "-o", "r.json")
    assert ran.code == 0
    records = json.loads((tmp_path / "r.json").read_text(encoding="utf-8-sig"))["value"]
    assert [record["IdName"] for record in records] == USERS[1:]
