"""The tolerated grammar once more, slowly and obviously: what the real reader has to agree with.

It works on text, goes character by character, recurses, and shares no code with ``analyzer.source``.
"""

from __future__ import annotations

import string

DIGITS = set(string.digits)
LETTERS = set(string.ascii_letters)
WORDS = {"true", "false", "null", "undefined", "NaN", "Infinity", "-Infinity"}
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\", "/": "/"}


class RefusedError(ValueError):
    """The text is not in the grammar."""


class Reader:
    """Reads one text; ``at`` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text + "\0"
        self.at = 0

    def need(self, *, holds: bool) -> None:
        """Refuses the text unless the condition holds."""
        if not holds:
            raise RefusedError(self.at)

    @property
    def here(self) -> str:
        """The next character."""
        return self.text[self.at]

    def blank(self) -> None:
        """Passes over blanks and comments."""
        while True:
            if self.here.isspace() and self.here not in "\x1c\x1d\x1e\x1f":
                self.at += 1
            elif self.text.startswith("//", self.at):
                while self.here not in "\r\n" and self.at < len(self.text) - 1:
                    self.at += 1
            elif self.text.startswith("/*", self.at) and "*/" in self.text[self.at + 2 :]:
                self.at = self.text.index("*/", self.at + 2) + 2
            else:
                return

    def take(self, character: str) -> None:
        """Passes over one character that has to stand here, and over blanks around it."""
        self.blank()
        self.need(holds=self.here == character)
        self.at += 1
        self.blank()

    def quoted(self) -> str:
        """A string in either kind of quotes."""
        quote, text = self.here, ""
        self.at += 1
        while self.here != quote:
            self.need(holds=self.at < len(self.text) - 1)
            if self.here == "\\":
                self.at += 1
                if self.here == "u":
                    digits = self.text[self.at + 1 : self.at + 5]
                    self.need(holds=len(digits) == 4 and not set(digits) - set(string.hexdigits))
                    text += chr(int(digits, 16))
                    self.at += 4
                else:
                    self.need(holds=self.here in ESCAPES)
                    text += ESCAPES[self.here]
            else:
                text += self.here
            self.at += 1
        self.at += 1
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def name(self) -> str:
        """A member's name, quoted or not."""
        if self.here in "'\"":
            return self.quoted()
        start = self.at
        while self.here in LETTERS | DIGITS | {"_", "$"} or (self.here > "\x7f" and not self.here.isspace()):
            self.at += 1
        self.need(holds=self.at > start)
        return self.text[start : self.at]

    def value(self) -> object:
        """Any value; a plain one as the text that the service reads, None for null and for an empty string."""
        if self.here == "{":
            return self.members()
        if self.here == "[":
            return self.elements()
        if self.here in "'\"":
            return self.quoted() or None
        start = self.at
        while self.here in LETTERS | DIGITS | set("+-."):
            self.at += 1
        word = self.text[start : self.at]
        self.need(holds=word in WORDS or is_number(word))
        return None if word in {"null", "undefined"} else word

    def members(self, once: str | None = None) -> dict[str, object]:
        """An object; of a name that occurs twice the last counts, but one may not."""
        found: dict[str, object] = {}
        self.take("{")
        while self.here != "}":
            name = self.name()
            self.take(":")
            value = self.value()
            self.need(holds=name != once or name not in found)
            found[name] = value
            self.blank()
            if self.here != "}":
                self.take(",")
        self.at += 1
        return found

    def elements(self) -> list[object]:
        """An array."""
        found: list[object] = []
        self.take("[")
        while self.here != "]":
            found.append(self.value())
            self.blank()
            if self.here != "]":
                self.take(",")
        self.at += 1
        return found


def is_number(word: str) -> bool:
    """Decimal with or without point and exponent, octal, or hexadecimal."""
    unsigned = word[1:] if word[:1] in {"+", "-"} else word
    if unsigned[:2] in {"0x", "0X"}:
        return len(unsigned) > 2 and not set(unsigned[2:]) - set(string.hexdigits)
    mantissa, _, exponent = unsigned.replace("E", "e").partition("e")
    if "e" in unsigned.lower():
        exponent = exponent[1:] if exponent[:1] in {"+", "-"} else exponent
        if not exponent or set(exponent) - DIGITS or mantissa.endswith("."):
            return False
    whole, _, part = mantissa.partition(".")
    return bool(whole + part) and not set(whole + part) - DIGITS


def read(text: str) -> list[dict[str, object]]:
    """The records of a source file's text.

    Raises:
        RefusedError: it is not in the tolerated grammar, or not in the import format.
    """
    reader = Reader(text)
    reader.blank()
    root = reader.members(once="value")
    reader.blank()
    reader.need(holds=reader.at == len(reader.text) - 1)
    records = root.get("value")
    if not isinstance(records, list):
        raise RefusedError(0)
    found = [record for record in records if isinstance(record, dict)]
    reader.need(holds=bool(found) or not records)
    return found
