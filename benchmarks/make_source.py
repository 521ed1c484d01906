"""Makes source files and the logs of imports that failed for some: ``make_source.py FOLDER [--small] [LOAD …]``.

Each load is a folder with ``source.json`` and ``failed.log``; the same arguments give the same bytes. The log names the
failed users in the source's order, three of ten in upper case, two of ten with a claims prefix: UTF-8 with a byte order
mark, CRLF. The source has no mark; its first property is the id. ``--small`` makes a hundredth of each.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ID_PROPERTY = "IdName"
COMMENTS = ('// was: {"x"},{\n', "/* don't */", "// checked, see \\ and [\n", '/* ]} "old" */', "/* // */")
"""What stands in the tolerated source; in no value."""

_PIECE = 5_000
_POOL = 4_096
_VALUE = 4_000
"""Bytes of a value of the largest file that the service takes, about."""

_FIRST = ("ada", "grace", "jürgen", "linus", "mary", "olaf", "zo\\u00eb", "pia", "tom", "katherine")
_LAST = ("beispiel", "sample", "muster", "smith", "meier")
_WORDS = (
    "has worked on profiles since 2009",
    "Zürich, Genève",
    "führt das Team",
    "speaks \\u00e9l\\u00e8ve-level French",
    "likes {braces},{commas} and [brackets]",
    'is called \\"the desk\\"',
    "https://contoso.com/people",
    "sales \\/ marketing",
    "line one\\nline two",
    "plain words without anything in them",
    "C:\\\\shares\\\\team",
    "keeps bees",
)
_OFFICES = ("Z\\u00fcrich \\/ West", "Köln, {Turm A},{Turm B}", "Berlin", "New York", "S\\u00e3o Paulo", "Oslo")
_DEPARTMENTS = ('R&D \\"Alpha\\"', "Vertrieb Süd", "Sales \\/ Marketing", "Human Resources", "Finance", "IT [internal]")

Writer = Callable[[int], str]


@dataclass(frozen=True)
class Shape:
    """What a load is made of.

    Attributes:
        writer: gives, for a source of randomness, what writes the record of a number.
        records: how many there are.
        failed: how many of them the log names.
        between: what parts the records.
        source: the load whose source this one has; its own where empty.
    """

    writer: Callable[[random.Random], Writer]
    records: int
    failed: int
    between: str = ",\n"
    source: str = ""


def spelled(number: int) -> str:
    """A user's id as the source spells it."""
    return f"{_FIRST[number % 10]}.{_LAST[number // 10 % 5]}{number}@contoso.com"


def logged(number: int) -> str:
    """A user's id as the log spells it."""
    identity = spelled(number).replace("\\u00eb", "ë")
    match number // 7 % 10:
        case 0 | 1:
            return f"i:0#.f|membership|{identity}"
        case 2 | 3 | 4:
            return identity.upper()
    return identity


def _legal(rng: random.Random) -> Writer:
    values = []
    for _ in range(_POOL // 8):
        words = ""
        while len(words.encode()) < _VALUE - 20:
            words += f"{rng.choice(_WORDS)} {rng.randrange(10**6)}, "
        values.append(words)

    def record(number: int) -> str:
        one, two, three, four = (values[int(rng.random() * len(values))] for _ in range(4))
        return (
            f'{{"{ID_PROPERTY}":"{spelled(number)}","AboutMe":"{one}","Skills":"{two}","Projects":"{three}",'
            f'"Interests":"{four}"}}'
        )

    return record


def _usual(rng: random.Random) -> Writer:
    def record(number: int) -> str:
        tower, floor = "ABCDE"[int(rng.random() * 5)], int(rng.random() * 9)
        return f'{{"{ID_PROPERTY}":"{spelled(number)}","Building":"Tower {tower}","Floor":"{floor}"}}'

    return record


def _ends(rng: random.Random) -> list[str]:
    """What stands behind the id in a small record, many such."""
    return [
        f'"FirstName":"{rng.choice(_FIRST).capitalize()}","LastName":"{rng.choice(_LAST).capitalize()}",'
        f'"Department":"{rng.choice(_DEPARTMENTS)}","Office":"{rng.choice(_OFFICES)}","Floor":{rng.randrange(10, 40)},'
        f'"WorkPhone":"+49 (0) 30 {rng.randrange(10**7):07d}","CostCenter":"CC-{rng.randrange(10**6):06d}",'
        f'"Manager":"{spelled(rng.randrange(10**6))}","AboutMe":"{rng.choice(_WORDS)}, {rng.choice(_WORDS)}",'
        f'"Page":"https:\\/\\/contoso.com\\/sites\\/people\\/{rng.randrange(10**8):08d}"}}'
        for _ in range(_POOL)
    ]


def _stress(rng: random.Random) -> Writer:
    ends = _ends(rng)
    return lambda number: f'{{"{ID_PROPERTY}":"{spelled(number)}",{ends[int(rng.random() * _POOL)]}'


def _tolerated(rng: random.Random) -> Writer:
    """The same records, each with a comma too many, every third with a comment in one of four places."""
    strict = _ends(rng)
    begins, ends = [""] * _POOL, [f"{end[:-1]},}}" for end in strict]
    for kind in range(0, _POOL, 3):
        comment, end = COMMENTS[kind // 3 % len(COMMENTS)], strict[kind][:-1]
        begins[kind] = comment if kind % 4 == 0 else ""
        ends[kind] = (f"{end},}}", f"{comment}{end},}}", f"{end},{comment}}}", f"{end},}}{comment}")[kind % 4]

    def record(number: int) -> str:
        kind = int(rng.random() * _POOL)
        return f'{begins[kind]}{{"{ID_PROPERTY}":"{spelled(number)}",{ends[kind]}'

    return record


SHAPES = {
    "legal": Shape(_legal, 125_000, 5_000, between=","),
    "usual": Shape(_usual, 300_000, 90_000),
    "stress": Shape(_stress, 5_500_000, 5_000),
    "stress-tolerant": Shape(_tolerated, 5_500_000, 5_000),
    "stress-many": Shape(_stress, 5_500_000, 700_000, source="stress"),
    "stress-start": Shape(_stress, 1_000, 5),
    "stress-20": Shape(_stress, 55_000, 50),
    "stress-200": Shape(_stress, 550_000, 500),
}


def write_source(path: Path, shape: Shape, records: int) -> None:
    """Writes a source file of so many records."""
    record = shape.writer(random.Random(1))
    with path.open("wb") as stream:
        stream.write(b'{"value":[\n')
        for start in range(0, records, _PIECE):
            piece = shape.between.join(map(record, range(start, min(start + _PIECE, records))))
            stream.write(f"{shape.between if start else ''}{piece}".encode())
        stream.write(b"\n]}\n")


def write_log(path: Path, records: int, failed: int) -> None:
    """Writes the log of an import in which so many of the records failed."""
    with path.open("w", encoding="utf-8-sig", newline="\r\n") as stream:
        stream.writelines(
            f"IdentityNotResolvable\t{logged(number)}\tUser identity cannot be resolved\n"
            for number in sorted(random.Random(2).sample(range(records), failed))
        )


def make(folder: Path, name: str, *, small: bool = False) -> tuple[Path, Path]:
    """Makes a load unless it is there; gives its source and its log."""
    shape, part = SHAPES[name], 100 if small else 1
    source, log = folder / (shape.source or name) / "source.json", folder / name / "failed.log"
    for path in (source, log):
        path.parent.mkdir(parents=True, exist_ok=True)
    making = source.with_suffix(".making")
    if not source.exists():
        write_source(making, shape, shape.records // part)
        making.replace(source)  # what was interrupted is made again
    if not log.exists():
        write_log(making, shape.records // part, max(shape.failed // part, 1))
        making.replace(log)
    return source, log


if __name__ == "__main__":
    wanted = [word for word in sys.argv[2:] if word != "--small"] or list(SHAPES)
    for load in wanted:
        make(Path(sys.argv[1]), load, small="--small" in sys.argv)
