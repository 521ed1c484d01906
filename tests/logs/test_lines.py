"""Lines of a block: which begin an entry, whatever their codes."""

from __future__ import annotations

import random
import string

from analyzer.logs import entries
from tests.logs.reading import read
from tests.logs.reference_parser import parse


def test_codes_are_known_by_all_of_their_letters() -> None:
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


def test_more_codes_than_are_remembered_are_all_read() -> None:
    rng = random.Random(1)
    names = ["".join(rng.choices(string.ascii_letters + "-9", k=rng.randrange(1, 40))) for _ in range(3_000)]
    text = "".join(f"{name}\tada@contoso.com\t{number}\r\n" for number, name in enumerate(names + names))
    assert len(names) > 10 * entries._MOST_KNOWN
    ((found,), _) = read([text.encode()])
    assert found == parse(text)


def test_what_is_no_code_is_looked_at_once_however_often_it_stands_there() -> None:
    text = "GenericError\t\tx\n" + "   at Store\tx\n" * 50_000 + "Az\t\ty"
    ((first, last),), _ = read([text.encode()])
    assert (first.detail or "").count("\n") == 49_999
    assert (last.code, last.line) == ("Az", 50_002)
