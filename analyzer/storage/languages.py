"""Read the catalogues of messages: ``messages/LANGUAGE.po`` in a folder of report templates."""

from __future__ import annotations

import gettext
import hashlib
import io
from typing import TYPE_CHECKING

from analyzer.errors import InputError, UsageError
from analyzer.model.language import ENGLISH, Language
from analyzer.model.text import did_you_mean
from analyzer.storage.files import cannot_read, template_folders

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = "messages"
"""The folder of the catalogues."""


def known_languages(own: Path | None = None) -> list[str]:
    """Return the codes of the languages that a report can be written in.

    Raises:
        InputError: ``own``, the user's folder of templates, doesn't exist.
    """
    files = (path for folder in template_folders(own) for path in (folder / MESSAGES).glob("*.po"))
    return sorted({ENGLISH.code, *(path.stem for path in files)})


def language_of(code: str, own: Path | None = None) -> Language:
    """Return a language by its code; English needs no catalogue, and no Babel.

    Args:
        code: ``de``; empty for English.
        own: the user's folder of templates; its messages come before ours.

    Raises:
        UsageError: there is no such language.
        InputError: a catalogue can't be read.
    """
    wanted = code.strip().replace("_", "-").lower()
    if wanted in {"", ENGLISH.code}:
        return ENGLISH
    known = known_languages(own)
    name = next((one for one in known if one.replace("_", "-").lower() == wanted), "")
    if not name:
        listed = f"Known languages: {', '.join(known)}."
        advice = did_you_mean(code, known, f"For another one, put {MESSAGES}/{code}.po into your folder of templates.")
        raise UsageError(f"language {code!r} isn't known", f"{listed} {advice}")
    paths = [path for folder in template_folders(own) if (path := folder / MESSAGES / f"{name}.po").is_file()]
    contents = [_content(path) for path in paths]
    first, *others = (_translations(path, content) for path, content in zip(paths, contents, strict=True))
    for other in others:
        first.add_fallback(other)
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise UsageError(f"language {code!r} isn't a language", "Use a code such as de or pt-BR.") from error
    digest = hashlib.sha256(b"\0".join(contents)).hexdigest()
    return Language(name.replace("_", "-"), first, locale, digest)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from error


def _translations(path: Path, content: bytes) -> gettext.GNUTranslations:
    """Compile a catalogue in memory: so that a language is one file, and has no second one that could be older."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        catalogue = read_po(io.BytesIO(content), abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path} isn't a catalogue of messages: {error}", "Correct it, or remove it.") from error
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
