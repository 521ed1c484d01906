"""Whatever one change does to a source file, nobody else is named for sure and without a caution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analyzer.emulator.jsonnet import JsonReaderError, read_records
from analyzer.source.diagnosis.locate_fault import locate
from analyzer.source.diagnosis.service_message import place_in
from analyzer.source.model import Certainty

if TYPE_CHECKING:
    from pathlib import Path

# As they stand in the file: with quotation marks, brackets, and what looks like an id, properly escaped
PLAIN = ("Kiel", "", "Oslo, 2nd", "x}y", "[1]", "O'Hara", "München", "a://b", "/* x */")
ESCAPED = (r"R\\V", r"a \"b\" c", r"{\"IdName\":\"no@contoso.com\"}", r"\",\"IdName\":\"no@contoso.com\",\"q\":\"")
VALUES = st.sampled_from([*PLAIN, *ESCAPED])
SIGNS = ['"', "'", "\\", "{", "}", "[", "]", ",", ":", "/", "//", "/*", "\n", "\x01", "1", "x", "\u201c"]
GROUPS = ['" "', '","', '""', '":"', '"x":', '"x":"y",', r"\V", r"\u12", "}{", "},{", '"}', '"},{"', '"]', '",', ',"']
SEPARATOR = st.sampled_from([",", ",\n", " , "])


@st.composite
def broken_sources(draw: st.DrawFn) -> tuple[str, str]:
    """A source file of which one record was changed at one place, and the id in that record."""
    number, id_at = draw(st.integers(1, 6)), draw(st.integers(0, 2))
    ids = [f"user{index}@contoso.com" for index in range(number)]
    records = []
    for identity in ids:
        members = [f'"{name}":"{draw(VALUES)}"' for name in ("City", "Note")]
        members.insert(id_at, f'"IdName":"{identity}"')
        records.append("{" + ",".join(members) + "}")
    changed = draw(st.integers(0, number - 1))
    text = records[changed]
    at, removed = draw(st.integers(0, len(text) - 1)), draw(st.integers(0, 1))
    added = "" if removed else draw(st.sampled_from([*SIGNS, *GROUPS]))
    records[changed] = text[:at] + added + text[at + removed :]
    return '{"value":[' + draw(SEPARATOR).join(records) + "]}", ids[changed]


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=400)
@given(broken_sources(), st.sampled_from(["IdName", None]))
def test_only_the_user_whose_record_was_changed_is_named_for_sure(
    tmp_path: Path, source: tuple[str, str], id_property: str | None
) -> None:
    text, identity = source
    path = tmp_path / "hr-feed.json"
    path.write_bytes(text.encode())
    message = ""
    try:
        list(read_records(path))
    except JsonReaderError as error:
        message = str(error)
    assume(message)
    spot = locate(path, place_in(message), id_property)
    who = spot.identity if spot is not None and spot.sure is Certainty.sure else None
    # Of a few records the id property is told by its look: which one it is, is said with the id.
    if who is not None and not who.caution and who.property == "IdName":
        assert who.text == identity
