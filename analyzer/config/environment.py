"""Keys of the configuration that come from the environment: ``UPA_ANALYZER_TENANTS__CONTOSO__CLIENT_ID``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VARIABLE = "UPA_ANALYZER_"


def _truth(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text.strip().lower(), text)


def _parts(mark: str) -> Callable[[str], list[str]]:
    return lambda text: [part.strip() for part in text.split(mark) if part.strip()]


_FROM_TEXT: dict[str, Callable[[str], object]] = {
    "hosts": _parts(","),
    "causes": _parts("\n"),
    "remedies": _parts("\n"),
    "message": _parts("\n"),
    "retry_helps": _truth,
}
"""How the value of a variable becomes that of a key, where it is no plain text."""


def overlay(
    content: dict[str, Any], environment: Mapping[str, str], check: Callable[[dict[str, Any], str], None]
) -> None:
    """Puts the values of variables into a configuration, where they win over what the file says.

    Args:
        content: the configuration's tables; changed.
        environment: its ``UPA_ANALYZER_TABLE__NAME__KEY`` variables count.
        check: told the configuration and the variable after each; raises where a key is unknown.

    Raises:
        UsageError: a variable names no table, or whatever ``check`` raises.
    """
    for variable, value in environment.items():
        if not variable.startswith(_VARIABLE):
            continue
        *tables, key = variable.removeprefix(_VARIABLE).lower().split("__")
        table = content
        for name in tables:
            known = next((known for known in table if known.lower() == name), name)
            table = table.setdefault(known, {})
            if not isinstance(table, dict):
                raise UsageError(f"the environment variable {variable} names no table of the configuration")
        table[key] = _FROM_TEXT.get(key, str)(value)
        check(content, f"the environment variable {variable}")
