"""Records in random tolerated spellings, each beside the one spelling in JSON that it has to get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from random import Random

Model: TypeAlias = "str | int | float | bool | list[Model] | Pairs | None"


@dataclass(frozen=True)
class Pairs:
    """An object: names in order, some of them twice."""

    members: tuple[tuple[str, Model], ...]


@dataclass
class Pen:
    """Writes a model twice: as it is tolerated, and as JSON has it.

    Attributes:
        random: chooses the spellings.
        jsonnet: whether Json.NET has to take it; it refuses a comment between a name and its colon.
        repair: whether backslashes that begin no escape stand for themselves here and there.
    """

    random: Random
    jsonnet: bool = False
    repair: bool = False
    raw: list[str] = field(default_factory=list)
    json: list[str] = field(default_factory=list)

    def both(self, raw: str, as_json: str | None = None) -> None:
        """Writes a token; the second spelling where JSON has another one."""
        self.raw.append(raw)
        self.json.append(raw if as_json is None else as_json)

    def gap(self, *, comments: bool = True) -> None:
        """Blanks and comments, or nothing."""
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            kinds = ["json", "odd", "line", "block"] if comments else ["json", "odd"]
            match self.random.choice(kinds):
                case "json":
                    self.both(self.random.choice([" ", "\n", "\t ", "\r\n"]))
                case "odd":
                    odd = self.random.choice(["\xa0", "\x0b", "\x0c\u2028", "\u3000", "\x85", "\u1680\u205f"])
                    self.both(odd, " " * len(odd))
                case "line":
                    self.both('// it\'s, "this" \\ }é', "")
                    self.both(self.random.choice(["\n", "\r"]))
                case _:
                    self.both(self.random.choice(["/**/", "/* ', \" \\V } \n **/", "/*//*/", "/* é */"]), "")

    def value(self, model: Model) -> None:
        """Any value."""
        match model:
            case str():
                self.text(model)
            case bool() | None:
                self.both(json.dumps(model))
            case int():
                self.both(*integer(self.random, model))
            case float():
                self.both(*number(self.random, model))
            case list():
                self._inside("[", model, "]")
            case Pairs():
                self._inside("{", list(model.members), "}")

    def _inside(self, opening: str, inner: list[Model] | list[tuple[str, Model]], closing: str) -> None:
        self.both(opening)
        self.gap()
        for index, one in enumerate(inner):
            if index:
                self.both(",")
                self.gap()
            if isinstance(one, tuple):
                self.member(*one)
            else:
                self.value(one)
            self.gap()
        if inner and self.random.random() < 0.3:
            self.both(",", "")
            self.gap()
        self.both(closing)

    def member(self, name: str, value: Model) -> None:
        """A name, a colon, a value."""
        if name in BARE and self.random.random() < 0.5:
            self.both(name, f'"{name}"')
            # A blank beyond ASCII that follows such a name at once is part of it for the tolerant reader.
            self.both(self.random.choice([" ", "\n"]))
        else:
            self.text(name)
        self.gap(comments=not self.jsonnet)
        self.both(":")
        self.gap()
        self.value(value)

    def text(self, text: str) -> None:
        """A text in either kind of quotes, each sign in one of its spellings."""
        quote = self.random.choice('""\'')
        self.both(quote, '"')
        for index, sign in enumerate(text):
            self.both(*self._sign(sign, quote, text[index + 1 : index + 2]))
        self.both(quote, '"')

    def _sign(self, sign: str, quote: str, following: str) -> tuple[str, str]:
        units = sign.encode("utf-16-be")
        escaped = "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
        spellings = [(escaped, escaped)]
        if sign == "\\":
            spellings = [(r"\\", r"\\")]
            # Before a sign that makes no escape of it, and that is spelled as itself for sure.
            if self.repair and following and following in "VÅ(":
                spellings = [("\\", r"\\")]
        elif sign in "\"'":
            spellings += [(f"\\{sign}", r"\"" if sign == '"' else "'")]
            spellings += [(sign, r"\"" if sign == '"' else "'")] if sign != quote else []
        elif sign < " ":
            short = json.dumps(sign)[1:-1]
            spellings += [(sign, short), (short, short)]
        elif self.repair and sign in "VÅ(":
            return sign, sign
        else:
            spellings += [(sign, sign)] * 5 + ([(r"\/", r"\/")] if sign == "/" else [])
        return self.random.choice(spellings)


def integer(random: Random, value: int) -> tuple[str, str]:
    """An integer as it is tolerated, and as JSON has it."""
    plain = str(value)
    ways = [plain, plain]
    if -(2**63) <= value < 2**63:
        ways.append(f"0{random.choice('xX')}{value % 2**64:{random.choice('xX')}}")
        ways.append(f"0{value % 2**64:o}")
    if value < 0:
        ways.append(f"-00{-value}")
    return random.choice(ways), plain


def number(random: Random, value: float) -> tuple[str, str]:
    """A number with a point as it is tolerated, and as JSON has it."""
    plain = repr(value)
    ways = [plain]
    if plain.startswith(("0.", "-0.")):
        ways.append(plain.replace("0.", ".", 1))
    if plain.endswith(".0"):
        ways.append(plain[:-1])
    if plain.startswith("-"):
        ways.append(f"-0{plain[1:]}")
    # What is left of 0.0 without its zeros is no number.
    return random.choice([way for way in ways if any(map(str.isdigit, way))]), plain


SIGNS = st.sampled_from("ab/\"'\\\\V(Å\t\n\r\0\x1f\x7f é€\u2028\U0001f600{}[],:") | st.characters(codec="utf-8")
TEXT = st.text(SIGNS, max_size=10)
BARE = ("IdName", "City", "Größe", "1", "true", "null", "new", "NaN", "名", "$_")
NAME = st.sampled_from(BARE) | TEXT
SCALAR = TEXT | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
FLAT = st.lists(st.tuples(NAME, SCALAR), max_size=5).map(lambda members: Pairs(tuple(members)))


def _nest(inner: st.SearchStrategy[Model]) -> st.SearchStrategy[Model]:
    members = st.lists(st.tuples(NAME, inner), max_size=3).map(lambda found: Pairs(tuple(found)))
    return st.lists(inner, max_size=3) | members


VALUE: st.SearchStrategy[Model] = st.recursive(SCALAR, _nest, max_leaves=6)
RECORD = st.lists(st.tuples(NAME, VALUE), max_size=5).map(lambda members: Pairs(tuple(members)))
RANDOM = st.randoms(use_true_random=False)


def spelled(pen: Pen, record: Pairs) -> tuple[bytes, bytes]:
    """A record as it is tolerated, and as JSON has it."""
    pen.value(record)
    return "".join(pen.raw).encode(), "".join(pen.json).encode()


def loaded(raw: bytes) -> Model:
    """What JSON says, as a model."""
    found: Model = json.loads(raw, object_pairs_hook=lambda pairs: Pairs(tuple(pairs)))
    return found
