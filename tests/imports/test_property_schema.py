"""Schemas of profile properties, as the service's SOAP answer and as lists that people write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.imports.property_schema import ProfileProperty, ValueType, read_schema, shown_by_tenant

if TYPE_CHECKING:
    from pathlib import Path

TERMS = "8ed8c9ea-7052-4c1d-a4d7-b9c10bffea6f"
NONE = "00000000-0000-0000-0000-000000000000"


def info(name: str, kind: str, length: int = 0, **further: object) -> str:
    known = {"IsUserEditable": "false", "IsMultiValue": "false", "TermSetId": NONE} | further
    return (
        f"<PropertyInfo><Name>{name}</Name><Description>x</Description><Type>{kind}</Type><Length>{length}</Length>"
        + "".join(f"<{field}>{value}</{field}>" for field, value in known.items())
        + "<Values><ValueData><Name>inner</Name></ValueData></Values></PropertyInfo>"
    )


ALL = (
    info("OfficeCode", "string (Single Value)", 10)
    + info("SPS-HireDate", "date", 8)
    + info("Floor", "integer", 4)
    + info("Desk", "big integer")
    + info("Share", "float")
    + info("Remote", "boolean")
    + info("Manager", "Person", 255)
    + info("AboutMe", "HTML", 3600, IsUserEditable="true")
    + info("SPS-Skills", "string (Multi Value)", 100, IsMultiValue="true", TermSetId=TERMS)
    + info("Badge", "unique identifier", 16)
    + info("R&amp;D", "string", 20)
)
EXPECTED = [
    ProfileProperty("OfficeCode", ValueType.text, 10),
    ProfileProperty("SPS-HireDate", ValueType.date),
    ProfileProperty("Floor", ValueType.integer),
    ProfileProperty("Desk", ValueType.integer),
    ProfileProperty("Share", ValueType.number),
    ProfileProperty("Remote", ValueType.boolean),
    ProfileProperty("Manager", ValueType.person),
    ProfileProperty("AboutMe", ValueType.text, 3600, editable=True),
    ProfileProperty("SPS-Skills", ValueType.text, 100, multi_value=True, taxonomic=True),
    ProfileProperty("Badge", ValueType.other),
    ProfileProperty("R&D", ValueType.text, 20),
]
NAMESPACE = "http://microsoft.com/webservices/SharePointPortalServer/UserProfileService"
RESULT = f'<GetUserProfileSchemaResult xmlns="{NAMESPACE}">{ALL}</GetUserProfileSchemaResult>'
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    f"<soap:Body><GetUserProfileSchemaResponse>{RESULT}</GetUserProfileSchemaResponse></soap:Body></soap:Envelope>"
)


def written(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "schema.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def properties(path: Path) -> list[ProfileProperty | None]:
    schema = read_schema(path)
    return [schema.get(name) for name in schema.names]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [ENVELOPE, RESULT, f"<all>{ALL}</all>", f"\n  {ENVELOPE[38:]}"])
def test_a_saved_answer_is_read_with_or_without_envelope_whatever_its_declaration_says(
    tmp_path: Path, text: str, encoding: str
) -> None:
    assert properties(written(tmp_path, text, encoding)) == EXPECTED


def test_elements_with_a_prefix_are_the_same(tmp_path: Path) -> None:
    text = ALL.replace("</", "</p:").replace("<", "<p:").replace("<p:/p:", "</p:")
    assert properties(written(tmp_path, f'<a xmlns:p="x">{text}</a>')) == EXPECTED


TABLE = """name,type,length,editable,multi-value,taxonomy
OfficeCode,string,10,no,no,no
Born,date,,,,
AboutMe,HTML,3600,yes,,
Skills,string (multi value),100,,,yes
"""
LISTED = [
    ProfileProperty("OfficeCode", ValueType.text, 10),
    ProfileProperty("Born", ValueType.date),
    ProfileProperty("AboutMe", ValueType.text, 3600, editable=True),
    ProfileProperty("Skills", ValueType.text, 100, multi_value=True, taxonomic=True),
]


EXPORTED = (
    '#TYPE Deserialized.PropertyInfo\r\n"Name","Description","Type","Length","IsUserEditable","IsMultiValue",'
    f'"TermSetId"\r\n"OfficeCode","a, b","string","10","False","False","{NONE}"\r\n"Born","","date","8","False",'
    f'"False","{NONE}"\r\n"AboutMe","","HTML","3600","True","False","{NONE}"\r\n"Skills","","string (Multi Value)",'
    f'"100","False","True","{TERMS}"\r\n'
)


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace("\n", "\r\n"),
        TABLE.replace(
            "name,type,length,editable,multi-value", "Property Name,Type,Max Length,User Editable,Multivalued"
        ),
        EXPORTED,
        f"{TABLE}\n,,,,,\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_is_read_with_usual_headings_and_separators(tmp_path: Path, text: str, encoding: str) -> None:
    assert properties(written(tmp_path, text, encoding)) == LISTED


def test_a_list_in_ansi_is_read(tmp_path: Path) -> None:
    assert read_schema(written(tmp_path, "name,type\nBüro,string\n", "cp1252")).names == ["Büro"]


def test_names_ignore_case_and_the_first_one_counts(tmp_path: Path) -> None:
    schema = read_schema(written(tmp_path, "name,type\nFloor,date\nFLOOR,integer\n"))
    assert schema.get(" fLOOR ") == ProfileProperty("Floor", ValueType.date)
    assert (len(schema), schema.get("Desk")) == (1, None)


def test_of_a_profile_only_the_names_are_known() -> None:
    assert shown_by_tenant(["Floor"]).get("floor") == ProfileProperty("Floor")


def test_a_schema_adds_what_it_knows_of_the_properties_that_the_tenant_has(tmp_path: Path) -> None:
    listed = read_schema(written(tmp_path, "name,type\nFLOOR,integer\nGone,date\n"))
    schema = shown_by_tenant(["Floor", "Desk"], listed)
    assert schema.get("floor") == ProfileProperty("FLOOR", ValueType.integer)
    assert (schema.get("desk"), schema.get("gone")) == (ProfileProperty("Desk"), None)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (BOMB, "it has a document type, which an answer of the service doesn't have"),
        (OUTSIDE, "it has a document type, which an answer of the service doesn't have"),
        ("<a><b></a>", "it isn't valid XML: mismatched tag, line 1"),
        ("<a>&b;</a>", "it isn't valid XML: undefined entity, line 1"),
        ("<html><body>Sign in</body></html>", "it is XML without a PropertyInfo"),
        ("<a><PropertyInfo><Type>date</Type></PropertyInfo></a>", "a PropertyInfo has no Name"),
        (
            "<a><PropertyInfo><Name>A</Name><Length>-1</Length></PropertyInfo></a>",
            'A has the length "-1", which isn\'t a number',
        ),
        ("", "its first line has no column name and type (it is empty)"),
        ('{"value": []}', 'its first line has no column name and type ({"value": []})'),
        ("name,length\nA,1\n", "its first line has no column type (name, length)"),
        ("name,type,length\nA,string,ten\n", 'line 2 has the length "ten", which isn\'t a number'),
        ("name,type,editable\nA,string,no\nB,string,perhaps\n", 'line 3 has "perhaps" instead of yes or no'),
        ("name,type\n,string\n", "line 2 has no name"),
        (b"name,type\nA,\x00string\n" + bytes(200_000), None),
    ],
)
def test_what_isnt_a_schema_is_one_plain_error(tmp_path: Path, content: str | bytes, what: str | None) -> None:
    with pytest.raises(InputError) as raised:
        read_schema(written(tmp_path, content))
    if what is not None:
        assert raised.value.what == f"{tmp_path / 'schema.txt'} isn't a schema of profile properties: {what}"
    assert "GetUserProfileSchema" in raised.value.advice


def test_a_list_without_properties_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no profile properties"):
        read_schema(written(tmp_path, "name,type\n"))


def test_a_file_that_isnt_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: No such file"):
        read_schema(tmp_path / "none.xml")
