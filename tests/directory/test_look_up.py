from __future__ import annotations

from analyzer.directory.look_up import KIND_OF, look_up
from analyzer.directory.model import Match
from analyzer.model.service import IdType
from tests.directory.exports import ADA
from tests.directory.test_match import directory


def test_every_match_but_found_has_a_kind_of_finding() -> None:
    assert set(KIND_OF) == set(Match) - {Match.found}


def test_the_sentences_count_ids_by_what_they_are_and_say_what_to_do() -> None:
    identities = [
        ADA,
        "ada.l+x@contoso.com",
        "zed@contoso.com",
        "zoe@contoso.com",
        "ada@contoso.com",
        " ",
        "zoe@contoso.com",
    ]
    sentences = list(look_up(identities, directory(), IdType.PrincipalName).sentences)
    assert [sentence.split(". ")[0] for sentence in sentences] == [
        "1 ID is a user's, but of another kind",
        "1 ID is a further address of a user, such as an old one",
        "2 IDs are not in the export",
        "1 ID is in the export as it should be",
    ]
    assert sentences[1].endswith("have the feed write the suggested ID, or object IDs, which don't change.")
    assert "CloudId" in sentences[-1]


def test_an_export_with_fewer_users_than_the_import_is_a_remark() -> None:
    remarks = list(look_up([], directory(), None, users=5).remarks)
    assert remarks == ["users.csv has 4 users, the import had 5: it may be filtered. Export all users."]
    assert not list(look_up([], directory(), None, users=4).remarks)
