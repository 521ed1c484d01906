"""The language of reports and their lists. The terminal, logs, and errors are English.

A sentence is written in English where it is made, ``_("{users} failed").format(users=…)``, and translated at that
moment into the language that is spoken: English unless ``speaking`` says otherwise. ``tools/messages.py`` collects the
sentences; ``storage.languages`` reads a language's catalogue of them.
"""

from __future__ import annotations

import contextlib
import gettext as standard
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel import Locale


@dataclass(frozen=True, slots=True)
class Language:
    """A language.

    Attributes:
        code: as HTML and the configuration name it: ``en``, ``de``.
        translations: its messages.
        locale: how it writes numbers, dates, and lists; None for English, which needs no Babel.
        digest: a digest of its catalogue; empty for English.
    """

    code: str = "en"
    translations: standard.NullTranslations = field(default_factory=standard.NullTranslations, compare=False)
    locale: Locale | None = None
    digest: str = ""


ENGLISH = Language()

_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


def spoken() -> Language:
    """Return the language that is spoken."""
    return _spoken.get()


def gettext(text: str) -> str:
    """Return a text in the language that is spoken."""
    return _spoken.get().translations.gettext(text) if text else ""


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a text for a number of things, in the language that is spoken."""
    return _spoken.get().translations.ngettext(one, many, number)


def N_(text: str) -> str:  # noqa: N802 - the name by which tools find messages
    """Mark a text that is translated later, where it is shown."""
    return text


@contextlib.contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak another language in the context, such as while a report is written."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)
