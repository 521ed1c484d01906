"""Read a configuration from its TOML file and the environment, and check it against the types of its tables.

``[codes.NAME]`` adds explanations of codes and patterns to the catalogue.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from analyzer.catalogue import OURS, Catalogue, Explanation, Pattern
from analyzer.errors import UsageError
from analyzer.model.text import capitalised, did_you_mean
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


BACKSLASHES = (
    r"In double quotes a backslash is written twice; in single quotes it stands for itself: 'C:\Users\ada\a.pem'."
)
"""Advice for a path with backslashes that begin escapes."""

_LISTED = "docs/configuration.md lists the keys."
_VARIABLE = "UPA_ANALYZER_"
_LONGEST = 200
"""Characters shown of an error of Python's TOML reader."""

_BOOLEANS = {"true": True, "false": False}
_FROM_TEXT: dict[str, Callable[[str], object]] = {
    "hosts": lambda text: _parts(text, ","),
    "causes": lambda text: _parts(text, "\n"),
    "remedies": lambda text: _parts(text, "\n"),
    "message": lambda text: _parts(text, "\n"),
    "retry_helps": lambda text: _BOOLEANS.get(text.strip().lower(), text),
}
"""Converters from the text of a variable to the value of a key that isn't a text."""

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
"""Types of values in words; the other values of TOML are dates."""


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a configuration file.

    Raises:
        UsageError: the file doesn't exist, isn't valid TOML, or isn't in UTF-8.
        InputError: the file cannot be read.
    """
    text = ""
    try:
        text = file.read_bytes().removeprefix(codecs.BOM_UTF8).decode().replace("\r\n", "\n")
        return tomllib.loads(text)
    except FileNotFoundError as error:
        raise UsageError(f"there is no configuration {file}", "Specify another one with --config.") from error
    except OSError as error:
        raise cannot_read(file, error) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} isn't valid TOML: it is not in UTF-8", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        advice = BACKSLASHES if _is_valid(text.replace("\\", "/")) else "Correct it there."
        raise UsageError(f"{file} isn't valid TOML: {str(error)[:_LONGEST]}", advice) from error
    except RecursionError as error:
        raise UsageError(f"{file} isn't valid TOML: it is nested too deeply", "Correct it there.") from error


def overlay(content: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Override values of a configuration with environment variables.

    Args:
        content: the configuration's tables; changed.
        environment: variables ``UPA_ANALYZER_TABLE__NAME__KEY`` are used.

    Returns:
        The variables by key, such as ``tenants.contoso.client_id``.

    Raises:
        UsageError: a variable has a value of the configuration as a table.
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
                raise UsageError(f"the environment variable {variable} doesn't name a table of the configuration")
        table[key] = _FROM_TEXT.get(key, str)(value)
        variables[".".join([*names, key])] = variable
    return variables


def check_content(
    content: dict[str, Any], form: type[msgspec.Struct], file: Path | None, variables: Mapping[str, str]
) -> None:
    """Check for unknown keys, wrong types, and invalid values.

    Args:
        content: the configuration's tables.
        form: their types.
        file: the file, for errors; None if there is none.
        variables: from ``overlay``, for errors.

    Raises:
        UsageError: the first problem, with its file or variable.
    """
    for key, what, advice in _problems(content, msgspec.inspect.type_info(form), ""):
        source = next((variable for known, variable in variables.items() if f"{known}.".startswith(f"{key}.")), "")
        raise UsageError(f"{f'the environment variable {source}' if source else file}: {what}", advice)


def _problems(value: Any, kind: msgspec.inspect.Type, key: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - of TOML
    """Yield the key, what is wrong with it, and what to do."""
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    named = {_WORDS[type(one)]: one for one in kinds if type(one) in _WORDS}
    is_a = _WORDS.get(type(value), "a date")
    match named.get(is_a):
        case None:
            yield key, f"{key} must be {' or '.join(named)}, not {is_a}", _LISTED
        case msgspec.inspect.LiteralType(values=values) if value not in values:
            *others, last = map(str, values)
            yield key, f"{key} can't be {value!r}", f"Use {', '.join(others)}, or {last}."
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
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def _parts(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]


WHO = Literal["administrator", "feed owner", "vendor"]
_OWN = "your configuration"
_ADVICE = "docs/configuration.md explains the tables of codes."

# ProfileLocked, GenericError/locked; Error 7 is what the service's unknown numbers are called
_NAME = re.compile(r"(?: Error\ [0-9]++ | [A-Za-z][A-Za-z0-9]*+ ) (?: / [A-Za-z0-9-]++ )?", re.VERBOSE)


class CodeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table ``[codes.NAME]``: the fields of ``Explanation``, and ``message``, the phrases of a pattern.

    Missing keys are taken from our own explanation of that name; ``docs/configuration.md`` explains the keys.
    """

    title: str = ""
    meaning: str = ""
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    who: WHO | None = None
    retry_helps: bool | None = None
    known_from: str = ""
    message: str | tuple[str, ...] = ()


def catalogue_of(codes: Mapping[str, CodeConfig], where: str) -> Catalogue:
    """Return our catalogue with a configuration's codes and patterns before ours.

    Args:
        codes: the tables by name: a code, or ``CODE/NAME`` for a pattern of its messages.
        where: the file, for errors.

    Raises:
        UsageError: an invalid name; no ``title`` for a code that is unknown to us; a pattern without phrases or with an
            empty one; phrases of a code instead of a pattern.
    """
    explanations: list[Explanation] = []
    patterns: list[Pattern] = []
    for name, config in codes.items():
        place = f"{where}: codes.{name}"
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{place} isn't the name of a code", "Use a name like ProfileLocked or GenericError/locked."
            )
        explanation = _explanation(name, config, place)
        if "/" in name:
            patterns.append(Pattern(explanation, _phrases(explanation.code, config, place)))
        elif config.message:
            raise UsageError(f"{place}.message: a code has no message of its own", f"Use a pattern: {name}/locked.")
        else:
            explanations.append(explanation)
    return OURS.with_own(explanations, patterns)


def _explanation(name: str, config: CodeConfig, place: str) -> Explanation:
    ours = OURS.explain(name)
    title = config.title.strip().rstrip(".")
    if not title and not ours.known:
        raise UsageError(f"{place}.title is missing", f"Say in a few words what happened. {_ADVICE}")
    return Explanation(
        code=ours.code,
        title=title or ours.title,
        meaning=config.meaning or (ours.meaning if ours.known else f"{capitalised(title)}."),
        causes=config.causes or ours.causes,
        remedies=config.remedies or ours.remedies,
        who=config.who or ours.who,
        retry_helps=ours.retry_helps if config.retry_helps is None else config.retry_helps,
        known_from=config.known_from or (f"{_OWN}; {ours.known_from}" if ours.known else _OWN),
    )


def _phrases(name: str, config: CodeConfig, place: str) -> tuple[str, ...]:
    ours = next((pattern.phrases for pattern in OURS.patterns if pattern.explanation.code == name), ())
    phrases = (config.message,) if isinstance(config.message, str) else config.message
    if not phrases and not ours:
        raise UsageError(f"{place}.message is missing", f"Write the words that identify its messages. {_ADVICE}")
    if not all(phrase.replace("*", "").strip() for phrase in phrases):
        raise UsageError(f"{place}.message: it has no words, so every message would match", _ADVICE)
    return phrases or ours
