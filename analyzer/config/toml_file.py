"""A file of TOML as editors of Windows write it: a byte order mark, another encoding, the backslashes of a path."""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from pathlib import Path

BACKSLASHES = (
    r"In double quotes a backslash is written twice; in single quotes it stands for itself: 'C:\Users\ada\a.pem'."
)
"""What to do about a path whose backslashes are read as the beginnings of escapes."""

_ESCAPE = re.compile(r"Unescaped '\\'|hex value|Escaped character")
"""Of which faults of TOML's a backslash is the cause, in the words of Python's reader."""


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a configuration.

    Raises:
        UsageError: there is no such file; it is no TOML, or not in UTF-8.
        InputError: it cannot be read.
    """
    try:
        return tomllib.loads(file.read_bytes().removeprefix(codecs.BOM_UTF8).decode().replace("\r\n", "\n"))
    except FileNotFoundError as error:
        raise UsageError(f"there is no configuration {file}", "Name another one with --config.") from error
    except OSError as error:
        raise cannot_read(file, error) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no TOML: it is not in UTF-8", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        advice = BACKSLASHES if _ESCAPE.search(str(error)) else "Correct it there."
        raise UsageError(f"{file} is no TOML: {error}", advice) from error
