"""The language of reports and their lists. The terminal, logs, and errors are English.

A sentence is written in English where it is made, ``_("{users} failed").format(users=…)``, and translated at that
moment into the language that is spoken: English unless ``speaking`` says otherwise.
"""

from __future__ import annotations

import contextlib
import gettext as standard
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_spoken: ContextVar[standard.NullTranslations] = ContextVar("spoken", default=standard.NullTranslations())  # noqa: B039 - never changes


def gettext(text: str) -> str:
    """Return a text in the language that is spoken."""
    return _spoken.get().gettext(text) if text else ""


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a text for a number of things, in the language that is spoken."""
    return _spoken.get().ngettext(one, many, number)


@contextlib.contextmanager
def speaking(translations: standard.NullTranslations) -> Iterator[None]:
    """Speak another language in the context, such as while a report is written."""
    before = _spoken.set(translations)
    try:
        yield
    finally:
        _spoken.reset(before)
