"""Which property a message names, whatever its language and quotes."""

from __future__ import annotations

import pytest

from analyzer.logs.columns import property_in

IN_INVALID_PROPERTY = {
    "English": ("Property 'AboutMe' is not mapped to any property in the user profile application.", "AboutMe"),
    "typographic": ("Property \u2018AboutMe\u2019 is not mapped.", "AboutMe"),
    "two typographic ones alike": ("Egenskapen \u2019AboutMe\u2019 finns inte.", "AboutMe"),
    "double": ('Property "AboutMe" is not mapped.', "AboutMe"),
    "typographic double": ("Property \u201cAboutMe\u201d is not mapped.", "AboutMe"),
    "German": ("Die Eigenschaft \u201eAboutMe\u201c ist keiner Eigenschaft zugeordnet.", "AboutMe"),
    "German single": ("Die Eigenschaft \u201aAboutMe\u2018 ist nicht zugeordnet.", "AboutMe"),
    "Polish": ("Właściwość \u201eAboutMe\u201d nie jest zamapowana.", "AboutMe"),
    "Swedish double": ("Egenskapen \u201dAboutMe\u201d har inte mappats.", "AboutMe"),
    "French": ("La propriété \u00ab\u00a0AboutMe\u00a0\u00bb n\u2019est pas mappée.", "AboutMe"),
    "French with an apostrophe before": ("L'attribut de l\u2019usager 'AboutMe' n'est pas mappé.", "AboutMe"),
    "Danish": ("Egenskaben \u00bbAboutMe\u00ab er ikke tilknyttet.", "AboutMe"),
    "Italian": ('La proprietà dell\'utente "AboutMe" non è mappata.', "AboutMe"),
    "a genitive before": ("The users' property 'AboutMe' is not mapped.", "AboutMe"),
    "Ukrainian": ("Зв'язок властивості 'AboutMe' не знайдено.", "AboutMe"),
    "single guillemets": ("Eigenschaft \u2039AboutMe\u203a fehlt.", "AboutMe"),
    "Japanese": ("プロパティ\u300cAboutMe\u300dはマップされていません。", "AboutMe"),
    "Japanese straight": ("プロパティ'AboutMe'はマップされていません。", "AboutMe"),
    "Chinese straight": ("属性'AboutMe'未映射到任何属性。", "AboutMe"),
    "Chinese typographic": ("属性\u201cAboutMe\u201d未映射。", "AboutMe"),
    "Korean": ("속성'AboutMe'이(가) 매핑되지 않았습니다.", "AboutMe"),
    "backticks": ("Property `AboutMe` is not mapped.", "AboutMe"),
    "a name with a blank": ("Property 'Cost Center' is not mapped.", "Cost Center"),
    "a name with an apostrophe": ("Property 'Employee's Badge' is not mapped.", "Employee's Badge"),
    "a name with a digit at each end": ("Property '1Floor2' is not mapped.", "1Floor2"),
    "a name of other letters": ("Property 'Größe' is not mapped.", "Größe"),
    "hostile": ("Property '<script>' is not mapped.", "<script>"),
    "the first of two": ("'AboutMe' is not mapped to 'Office'.", "AboutMe"),
    "the other kind inside": ('Property "O\'Hara" is not mapped.', "O'Hara"),
    "none": ("The property is not mapped.", None),
    "apostrophes only": ("L'attribut n'est pas l'un d'eux.", None),
    "never closed": ("Property 'AboutMe", None),
    "of blanks": ("Property ' ' is not mapped.", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("message", "expected"), IN_INVALID_PROPERTY.values(), ids=IN_INVALID_PROPERTY.keys())
def test_an_invalid_property_is_the_text_in_the_first_quotes(message: str, expected: str | None) -> None:
    assert property_in("InvalidProperty", message) == expected


ELSEWHERE = {
    "after the word": ("GenericError", "Property 'Office' is too long.", "Office"),
    "after the word without a blank": ("GenericError", "The Property\u201cOffice\u201d failed.", "Office"),
    "a JSON path is no property": ("DataFileNotJson", "Bad JSON. Path 'value[1].Department', line 1", None),
    "a part of another word": ("GenericError", "InvalidProperty 'Office'", None),
    "in small letters": ("GenericError", "property 'Office'", None),
    "not at once after the word": ("GenericError", "Property of 'Office'", None),
    "text that is no entry": (None, "Property 'Office' is not mapped.", None),
}


@pytest.mark.parametrize(("code", "message", "expected"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_in_other_messages_a_property_follows_the_word_property(
    code: str | None, message: str, expected: str | None
) -> None:
    assert property_in(code, message) == expected


@pytest.mark.parametrize("quote", ["'", "\u201a", "\u00ab", "\u300c", '"', "`", "\u2018", "'a"])
def test_a_million_quotes_are_searched_in_linear_time(quote: str) -> None:
    assert property_in("InvalidProperty", f"Property {quote * 200_000}") is None
