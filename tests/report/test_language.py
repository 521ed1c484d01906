from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from analyzer.catalogue import OURS
from analyzer.config.settings import load_settings
from analyzer.errors import InputError, UsageError
from analyzer.library.mirror import Library
from analyzer.model.language import ENGLISH, gettext, ngettext, speaking
from analyzer.model.service import JobError, State
from analyzer.model.text import (
    count,
    day,
    duration,
    grouped,
    listed,
    listed_first,
    long_day,
    moment,
    month,
    percent,
    size,
    weekdays,
)
from analyzer.pipeline import Places, report
from analyzer.report.failed_users import as_list, failed_users_of_job
from analyzer.storage.files import templates_folder
from analyzer.storage.languages import known_languages, language_of
from tests.report.conftest import NOW, Lines, LittleLibrary
from tools import messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from babel.messages.catalog import Message

_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}")


def _catalogue() -> list[Message]:
    with (messages.FOLDER / "de.po").open("rb") as stream:
        return [one for one in read_po(stream, locale="de") if one.id]


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]  # type: ignore[attr-defined]


def test_german_has_every_message_and_none_that_is_no_longer_used() -> None:
    needed = {str(_texts(one.id)[0]) for one in messages.collected() if one.id}
    assert needed == {_texts(one.id)[0] for one in _catalogue()}, "run `python -m tools.messages`, and translate"


@pytest.mark.parametrize("path", sorted(messages.FOLDER.glob("*.po")), ids=lambda path: path.stem)
def test_each_translation_is_sure_and_has_the_placeholders_of_its_message(path: Path) -> None:
    with path.open("rb") as stream:
        for one in (message for message in read_po(stream, locale=path.stem) if message.id):
            assert not one.fuzzy, one.id
            ids, strings = _texts(one.id), _texts(one.string)
            assert all(strings), f"not translated: {ids}"
            wanted = set(_PLACEHOLDER.findall(ids[-1]))
            found = [set(_PLACEHOLDER.findall(text)) for text in strings]
            assert found[-1] == wanted, ids
            assert all(one <= wanted for one in found), ids
            assert (strings[0][0], strings[0][-1]).count(" ") == (ids[0][0], ids[0][-1]).count(" "), ids


def test_templates_translate_only_their_own_words() -> None:
    # What `_` returns isn't escaped.
    for path in templates_folder().glob("*.html"):
        assert not re.search(r"\b_\(\s*[^\"'\s]", path.read_text("utf-8")), path


def test_a_language_is_found_whatever_its_case_and_english_is_without_a_catalogue() -> None:
    assert language_of("DE").code == "de"
    assert language_of("") is language_of("en") is ENGLISH
    assert known_languages() == ["de", "en"]


def test_an_unknown_language_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="'fr' isn't known") as refused:
        language_of("fr")
    assert "de, en" in str(refused.value.advice)


def test_another_language_is_one_file_in_the_folder_of_templates(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    header = (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n > 1);\\n"\n'
    )
    words = '\nmsgid "Search"\nmsgstr "Rechercher"\n'
    words += '\nmsgid "user"\nmsgid_plural "users"\nmsgstr[0] "personne"\nmsgstr[1] "personnes"\n'
    (tmp_path / "messages/fr.po").write_text(header + words, "utf-8")
    with speaking(language_of("fr", tmp_path)):
        assert gettext("Search") == "Rechercher"
        assert ngettext("user", "users", 0) == "personne"
        assert gettext("Next") == "Next"
    assert known_languages(tmp_path) == ["de", "en", "fr"]


def test_a_catalogue_of_ones_own_replaces_single_messages_of_ours(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    words = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Feed"\nmsgstr "Lieferung"\n'
    (tmp_path / "messages/de.po").write_text(words, "utf-8")
    german = language_of("de", tmp_path)
    with speaking(german):
        assert (gettext("Feed"), gettext("Search")) == ("Lieferung", "Suche")
    assert german.digest != language_of("de").digest


def test_a_damaged_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages/fr.po").write_bytes(b'msgid "a\nmsgstr \xff')
    with pytest.raises(InputError, match=r"fr\.po"):
        language_of("fr", tmp_path)


_DAY = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (lambda: count(12_480, "user"), "12.480 Benutzer"),
        (lambda: count(1, "entry", "entries"), "1 Eintrag"),
        (lambda: listed(["a", "b", "c"]), "a, b und c"),
        (lambda: listed([]), ""),
        (lambda: listed_first(["a", "b", "c", "d"], 2), "a, b und 2 weitere"),
        (lambda: duration(40), "40 Sek."),
        (lambda: duration(899.2), "15 Minuten"),
        (lambda: duration(12 * 86_400), "12 Tage"),
        (lambda: size(1_234_000), "1,2 MB"),
        (lambda: size(999), "999 Bytes"),
        (lambda: percent(4, 100), "4\xa0%"),
        (lambda: percent(1, 1000), "unter 1\xa0%"),
        (lambda: day(_DAY), "23. Nov. 2026"),
        (lambda: day(_DAY, _DAY), "23. Nov."),
        (lambda: long_day(_DAY), "Montag, 23. November 2026"),
        (lambda: month(_DAY.date()), "November 2026"),
        (lambda: moment(_DAY, ZoneInfo("Europe/Berlin"), _DAY), "heute 03:14"),
        (lambda: weekdays()[0], ("Montag", "Mo")),
        (lambda: grouped(20.5, 1), "20,5"),
    ],
)
def test_numbers_times_and_lists_are_german(text: Callable[[], object], expected: object) -> None:
    with speaking(language_of("de")):
        assert text() == expected


_OTHERS = (
    "Property 'City' is not mapped",  # messages of the log and of the service
    "User identity cannot be resolved",
    "The import was not completed.",
    "IDs are addresses, which fits",  # what a retry file's manifest says
)
"""Parts of sentences that stay English: what others wrote, and what manifests keep."""

_ENGLISH = re.compile(
    r"\b(the|is|are|was|were|of|and|not|with|by|users?|runs?|jobs?|all|each|from|which|who|entries)\b"
)


class _Words(HTMLParser):
    """The texts of a page, with those of its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in _CODE
        self.texts += [value for name, value in attrs if value and name in {"title", "aria-label", "data-label", "alt"}]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in _CODE

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._code:
            self.texts.append(" ".join(data.split()))


_CODE = frozenset({"script", "style", "pre", "code"})


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages of a report in German, by name."""
    folder = tmp_path_factory.mktemp("german")
    little = LittleLibrary(folder / "library")
    users = [f"user{number}@contoso.com" for number in range(3)]
    little.job("hr-2026-11-20", JobError.ImportCompleteWithError, Lines.unresolved(users[0]), users=12_480)
    little.job("hr-2026-11-21", JobError.InvalidDataFile, Lines.unmapped(users, "City"))
    little.job("hr-2026-11-22", JobError.InternalError, message="The import was not completed.")
    little.job("hr-2026-11-23")
    little.job("phones-2026-11-23", state=State.Processing)
    library = Library.existing(little.root)
    places = Places(folder / "report", folder / "retry", None, ZoneInfo("Europe/Berlin"), language=language_of("de"))
    report(library, places, NOW, lambda _: lambda *_: None)
    return {path.name: path.read_text("utf-8") for path in places.report.rglob("*.html")}


def test_a_german_report_has_no_english_sentence(german: dict[str, str]) -> None:
    english = set()
    for name, page in german.items():
        words = _Words()
        words.feed(page)
        english |= {(name, text) for text in words.texts if _ENGLISH.search(text) and not any(map(text.count, _OTHERS))}
    assert not english


def test_numbers_dates_and_the_language_of_a_german_page_are_german(german: dict[str, str]) -> None:
    failed = next(page for page in german.values() if "1 von 12.480 Benutzern" in page)
    assert '<html lang="de">' in failed
    assert "20. Nov. 2026, 03:00" in failed


def test_a_list_is_in_german(little: LittleLibrary) -> None:
    job = little.job("hr-2026-11-20", JobError.ImportCompleteWithError, Lines.unresolved("user0@contoso.com"))
    library = Library.existing(little.root)
    found = next(one for one in library.jobs() if one.job_id == job)
    with speaking(language_of("de")):
        rows = as_list(failed_users_of_job(library, little.tables(), found, OURS))
    assert {"Datensatz", "Grund", "Was zu tun ist"} <= set(rows.columns)
    assert rows["Grund"][0] == "Der Benutzer ist in SharePoint nicht bekannt."


def test_what_follows_a_report_is_english_again(german: dict[str, str]) -> None:
    assert german
    assert gettext("Search") == "Search"


def test_a_report_in_another_language_is_written_anew(little: LittleLibrary, tmp_path: Path) -> None:
    job = little.job("hr-2026-11-20", JobError.ImportCompleteWithError, Lines.unresolved("user0@contoso.com"))
    places = Places(tmp_path / "report", tmp_path / "retry", None, None)
    for language in (ENGLISH, language_of("de")):
        in_language = dataclasses.replace(places, language=language)
        report(Library.existing(little.root), in_language, NOW, lambda _: lambda *_: None)
        for page in ("index.html", f"jobs/{job}.html"):
            assert f'<html lang="{language.code}">' in (places.report / page).read_text("utf-8")


def test_the_language_of_a_tenant_is_its_own_else_that_of_all(tmp_path: Path) -> None:
    file = tmp_path / "upa-analyzer.toml"
    file.write_text('language = "de"\n[tenants.contoso]\n[tenants.fabrikam]\nlanguage = "en"\n', "utf-8")
    settings = load_settings(file, {}, [])
    tenants = settings.config.tenants
    assert [settings.language(one).code for one in (None, tenants["contoso"], tenants["fabrikam"])] == [
        "de",
        "de",
        "en",
    ]
