"""What a tenant's refusal of an upload means, and what to do about it.

Numbers and words are from public threads and recorded answers; Microsoft documents few (docs/reference/facts.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import OutputError, RefusedError, UsageError
from analyzer.tenant.http.answer import error_of, service_message, service_number

if TYPE_CHECKING:
    from analyzer.errors import AnalyzerError
    from analyzer.tenant.http.answer import Answer

ADVICE_AGAIN = "Run the same command again: it continues where it stopped."


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A refusal, and its meaning.

    Attributes:
        sentence: what is wrong, a clause with ``{file}`` and ``{folder}``.
        advice: what to do, sentences.
        error: its class.
        statuses: HTTP statuses that mean it.
        numbers: the service's numbers that mean it.
        words: alternatives that the service's message contains, in lower case.
    """

    sentence: str
    advice: str
    error: type[AnalyzerError] = RefusedError
    statuses: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


_EXISTS = _Refusal(
    "{folder} already has the file {file}, which isn't replaced",
    "Rename or delete it, or upload under another name.",
    OutputError,
    numbers=("-2130575257",),
)
_NO_FOLDER = _Refusal(
    "there is no folder {folder}",
    "Create it, or correct the folder.",
    UsageError,
    numbers=("-2147024894", "-2147024893"),
)
_REFUSALS = (
    _EXISTS,
    _Refusal(
        "{file} is checked out",
        "Have it checked in, or its check-out discarded, and run the same command again.",
        numbers=("-2130575306",),
    ),
    _Refusal(
        "{file} is locked",
        "Run the same command again in 15 minutes: so long an upload that broke off locks its file.",
        statuses=(423,),
        numbers=("-2147018894", "-2147023436"),
    ),
    _Refusal(
        "the site has no space left for {file}",
        "Delete files of the site and empty its recycle bins, or have its storage limit raised.",
        statuses=(507,),
        numbers=("-2147023080", "-2147024784"),
        words=("storage quota", "file storage limit"),
    ),
    _Refusal(
        "a request with a part of {file} is too big",
        "SharePoint takes far more at once. Is a proxy in between that limits requests to less than 10 MiB?",
        statuses=(413,),
        words=("request message is too big",),
    ),
    _NO_FOLDER,
)


def upload_error(answer: Answer, url: str, uri: str) -> AnalyzerError:
    """Return the error for an unsuccessful answer to a request that uploads, with the service's own words.

    Args:
        answer: the answer.
        url: of the request.
        uri: absolute address of the file, not encoded.
    """
    number, message = service_number(answer), service_message(answer)
    for refusal in _REFUSALS:
        has_words = any(word in message.lower() for word in refusal.words)
        if answer.status in refusal.statuses or number in refusal.numbers or has_words:
            return _error(refusal, uri, f". SharePoint says: {message}" if message else "")
    return error_of(answer, url)


def exists_error(uri: str) -> AnalyzerError:
    """Return the error for a file whose name is taken."""
    return _error(_EXISTS, uri, "")


def folder_error(folder: str) -> AnalyzerError:
    """Return the error for a folder that isn't there, by its absolute address."""
    return _error(_NO_FOLDER, f"{folder}/", "")


def _error(refusal: _Refusal, uri: str, says: str) -> AnalyzerError:
    folder, _, name = uri.rpartition("/")
    file = name if "{folder}" in refusal.sentence else uri
    return refusal.error(refusal.sentence.format(file=file, folder=folder) + says, refusal.advice)
