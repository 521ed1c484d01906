"""Replace users' IDs in texts by keyed pseudonyms, which stay the same for a key and lead nowhere without it.

An ID is found in every spelling of ``storage.traces``: in any case, composed or decomposed, percent-encoded (also
twice), and with the escapes of JSON, HTML, and CLIXML. Whatever looks like an ID is replaced, too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from analyzer.model.identity import IdKind, identity_key, kind_of
from analyzer.model.service import GUID

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

HIDDEN = "***"
"""Replaces a value of a record."""
_GUID_HEAD = "f0f0f0f0"
"""The beginning of the pseudonym of an object ID, which is one, too: advice depends on the kinds of IDs."""
_LETTERS, _DOMAIN_LETTERS = 12, 8
_OWN = re.compile(
    r"user-[a-z2-7]{12}(?:#ext#)?@domain-[a-z2-7]{8}\.invalid|domain-[a-z2-7]{8}\\user-[a-z2-7]{12}"
    rf"|user-[a-z2-7]{{12}}|{_GUID_HEAD}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"
)
_RUN = re.compile(r"[^\W_]+")
_USUAL_PREFIX = re.compile(r"[ic]:0[#.a-z]{1,3}\|(?:membership\|)?", re.IGNORECASE)
_DEPTH = 4
"""How often escapes are resolved, such as JSON within JSON within a percent-encoded address."""

_NOT_LOCAL = r"\s\"'<>()\[\]{},;:|\\/=&?@\u201e\u201c\u201d\xab\xbb\u2018\u2019"
_LIKE_IDS = re.compile(
    rf"""
    (?P<claims> [ic]:0[^\s|]*\|[^\s"'<>]+ )
    | (?P<address> (?:[^{_NOT_LOCAL}]|(?<=\w)'(?=\w))+@[^\s"'<>()\[\]{{}},;:|\\/=&?@]*\w )
    | (?P<login> [\w.-]+\\[\w.$-]*\w )
    | (?P<personal> (?<=personal/)[^/\s"']+ )
    | (?P<guid> (?<![0-9a-f]){GUID.pattern}(?![0-9a-f]) )
    """,
    re.VERBOSE,
)
_CORRELATION = re.compile(r"(?:correlation|request|trace|activity)[\s_-]*(?:id|guid)?[\s\"':=(\[]*$")
_ESCAPES = re.compile(
    r"""
    (?P<percent> (?:%[0-9a-f]{2})+ )
    | (?P<json> \\u[0-9a-f]{4} )
    | (?P<clixml> _x[0-9a-f]{4}_ )
    | (?P<html> &(?:\#[0-9]{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31}); )
    | (?P<doubled> \\(?=[\\"'/]) | '(?=') | "(?=") )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUOTED = re.compile(
    r"(?<!\w)(['\"\u201e\u201c\xab\u2018])([^'\"\u201e\u201c\u201d\xbb\u2018\u2019\n]+)(['\"\u201c\u201d\xbb\u2019])(?!\w)"
)
_PHONE = re.compile(r"(?<![\w+])\+\d[\d ()/.-]{5,}\d")
_OF_RECORD = re.compile(r"value\[\d+\](?:\.\w+)*")


class _Letter(NamedTuple):
    """A character of a text without escapes, and where it is in the text."""

    text: str
    start: int
    end: int


class Pseudonyms:
    """The pseudonyms of users, by a key."""

    def __init__(self, key: bytes, known: Iterable[str] = (), kept: Collection[str] = ()) -> None:
        """Prepare to replace.

        Args:
            key: the secret key.
            known: the keys (``identity_key``) of users, which are found in texts whatever they look like.
            kept: Guids that are no users, such as IDs of jobs; in lower case.
        """
        self._key, self._kept = key, kept
        self._users: dict[str, str] = {}
        self._by_run: dict[str, dict[str, tuple[int, str]]] = {}
        for user in known:
            self._add(user, user)
            if "@" in user:  # in the address of the user's OneDrive
                self._add(re.sub(r"[@.]", "_", user), user)

    def user(self, identity: str) -> str:
        """Return the pseudonym for an ID, of the same kind; the same for all spellings, but for a claims prefix."""
        key = identity_key(identity)
        if not key:
            return identity
        prefix = _USUAL_PREFIX.match(identity.strip())
        return f"{prefix[0] if prefix else ''}{self._user(key)}"

    def text(self, text: str) -> str:
        """Return a text without IDs."""
        if not text:
            return text
        letters = _letters(text)
        plain = "".join(letter.text for letter in letters)
        pieces, done = [], 0
        for start, end, user in _joined(self._found(plain)):
            begin, until = letters[start].start, letters[end - 1].end
            pieces += [text[done:begin], self._user(user)]
            done = max(done, until)
        return "".join([*pieces, text[done:]])

    def message(self, text: str, names: Collection[str] = ()) -> str:
        """Return a message without IDs, quoted values, and telephone numbers; ``names`` are those of properties."""

        def hidden(match: re.Match[str]) -> str:
            is_name = match[2] in names or _OWN.fullmatch(match[2]) or _OF_RECORD.fullmatch(match[2])
            return match[0] if is_name else f"{match[1]}{HIDDEN}{match[3]}"

        return _PHONE.sub(HIDDEN, _QUOTED.sub(hidden, self.text(text)))

    def _add(self, spelling: str, user: str) -> None:
        plain = "".join(letter.text for letter in _composed(list(spelling), [(0, 0)] * len(spelling)))
        run = _RUN.search(plain)
        if run:
            self._by_run.setdefault(run[0], {})[plain] = (run.start(), user)

    def _user(self, key: str) -> str:
        if key not in self._users:
            self._users[key] = key if _OWN.fullmatch(key) else self._made(key)
        return self._users[key]

    def _made(self, key: str) -> str:
        digest = self._digest("user", key)
        if GUID.fullmatch(key):
            digits = digest.hex()
            return f"{_GUID_HEAD}-{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:24]}"
        name = f"user-{_base32(digest)[:_LETTERS]}"
        match kind_of(key):
            case IdKind.at_domain:
                return f"{name}@{self._domain(key.rpartition('@')[2])}.invalid"
            case IdKind.guest:
                return f"{name}#ext#@{self._domain(key.rpartition('@')[2])}.invalid"
            case IdKind.login:
                return f"{self._domain(key.partition(chr(92))[0])}\\{name}"
        return name

    def _domain(self, domain: str) -> str:
        return f"domain-{_base32(self._digest('domain', domain))[:_DOMAIN_LETTERS]}"

    def _digest(self, kind: str, text: str) -> bytes:
        content = f"{kind}\0{text}".encode(errors="surrogatepass")
        return hmac.digest(self._key, content, hashlib.sha256)

    def _found(self, plain: str) -> list[tuple[int, int, bool, str]]:
        """Return start, end, whether it is known, and key of each ID in a text without escapes."""
        own = [match.span() for match in _OWN.finditer(plain)]
        found = [(start, end, True, user) for start, end, user in self._known_in(plain)]
        found += [
            (match.start(), match.end(), False, identity_key(match[0]))
            for match in _LIKE_IDS.finditer(plain)
            if not (match["guid"] and (match[0] in self._kept or _CORRELATION.search(plain, 0, match.start())))
        ]
        return [one for one in found if not any(start <= one[0] and one[1] <= end for start, end in own)]

    def _known_in(self, plain: str) -> Iterator[tuple[int, int, str]]:
        for run in _RUN.finditer(plain) if self._by_run else ():
            for spelling, (offset, user) in self._by_run.get(run[0], {}).items():
                start = run.start() - offset
                end = start + len(spelling)
                if start >= 0 and plain.startswith(spelling, start) and not _goes_on(plain, end):
                    yield start, end, user


def _joined(found: Iterable[tuple[int, int, bool, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield spans without overlaps, each with the key of the longest known ID in it, else of the longest one."""
    groups: list[list[tuple[int, int, bool, str]]] = []
    for one in sorted(found):
        if groups and one[0] < max(end for _, end, *_ in groups[-1]):
            groups[-1].append(one)
        else:
            groups.append([one])
    for group in groups:
        *_, user = max(group, key=lambda one: (one[2], one[1] - one[0], one[3]))
        yield group[0][0], max(end for _, end, *_ in group), user


def _goes_on(plain: str, end: int) -> bool:
    return plain[end - 1].isalnum() and end < len(plain) and plain[end].isalnum()


def _base32(digest: bytes) -> str:
    return base64.b32encode(digest).decode().lower()


def _letters(text: str) -> list[_Letter]:
    """Return a text in lower case, composed, and without escapes."""
    characters, spans = list(text), [(place, place + 1) for place in range(len(text))]
    for _ in range(_DEPTH):
        plain = "".join(characters)
        if not any(mark in plain for mark in ("%", "\\", "_x", "_X", "&", "''", '""')):
            break
        resolved, places = _resolved(plain, spans)
        if len(resolved) == len(characters):
            break
        characters, spans = resolved, places
    return _composed(characters, spans)


def _resolved(plain: str, spans: list[tuple[int, int]]) -> tuple[list[str], list[tuple[int, int]]]:
    """Return a text with its escapes resolved once, and where each character is."""
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    done = 0
    for match in _ESCAPES.finditer(plain):
        start, end = match.span()
        characters += plain[done:start]
        places += spans[done:start]
        for text, first, last in _unescaped(match):
            characters += text
            places += [(spans[first][0], spans[last - 1][1])] * len(text)
        done = end
    return [*characters, *plain[done:]], [*places, *spans[done:]]


def _unescaped(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Yield the characters of an escape, and where each is."""
    start, end = match.span()
    if match["percent"]:
        raw = bytes.fromhex(match[0].replace("%", ""))
        at = 0
        while at < len(raw):
            size = next((size for size in (1, 2, 3, 4) if _is_utf_8(raw[at : at + size])), 0)
            text = raw[at : at + (size or 1)].decode("utf-8" if size else "cp1252", "replace")
            yield text, start + 3 * at, start + 3 * (at + (size or 1))
            at += size or 1
    elif match["html"]:
        text = html.unescape(match[0])
        yield text, start, end
    elif match["doubled"]:
        # The character after it stands for both.
        return
    else:
        yield chr(int(match[0].strip("\\uxUX_")[-4:], 16)), start, end


def _is_utf_8(raw: bytes) -> bool:
    try:
        return len(raw.decode()) == 1
    except UnicodeDecodeError:
        return False


def _composed(characters: list[str], spans: list[tuple[int, int]]) -> list[_Letter]:
    """Return characters in lower case and composed, each with its place."""
    if "".join(characters).isascii():
        return [_Letter(one.lower(), *span) for one, span in zip(characters, spans, strict=True)]
    letters: list[_Letter] = []
    at = 0
    characters = _without_surrogates(characters)
    while at < len(characters):
        end = at + 1
        while end < len(characters) and _continues(characters[end]):
            end += 1
        text = unicodedata.normalize("NFC", "".join(characters[at:end]).lower()).replace(
            "\u03c2", "\u03c3"
        )  # whole words end in another sigma
        letters += [_Letter(one, spans[at][0], spans[end - 1][1]) for one in text]
        at = end
    return letters


def _without_surrogates(characters: list[str]) -> list[str]:
    """Return characters with each pair of surrogates, which two escapes name, as one before an empty one."""
    result = list(characters)
    for at in range(len(result) - 1):
        if "\ud800" <= result[at] <= "\udbff" and "\udc00" <= result[at + 1] <= "\udfff":
            result[at : at + 2] = [(result[at] + result[at + 1]).encode("utf-16", "surrogatepass").decode("utf-16"), ""]
    return result


def _continues(character: str) -> bool:
    return not character or unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff"
