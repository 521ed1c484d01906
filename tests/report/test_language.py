from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from analyzer.errors import InputError, UsageError
from analyzer.model.language import ENGLISH, gettext, ngettext, speaking
from analyzer.storage.files import templates_folder
from analyzer.storage.languages import known_languages, language_of
from tools import messages

if TYPE_CHECKING:
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
