"""Find the feed of a job by the address of its source file.

The service has no feeds. A feed writes its files into one folder of one host, under names that differ only in the parts
that make them unique: a time, a GUID, a counter, the mark of a copy. The rest is the feed's name. This is an inference,
which the report mentions; a rule of the configuration overrides it.

The shapes of names are those of public generators: PnP PowerShell's ``userprofilesyncdata-yyyyMMddHHmmss-GUID``,
``Get-Date`` in its usual formats, ``GetTempFileName``, copies made by Explorer, Finder, and browsers.
"""

from __future__ import annotations

import fnmatch
import functools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from analyzer.model.service import GUID, stem
from analyzer.model.uri import file_name, host_of, server_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

UNKNOWN_FEED = "?"
"""The feed of a job without a source file."""

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"
"""The start and end of a token, without a letter or digit next to it."""

# Our retry files end in -GUID-retry or -GUID-retry-1-of-3, possibly followed by the mark of a copy
_RETRY = re.compile(rf"(?:^|[-_. ])(?P<job>{GUID.pattern})-retry{_END}.*", re.IGNORECASE | re.DOTALL)
# Explorer, Finder, and browsers, in the languages of Windows that add a word
_COPY = re.compile(
    r"(?:\s+[-\u2013\u2014]?\s*(?:copy|kopie|copie|copia|cópia|kopia|kopi|kopio)(?:\s*\(\d{1,3}\)|\s+\d{1,3})?|\s*\(\d{1,3}\))+$"
    r"|^copy (?:\(\d{1,3}\) )?of\s+",
    re.IGNORECASE,
)
_GUID = re.compile(rf"[{{(]?{_START}(?:{GUID.pattern}|[0-9A-F]{{32}}){_END}[)}}]?", re.IGNORECASE)

# As Get-Date and the like write them in English, German, French, Spanish, Italian, Dutch, Portuguese, and Swedish
_MONTHS = [
    "jan january januar jänner janvier janv enero ene gennaio gen januari janeiro",
    "feb february februar februari février févr fév febrero febbraio fevereiro fev",
    "mar march märz mrz mär mars marzo maart mrt março",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag mei maj maio",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august août aoû agosto ago augustus augusti",
    "sep sept september septembre septiembre settembre set setembro",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre déc diciembre dic dicembre dezembro",
]
_MONTH_NUMBERS = {
    unicodedata.normalize("NFC", name): number for number, names in enumerate(_MONTHS, 1) for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTH_NUMBERS, key=len, reverse=True))})"
_WEEKDAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    re.IGNORECASE,
)
# After a date: 021405, T02-14-05, _2.14.05 PM, 02:14:05.1234567Z, 0214+0100
_TIME = r"""
(?: [-_. ]{0,3} T? [-_ ]?
    (?: (?P<hour>[01]\d|2[0-3]) (?P<minute>[0-5]\d) (?: (?P<second>[0-5]\d) (?:[.,]?\d{1,7})? )?
      | (?P<hour2>[01]?\d|2[0-3]) [-_.:h] (?P<minute2>[0-5]?\d)
        (?: [-_.:m] (?P<second2>[0-5]?\d) (?: [.,]\d{1,7} | [-_]\d{3} | [-_]\d{6,7} )? s? )?
    )
    (?: [ _-]? (?P<half>[AP]M) )?
    (?P<zone> Z | [+-] (?: 0\d | 1[0-4] ) [:-]? [0-5]\d (?![^\W_]) )?
)?
"""
_FLAGS = re.IGNORECASE | re.VERBOSE
_YEAR, _M, _D = r"(?P<year>20\d\d)", r"(?P<m>0[1-9]|1[0-2])", r"(?P<d>0[1-9]|[12]\d|3[01])"
_YEAR_FIRST = re.compile(
    rf"(?<!\d) {_YEAR} (?: (?P<s>[-_.\ ]?) {_M} (?P=s) {_D} | (?P<s1>[-_.]) (?P<m1>[1-9]|1[0-2]) (?P=s1)"
    rf" (?P<d1>[12]\d|3[01]|0?[1-9]) ) {_TIME} (?!\d)",
    _FLAGS,
)
_YEAR_LAST = re.compile(
    rf"(?<!\d) (?P<a>0?[1-9]|[12]\d|3[01]) (?P<s>[-_.\ ]) (?P<b>0?[1-9]|[12]\d|3[01]) (?P=s) {_YEAR} {_TIME} (?!\d)"
    rf"|(?<!\d) (?P<a8>\d\d) (?P<b8>\d\d) (?P<year8>20\d\d) (?!\d)",
    _FLAGS,
)
_NAMED_MONTH = re.compile(
    rf"{_START} (?: (?P<d>0?[1-9]|[12]\d|3[01]) (?:[-_.\ ]|\.\ )? {_MONTH} [-_.\ ]? {_YEAR}"
    rf"| {_YEAR.replace('year', 'year2')} [-_.\ ]? {_MONTH.replace('month', 'month2')} [-_.\ ]?"
    rf"  (?P<d2>0?[1-9]|[12]\d|3[01])"
    rf"| {_MONTH.replace('month', 'month3')} [-_.\ ]? (?P<d3>0?[1-9]|[12]\d|3[01]) ,?[-_.\ ]?"
    rf"  {_YEAR.replace('year', 'year3')} ) {_TIME} (?!\d)",
    _FLAGS,
)
_EPOCH = re.compile(rf"(?<!\d)(?P<seconds>1[4-9]\d{{8}})(?P<thousandths>\d{{3}})?{_END}")
_TICKS = re.compile(rf"{_START}(?:(?P<ticks>6[34]\d{{16}})|(?P<filetime>13\d{{16}})){_END}")
# The first part of a GUID
_SHORT_ID = re.compile(rf"{_START}(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{{8}}{_END}", re.IGNORECASE)
# A day of the year, a week, a month, a year, a date with a year of two digits, and any long number: unique, but not a
# reliable time
_UNIQUE = re.compile(
    rf"{_START}(?:20\d\d[-_.][0-3]\d\d|20\d\d[-_. ]?(?:W|KW|CW|WK)[-_. ]?\d\d|(?:W|KW|CW|WK)[-_. ]?\d\d[-_. ]?20\d\d"
    rf"|20\d\d[-_. ](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])[-_. ]20\d\d|20\d\d"
    rf"|\d\d(?P<s>[-_. ])\d\d(?P=s)\d\d|\d{{5,}}){_END}",
    re.IGNORECASE,
)
_COUNTER = re.compile(rf"{_START}\d{{1,4}}{_END}")
_TEMPORARY = re.compile(r"tmp[0-9A-Za-z]{1,8}\.tmp", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s._-]+")
_YEAR_OF_TICKS, _YEAR_OF_FILETIME = datetime(1, 1, 1, tzinfo=UTC), datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SourceName:
    """The parts of a source file's address.

    Attributes:
        host: in lower case; empty for a server-relative address.
        folder: server-relative, without a slash at its end; unique parts are ``*``.
        feed: the file's name without its unique parts; empty if nothing is left.
        time: the time in the name (UTC, also without a zone); None if there is none, or if it is ambiguous, such as
            ``03-04-2026``.
        retry_of: the ID of the job that a retry file repairs; None for other files.
    """

    host: str
    folder: str
    feed: str
    time: datetime | None
    retry_of: str | None


@dataclass(frozen=True, slots=True)
class FeedRule:
    """A feed of the configuration.

    Attributes:
        name: the feed's name.
        match: a pattern for file names with ``*`` and ``?``, ignoring case.
        folder: a server-relative folder or its address; empty for any.
    """

    name: str
    match: str
    folder: str = ""

    def takes(self, source_uri: str) -> bool:
        """Return whether a source file belongs to the feed."""
        path = (server_paths(source_uri) or [source_uri])[0]
        folder, _, name = path.rpartition("/")
        if not fnmatch.fnmatchcase(name.casefold(), self.match.casefold()):
            return False
        if not self.folder:
            return True
        host, wanted = host_of(self.folder), (server_paths(self.folder) or [f"/{self.folder}"])[0]
        same_host = not host or host == host_of(source_uri)
        return same_host and wanted.rstrip("/").casefold() == folder.casefold()


@functools.lru_cache(maxsize=20_000)
def source_name(source_uri: str) -> SourceName:
    """Parse the address of a source file.

    >>> source_name("https://contoso.sharepoint.com/sites/hr/Shared Documents/hr-feed-2026-11-23.json").feed
    'hr-feed'
    """
    path = (server_paths(source_uri) or [unquote(source_uri.partition("?")[0])])[0]
    # macOS decomposes letters with accents.
    path, name = (unicodedata.normalize("NFC", text) for text in (path, unquote(file_name(source_uri))))
    folder = path.rpartition("/")[0]
    retry = _RETRY.search(stem(name))
    text = stem(name)[: retry.start()] if retry else stem(name)
    time, left = _without_unique(text, is_temporary=_TEMPORARY.fullmatch(name) is not None)
    return SourceName(
        host=host_of(source_uri),
        folder="/".join(map(_folder_pattern, folder.split("/"))),
        feed=left,
        time=time,
        retry_of=retry["job"].lower() if retry else None,
    )


def feeds_of(
    source_uris: Iterable[str],
    rules: Sequence[FeedRule] = (),
    name_of: Callable[[str], SourceName] | None = None,
) -> dict[str, str]:
    """Return the feed's name by source URI; names are unique.

    Of several feeds with one name, the one with the most jobs keeps it; the others include their folder:
    ``hr-feed (/sites/it/Shared Documents)``.

    Args:
        source_uris: the source URI of each job of a library.
        rules: the feeds of the configuration; the first that matches wins.
        name_of: returns what ``source_name`` does, for one who keeps it; None for ``source_name``.
    """
    name_of = name_of or source_name
    uris = list(source_uris)
    found: dict[str, str] = {}
    keys: dict[str, tuple[str, str, str]] = {}
    for uri in dict.fromkeys(uris):
        rule = next((rule for rule in rules if rule.takes(uri)), None)
        if rule:
            found[uri] = rule.name
        elif uri:
            name = name_of(uri)
            keys[uri] = (name.host, name.folder.casefold(), name.feed.casefold())
        else:
            found[uri] = UNKNOWN_FEED
    first = {key: name_of(uri) for uri, key in reversed(keys.items())}
    jobs = Counter(keys[uri] for uri in uris if uri in keys)
    taken = {name.casefold() for name in found.values()}
    folders: set[tuple[str, str]] = set()
    names: dict[tuple[str, str, str], str] = {}
    for key in sorted(first, key=lambda key: (-jobs[key], key)):
        name = first[key]
        short = name.feed or f"{name.folder.rpartition('/')[2]}/*"
        # The same folder of another host, for example of a job that was queued with another tenant's address
        is_of_another_host = (short.casefold(), key[1]) in folders
        candidates = [short, f"{short} ({name.host})" if is_of_another_host else f"{short} ({name.folder or '/'})"]
        candidates.append(f"{short} ({name.host}{name.folder or '/'})")
        names[key] = next((one for one in candidates if one.casefold() not in taken), candidates[-1])
        taken.add(names[key].casefold())
        folders.add((short.casefold(), key[1]))
    return found | {uri: names[key] for uri, key in keys.items()}


def _without_unique(text: str, *, is_temporary: bool = False) -> tuple[datetime | None, str]:
    """Return the time in a name, and the name without its unique parts."""
    if is_temporary:
        return None, "tmp"
    left, is_unique, time = _COPY.sub("", text), False, None
    for pattern, time_of in (
        (_GUID, None),
        (_TICKS, _time_of_ticks),
        (_YEAR_FIRST, _time_of_year_first),
        (_YEAR_LAST, _time_of_year_last),
        (_NAMED_MONTH, _time_of_named_month),
        (_EPOCH, _time_of_epoch),
        (_SHORT_ID, None),
        (_UNIQUE, None),
    ):
        matches = list(pattern.finditer(left))
        if matches:
            is_unique = True
            times = [time_of(match) for match in matches] if time_of else []
            time = time or next(filter(None, times), None)
            left = pattern.sub("-", left)
    if time is not None:
        words = _SEPARATORS.split(left.replace(",", " "))
        left = "-".join(word for word in words if not _WEEKDAY.fullmatch(word))
    # With a date, a short number is the part of a run: each part is a feed of its own.
    if not is_unique:
        left = _COUNTER.sub("-", left)
    left = _SEPARATORS.sub("-", left).strip("-")
    if any(character.isalpha() for character in left):
        return time, left
    return time, "" if is_unique else text


def _folder_pattern(part: str) -> str:
    """Return a folder's name, or ``*`` if it is only a date, a GUID, a year, or a month."""
    is_month_or_day = len(part) == 2 and part.isdigit()  # noqa: PLR2004
    return part if not part or (not is_month_or_day and _without_unique(part)[1]) else "*"


def _moment(year: int, month: int, day: int, found: re.Match[str]) -> datetime | None:
    groups = found.groupdict()
    hour = int(groups.get("hour") or groups.get("hour2") or 0)
    minute = int(groups.get("minute") or groups.get("minute2") or 0)
    second = int(groups.get("second") or groups.get("second2") or 0)
    if groups.get("half"):
        hour = hour % 12 + (12 if groups["half"].upper() == "PM" else 0)
    zone = groups.get("zone") or "Z"
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if zone.upper() == "Z":
        return time
    digits = re.sub(r"\D", "", zone)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return time - offset if zone[0] == "+" else time + offset


def _time_of_year_first(found: re.Match[str]) -> datetime | None:
    return _moment(int(found["year"]), int(found["m"] or found["m1"]), int(found["d"] or found["d1"]), found)


def _time_of_year_last(found: re.Match[str]) -> datetime | None:
    """Parse ``23-11-2026``, ``11.23.2026``, or ``23112026``; return None if day and month are ambiguous."""
    one, other = int(found["a"] or found["a8"]), int(found["b"] or found["b8"])
    if one == other or one > 12 or other > 12:  # noqa: PLR2004 - months
        day, month = (other, one) if other > one else (one, other)
        return _moment(int(found["year"] or found["year8"]), month, day, found)
    return None


def _time_of_named_month(found: re.Match[str]) -> datetime | None:
    month = found["month"] or found["month2"] or found["month3"]
    day = found["d"] or found["d2"] or found["d3"]
    year = found["year"] or found["year2"] or found["year3"]
    return _moment(int(year), _MONTH_NUMBERS[month.lower()], int(day), found)


def _time_of_epoch(found: re.Match[str]) -> datetime:
    return datetime.fromtimestamp(int(found["seconds"]), UTC)


def _time_of_ticks(found: re.Match[str]) -> datetime | None:
    """Parse .NET's ticks or a Windows file time: tenths of a microsecond since the year 1 or 1601."""
    since = _YEAR_OF_TICKS if found["ticks"] else _YEAR_OF_FILETIME
    time = since + timedelta(microseconds=int(found["ticks"] or found["filetime"]) // 10)
    return time if time.year in range(2000, 2100) else None
