"""The content of a configuration, from its TOML file and the environment, checked against the types of its tables.

Editors on Windows write a byte order mark, other encodings, and the backslashes of paths.
"""

from __future__ import annotations

import codecs
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.config.custom_codes import CodeConfig
from analyzer.errors import UsageError
from analyzer.model.text import did_you_mean
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

BACKSLASHES = (
    r"In double quotes a backslash is written twice; in single quotes it stands for itself: 'C:\Users\ada\a.pem'."
)
"""What to do about a path whose backslashes are read as the beginnings of escapes."""

_LISTED = "docs/configuration.md lists the keys."
_VARIABLE = "UPA_ANALYZER_"
_LONGEST = 200
"""Characters that are shown of a message of Python's TOML reader."""

_TRUTHS = {"true": True, "false": False}
_FROM_TEXT: dict[str, Callable[[str], object]] = {
    "hosts": lambda text: _parts(text, ","),
    "causes": lambda text: _parts(text, "\n"),
    "remedies": lambda text: _parts(text, "\n"),
    "message": lambda text: _parts(text, "\n"),
    "retry_helps": lambda text: _TRUTHS.get(text.strip().lower(), text),
}
"""How the text of a variable becomes the value of a key that isn't a text."""

_WORDS: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
    msgspec.inspect.StrType: "a text",
    msgspec.inspect.LiteralType: "a text",
    msgspec.inspect.BoolType: "true or false",
    msgspec.inspect.VarTupleType: "a list",
    msgspec.inspect.DictType: "a table",
    msgspec.inspect.StructType: "a table",
}
"""What a value is, or has to be; the other values of TOML are dates."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a configuration file.

    Raises:
        UsageError: there is no such file; it isn't valid TOML, or not in UTF-8.
        InputError: it cannot be read.
    """
    text = ""
    try:
        text = file.read_bytes().removeprefix(codecs.BOM_UTF8).decode().replace("\r\n", "\n")
        return tomllib.loads(text)
    except FileNotFoundError as error:
        raise UsageError(f"there is no configuration {file}", "Name another one with --config.") from error
    except OSError as error:
        raise cannot_read(file, error) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} isn't valid TOML: it is not in UTF-8", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        advice = BACKSLASHES if _is_valid(text.replace("\\", "/")) else "Correct it there."
        raise UsageError(f"{file} isn't valid TOML: {str(error)[:_LONGEST]}", advice) from error


def overlay(content: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Put the values of variables into a configuration, where they win over the file.

    Args:
        content: the configuration's tables; changed.
        environment: its ``UPA_ANALYZER_TABLE__NAME__KEY`` variables count.

    Returns:
        The variables by key: ``tenants.contoso.client_id``.

    Raises:
        UsageError: a variable has a table's name where the configuration has a value.
    """
    variables: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(_VARIABLE):
            continue
        *tables, key = variable.removeprefix(_VARIABLE).lower().split("__")
        table, names = content, []
        for name in tables:
            names.append(next((known for known in table if known.lower() == name), name))
            table = table.setdefault(names[-1], {})
            if not isinstance(table, dict):
                raise UsageError(f"the environment variable {variable} names no table of the configuration")
        table[key] = _FROM_TEXT.get(key, str)(value)
        variables[".".join([*names, key])] = variable
    return variables


def check_content(
    content: dict[str, Any], form: type[msgspec.Struct], file: Path | None, variables: Mapping[str, str]
) -> None:
    """Refuse keys that ``form`` does not have, and values of other types or not among the possible ones.

    Args:
        content: the configuration's tables.
        form: their types.
        file: for errors; None where there is none.
        variables: as ``overlay`` returns them, for errors.

    Raises:
        UsageError: the first of these, with the file or the variable that it comes from.
    """
    for key, what, advice in _problems(content, msgspec.inspect.type_info(form), ""):
        here = [variable for known, variable in variables.items() if f"{known}.".startswith(f"{key}.")]
        raise UsageError(f"{f'the environment variable {here[0]}' if here else file}: {what}", advice)


def _problems(value: Any, kind: msgspec.inspect.Type, key: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - of TOML
    """Yield the key, what is wrong with it, and what to do."""
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    named = {_WORDS[type(one)]: one for one in kinds if type(one) in _WORDS}
    is_a = _WORDS.get(type(value), "a date")
    match named.get(is_a):
        case None:
            yield key, f"{key}: it has to be {' or '.join(named)} and is {is_a}", _LISTED
        case msgspec.inspect.LiteralType(values=values) if value not in values:
            *others, last = map(str, values)
            yield key, f"{key}: it cannot be {value!r}", f"It is {', '.join(others)} or {last}."
        case msgspec.inspect.VarTupleType(item_type=item_type):
            for item in value:
                yield from _problems(item, item_type, key)
        case msgspec.inspect.DictType(value_type=value_type):
            for name, one in value.items():
                yield from _problems(one, value_type, f"{key}.{name}")
        case msgspec.inspect.StructType() as struct:
            yield from _problems_of_keys(value, struct, key)


def _problems_of_keys(
    table: dict[str, Any], struct: msgspec.inspect.StructType, key: str
) -> Iterator[tuple[str, str, str]]:
    known = {field.name: field.type for field in struct.fields}
    for name, value in table.items():
        whole = f"{key}.{name}".lstrip(".")
        if name in known:
            yield from _problems(value, known[name], whole)
            continue
        advice = did_you_mean(name, known, f"Known are {', '.join(known)}.")
        if struct.cls is CodeConfig and isinstance(value, dict):
            advice = f'A pattern of a code is written [codes."{key.removeprefix("codes.")}/{name}"].'
        yield whole, f"there is no key {whole}", advice


def _is_valid(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _parts(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]
