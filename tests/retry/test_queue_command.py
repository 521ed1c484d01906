"""The lines that queue a retry file: PowerShell reads in them what we mean, and what is inferred is said."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.model.identity import WITHOUT_IDS, IdCounter, InferredIdType
from analyzer.model.next_step import powershell_text
from analyzer.model.queued_job import QueuedJob
from analyzer.retry.queue_command import (
    RetryToQueue,
    queue_commands,
    queue_remarks,
    site_and_folder,
    to_queue,
)
from analyzer.retry.writing.write import write_retry
from analyzer.storage.manifest_file import manifest_path, read_manifest
from tests.retry.small_source import ADA, ALL_RECORDS, partial, request, write_source

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.retry.model import RetryOptions

CLOUD_ID = InferredIdType("CloudId", "all 3 IDs are object IDs")
SITE = "https://contoso.sharepoint.com/sites/hr"
RETRY = RetryToQueue(["/data/a-retry.json"], SITE, "Shared Documents/in", "ObjectId", CLOUD_ID, ["City", "Cost Center"])

# What PowerShell's tokenizer takes for a single quotation mark, and for a blank between words.
SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"


class NotReadError(Exception):
    """PowerShell would read this otherwise, or not at all."""


class PowerShell:
    """A reader of the little of PowerShell that our lines need, by the rules of its tokenizer (about_Quoting_Rules).

    A text in single quotes ends at any of the single quotation marks, but two in a row are the second one of them; all
    else stands for itself. ``[char]0x41`` and ``[char]::ConvertFromUtf32(0x1F600)`` are the only expressions.
    """

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    @property
    def ended(self) -> bool:
        """Whether all was read."""
        return self._at == len(self._line)

    def command(self) -> dict[str, object]:
        """The command's name under an empty name, and its parameters."""
        found: dict[str, object] = {"": self.word()}
        while not self.ended:
            self.expect(" -")
            name = self.word()
            found[name] = (
                self.value() if self._line.startswith(" ", self._at) and self._line[self._at + 1] != "-" else True
            )
        return found

    def value(self) -> object:
        self.expect(" ")
        if self._line.startswith("@{", self._at):
            return self.table()
        return self.text() if self._line[self._at] in f"({SINGLE_QUOTES}" else self.word()

    def table(self) -> dict[str, str]:
        self.expect("@{")
        found: dict[str, str] = {}
        while not self._line.startswith("}", self._at):
            if found:
                self.expect("; ")
            key = self.text()
            self.expect("=")
            # Duplicate keys are refused, and case does not tell keys apart.
            if key.lower() in map(str.lower, found):
                raise NotReadError(f"duplicate key {key}")
            found[key] = self.text()
        self.expect("}")
        return found

    def text(self) -> str:
        if not self._line.startswith("(", self._at):
            return self.literal()
        self.expect("(")
        found = self.literal()
        while self._line.startswith(" + ", self._at):
            self.expect(" + ")
            found += self.character() if self._line[self._at] == "[" else self.literal()
        self.expect(")")
        return found

    def character(self) -> str:
        found = re.compile(r"\[char\]0x([0-9A-F]{4})|\[char\]::ConvertFromUtf32\(0x([0-9A-F]+)\)").match(
            self._line, self._at
        )
        if found is None:
            raise NotReadError(self._line[self._at :])
        self._at = found.end()
        return chr(int(found[1] or found[2], 16))

    def literal(self) -> str:
        if self._line[self._at] not in SINGLE_QUOTES:
            raise NotReadError(self._line[self._at :])
        found = ""
        self._at += 1
        while self._at < len(self._line):
            if self._line[self._at] in SINGLE_QUOTES:
                self._at += 1
                if self._line[self._at : self._at + 1] not in [*SINGLE_QUOTES]:
                    return found
            found += self._line[self._at]
            self._at += 1
        raise NotReadError("the terminator is missing")

    def word(self) -> str:
        found = re.compile(r"[A-Za-z-]+").match(self._line, self._at)
        if found is None:
            raise NotReadError(self._line[self._at :])
        self._at = found.end()
        return found[0]

    def expect(self, wanted: str) -> None:
        if not self._line.startswith(wanted, self._at):
            raise NotReadError(f"{wanted} is not there: {self._line[self._at :]}")
        self._at += len(wanted)


HOSTILE = [
    "Cost Center",
    "it's",
    "'",
    "''",
    "\u2019tis",
    "\u2018a\u2019\u201a\u201b",
    '"$(Remove-Item x)"',
    "$env:PATH",
    "`n",
    "a;b|c&d",
    "@{a=1}",
    "}",
    "Büro",
    "部門",
    "a\nb",
    "\r\n",
    "\x1b[2J",
    "\x03",
    "a\u202eb",
    "\u200b",
    "\ud800",
    "\U000e0001",
    "😀",
    "",
    "-Path",
    "a=b",
    "#",
]


@given(st.text())
@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_text_is_quoted_exactly_on_one_printable_line(name: str, more: str) -> None:
    for text in (name, more, name + more):
        line = powershell_text(text)
        shell = PowerShell(line)
        assert shell.text() == text
        assert shell.ended
        assert line.isprintable()


@given(
    st.lists(st.text(max_size=5) | st.sampled_from(HOSTILE), unique_by=str.casefold, max_size=6), st.text(), st.text()
)
@example([], "", "")
def test_powershell_reads_the_command_that_is_meant(names: list[str], path: str, id_property: str) -> None:
    retry = dataclasses.replace(RETRY, paths=[path], properties=names, id_property=id_property)
    connect, line = queue_commands(retry)
    assert PowerShell(connect).command() == {"": "Connect-PnPOnline", "Url": SITE, "Interactive": True}
    assert PowerShell(line).command() == {
        "": "New-PnPUPABulkImportJob",
        "Folder": "Shared Documents/in",
        "Path": path,
        "UserProfilePropertyMapping": dict(zip(names, names, strict=True)),
        "IdProperty": id_property or "ID-PROPERTY",
        "IdType": "CloudId",
    }


def test_names_that_differ_in_case_alone_are_added_one_by_one() -> None:
    _, line = queue_commands(dataclasses.replace(RETRY, properties=["City", "city"]))
    before, adding, again, command = line.split("; ")
    assert before == "$map = [System.Collections.Hashtable]::new()"
    assert (adding, again) == ("$map.Add('City', 'City')", "$map.Add('city', 'city')")
    assert " -UserProfilePropertyMapping $map " in command


def test_parts_are_queued_one_after_the_other() -> None:
    retry = dataclasses.replace(RETRY, paths=["/a-1-of-2.json", "/a-2-of-2.json"])
    lines = queue_commands(retry)[1:]
    assert [PowerShell(line).command()["Path"] for line in lines] == retry.paths
    assert [PowerShell(line).command()["Wait"] for line in lines] == [True, True]
    assert queue_remarks(retry)[-1].startswith("Queue each part only after the job of the part before has ended")


GUID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
IDS = {
    "object ids": ([GUID, GUID.upper()], "CloudId", "all 2 IDs are object IDs"),
    "one object id": ([GUID], "CloudId", "the only ID is an object ID"),
    "in brackets, or bare": (
        [f"{{{GUID}}}", GUID.replace("-", "")],
        "",
        "all 2 IDs are neither object IDs nor addresses",
    ),
    "guests among them": (
        ["ada@contoso.com", "eve_fabrikam.com#EXT#@contoso.onmicrosoft.com"],
        "PrincipalName",
        "of 2 IDs 1 is an address and 1 is a guest's user principal name",
    ),
    "without a name, or a domain": (["@contoso.com", "ada@"], "", "all 2 IDs are neither object IDs nor addresses"),
    "addresses": (
        ["ada@contoso.com", "b"],
        "",
        "of 2 IDs 1 is an address and 1 is neither an object ID nor an address",
    ),
    "addresses alone": (
        ["ada@contoso.com", "bob@contoso.com"],
        "Email",
        "all 2 IDs are addresses, which fits Email and PrincipalName",
    ),
    "claims names": (
        ["ada@contoso.com", "i:0#.f|membership|bob@contoso.com"],
        "",
        "of 2 IDs 1 is an address and 1 is a claims name",
    ),
    "of several shapes": ([GUID, "a@b", "a@c"], "", "of 3 IDs 1 is an object ID and 2 are addresses"),
    "records without": ([None, "", "  ", GUID], "CloudId", "the only ID is an object ID"),
    "numbers": ([17, 18], "", "all 2 IDs are neither object IDs nor addresses"),
    "none": ([None], "", WITHOUT_IDS.because),
}


@pytest.mark.parametrize(("ids", "name", "because"), IDS.values(), ids=IDS.keys())
@pytest.mark.parametrize("escaped", [False, True], ids=["", "escaped"])
def test_the_id_type_is_inferred_from_the_kinds_of_all_ids(
    ids: list[object], name: str, because: str, escaped: bool
) -> None:
    counter = IdCounter()
    for one in ids:
        spelled = json.dumps(one)
        counter.add([(spelled.replace("a", r"\u0061").replace("@", r"\u0040") if escaped else spelled).encode()])
    assert counter.kinds.inferred == InferredIdType(name, because)


def test_inferred_values_have_a_remark() -> None:
    remarks = queue_remarks(dataclasses.replace(RETRY, condition="map Floor or remove it from the feed"))
    condition, id_type, property_map = remarks
    assert condition == "Before you queue this file: map Floor or remove it from the feed."
    assert id_type == "-IdType is inferred: all 3 IDs are object IDs."
    assert "The right side is assumed to be the same. Check it." in property_map
    email = InferredIdType("Email", "all 2 IDs are addresses, which fits Email and PrincipalName")
    (id_type,) = queue_remarks(dataclasses.replace(RETRY, id_type=email, properties=[]))
    assert id_type == f"-IdType is inferred: {email.because}. Use the type with which the job was queued."


def test_what_is_unknown_is_to_be_filled_in() -> None:
    retry = RetryToQueue(["/a.json"], "", "", "", WITHOUT_IDS, [])
    connect, line = queue_commands(retry)
    assert connect == "Connect-PnPOnline -Url 'SITE-URL' -Interactive"
    assert " -Folder 'FOLDER' " in line
    assert " -IdProperty 'ID-PROPERTY' -IdType Email" in line
    assert queue_remarks(retry) == (
        "Replace SITE-URL, FOLDER and ID-PROPERTY, which are unknown.",
        "-IdType is unknown: no record has an ID. Use the type with which the job was queued.",
    )


URIS = {
    "in a site": (f"{SITE}/Shared%20Documents/in/a.json", SITE, "Shared Documents/in"),
    "not encoded": (f"{SITE}/Shared Documents/a.json", SITE, "Shared Documents"),
    "with a query": (f"{SITE}/Docs/a.json?web=1", SITE, "Docs"),
    "with capital letters": ("https://Contoso.SharePoint.com/sites/HR/Docs/a.json", f"{SITE[:-2]}HR", "Docs"),
    "at the root": ("https://contoso.sharepoint.com/Docs/a.json", "https://contoso.sharepoint.com", "Docs"),
    "at a web's root": (f"{SITE}/a.json", SITE, ""),
    "on the admin site": ("https://contoso-admin.sharepoint.com/D/a.json", "https://contoso-admin.sharepoint.com", "D"),
    "somebody's own site": (
        "https://contoso-my.sharepoint.com/personal/ada_contoso_com/Documents/a.json",
        "https://contoso-my.sharepoint.com/personal/ada_contoso_com",
        "Documents",
    ),
    "with a password": ("https://ada:secret@contoso.sharepoint.com/D/a.json", "https://contoso.sharepoint.com", "D"),
    "without a host": ("/sites/hr/Docs/a.json", "", "Docs"),
    "none": ("", "", ""),
}


@pytest.mark.parametrize(("uri", "site", "folder"), URIS.values(), ids=URIS.keys())
def test_site_and_folder_are_read_from_the_source_file_s_address(uri: str, site: str, folder: str) -> None:
    assert site_and_folder(uri) == (site, folder)


def test_a_file_at_a_web_s_root_goes_to_its_root() -> None:
    assert " -Folder '/' " in queue_commands(dataclasses.replace(RETRY, folder=""))[1]


UNEVEN = (
    '{"IdName":"ada@contoso.com","City":"Kiel"}',
    '{"IdName":"bob@contoso.com","Floor":2,"City":"Bonn"}',
    "{'IdName':'eve@contoso.com','Cost Center':'7',}",
)


@pytest.mark.parametrize("options", [{}, {"drop_properties": ("Floor",)}, {"max_properties": 2}], ids=str)
def test_the_manifest_has_what_it_takes_to_queue_the_file(tmp_path: Path, options: dict[str, object]) -> None:
    wanted = request(write_source(tmp_path, *UNEVEN), ALL_RECORDS)
    written: RetryOptions = dataclasses.replace(wanted.options, **options)  # type: ignore[arg-type]
    uri = f"{SITE}/Docs/hr-feed.json"
    retry = write_retry(dataclasses.replace(wanted, options=written, source_uri=uri))
    assert retry is not None
    manifest = read_manifest(manifest_path(wanted.target))
    assert manifest is not None
    properties = [name for name in ("City", "Floor", "Cost Center") if name not in written.drop_properties]
    assert to_queue(manifest, wanted.target.parent) == RetryToQueue(
        [str(path) for path in retry.paths],
        SITE,
        "Docs",
        "IdName",
        InferredIdType("Email", "all 3 IDs are addresses, which fits Email and PrincipalName"),
        properties,
    )


def test_only_what_is_in_the_file_counts(tmp_path: Path) -> None:
    other = f'{{"IdName":"{GUID}","Office":"1"}}'
    wanted = request(write_source(tmp_path, ADA, other), partial(GUID))
    retry = write_retry(wanted)
    assert retry is not None
    assert (retry.properties, retry.id_type.name) == (("Office",), "CloudId")


def test_what_was_recorded_when_the_job_was_queued_is_not_inferred() -> None:
    recorded = QueuedJob("1", id_type="PrincipalName", id_property="ObjectId", property_map={"City": "Office"})
    retry = dataclasses.replace(RETRY, recorded=recorded)
    [_, line] = queue_commands(retry)
    assert "-UserProfilePropertyMapping @{'City'='Office'} " in line
    assert line.endswith("-IdType PrincipalName")
    assert queue_remarks(retry) == ("-IdType and the property map are those with which upa-analyzer queued the job.",)
