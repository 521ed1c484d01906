"""Records of the standard ``logging``, and Python's warnings: to stderr as all else goes there, or nowhere."""

from __future__ import annotations

import contextlib
import logging
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.cli.terminal.log import Log

_SILENT = ("msal", "msal_extensions", "urllib3")
"""Libraries whose own records are for their developers, and may hold what is secret."""
_SILENCE = logging.NullHandler()


@contextlib.contextmanager
def records_to(log: Log, *, requests: bool) -> Iterator[None]:
    """While it lasts, records and warnings are written by ``log``.

    Args:
        log: writes them.
        requests: whether each request is shown.
    """
    handler = _Handler(log)
    last_resort, logging.lastResort = logging.lastResort, handler
    for name in _SILENT:
        logging.getLogger(name).addHandler(_SILENCE)
    try:
        with _requests_to(handler) if requests else contextlib.nullcontext(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    finally:
        logging.lastResort = last_resort


@contextlib.contextmanager
def _requests_to(handler: logging.Handler) -> Iterator[None]:
    tenant = logging.getLogger("analyzer.tenant")  # of its requests, and what else there is to say of the way to it
    level = tenant.level
    tenant.addHandler(handler)
    tenant.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        tenant.setLevel(level)
        tenant.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.record(record)


def _show_warning(message: Warning | str, category: type[Warning], *_where: object, **_further: object) -> None:
    logging.getLogger("warnings").warning("%s: %s", category.__name__, message)
