"""Codes and patterns that the configuration explains: ``[codes.NAME]`` on top of what the catalogue knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from analyzer.catalogue import OURS, Catalogue, Explanation, Pattern
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

WHO = Literal["administrator", "feed owner", "vendor"]
_OWN = "your configuration"
_ADVICE = "docs/configuration.md explains the tables of codes."

# ProfileLocked, GenericError/locked; Error 7 is what the service's unknown numbers are called
_NAME = re.compile(r"(?: Error\ [0-9]++ | [A-Za-z][A-Za-z0-9]*+ ) (?: / [A-Za-z0-9-]++ )?", re.VERBOSE)


class CodeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table ``[codes.NAME]``: the fields of ``Explanation``, and ``message``, the phrases of a pattern.

    What is left out stays as our own explanation of that name has it; ``docs/configuration.md`` explains the keys.
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
    """Our catalogue, with a configuration's codes and patterns before ours.

    Args:
        codes: the tables by name: a code, or ``CODE/NAME`` for a pattern of its messages.
        where: the file, for errors.

    Raises:
        UsageError: a name that no log can hold; ``title`` missing where we explain nothing; a pattern without
            phrases, an empty phrase, or phrases of what is no pattern.
    """
    explanations: list[Explanation] = []
    patterns: list[Pattern] = []
    for name, config in codes.items():
        place = f"{where}: codes.{name}"
        if not _NAME.fullmatch(name):
            raise UsageError(f"{place} is no name of a code", "It looks like ProfileLocked or GenericError/locked.")
        explanation = _explanation(name, config, place)
        if "/" in name:
            patterns.append(Pattern(explanation, _phrases(explanation.code, config, place)))
        elif config.message:
            raise UsageError(f"{place}.message: a code has no message of its own", f"Name a pattern: {name}/locked.")
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
        meaning=config.meaning or (ours.meaning if ours.known else f"{title[:1].upper()}{title[1:]}."),
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
