"""Compare spellings of user IDs, recognize the kind of an ID, and find the service's ID type for it.

IDs ignore case, and an account name may have a claims prefix (``i:0#.f|membership|``): both seen in the vendor's
article and in public threads. That composed and decomposed letters are equal is inferred.

A job is queued with one ID type for all its users, which the service doesn't show later. If it could resolve none of
them, the likeliest cause is an ID type that doesn't match the IDs: early clients queued every job as ``Email`` (pnp/
PnP-PowerShell pull request 1985).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from analyzer.model.language import N_
from analyzer.model.language import gettext as _
from analyzer.model.service import GUID, IdType
from analyzer.model.text import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


# As in i:0#.f|membership|ada@contoso.com and i:0#.w|contoso\ada
_CLAIMS_PREFIX = re.compile(r"[ic]:0.*\|", re.DOTALL)
# ada@contoso.com, CONTOSO\\ada, i:0#.f|membership|ada@contoso.com, a Guid
_LIKE_AN_ID = re.compile(rf"[@\\|]|{GUID.pattern}")

# Characters that a key lacks, and those that an ID equal to its key lacks. In Latin-1, whose letters are all composed,
# a key differs from its ID only by these. This saves a fifth of a retry over 2 GB of small records.
_BLANKS = bytes([*range(0x21), 0x7F, 0x85, 0xA0])
_LATIN_1 = bytes(range(256)).decode("latin-1")
_NOT_ITS_OWN_KEY = _BLANKS + "".join(letter for letter in _LATIN_1 if letter.lower() != letter).encode("latin-1") + b"|"
_LOWER = _LATIN_1.lower().encode("latin-1")
OWN_KEY = "^[" + "".join(rf"\x{{{byte:x}}}" for byte in range(256) if byte not in _NOT_ITS_OWN_KEY) + "]+$"
"""A regular expression, in Rust's syntax, for IDs in Latin-1 that are equal to their key."""


def identity_key(identity: str) -> str:
    """Return the key of an ID, which is equal for all spellings of one user's ID.

    >>> identity_key("i:0#.f|membership|Ada@Contoso.com")
    'ada@contoso.com'
    """
    text = _composed(identity)
    prefix = _CLAIMS_PREFIX.match(text) if "|" in text else None
    return text[prefix.end() :].strip() if prefix else text


def identity_keys(identities: Sequence[str | None]) -> Sequence[str]:
    """Return the ``identity_key`` of each ID, empty without one; fast if all are in Latin-1, as usual."""
    try:
        raw = "\n".join(identities).encode("latin-1")  # type: ignore[arg-type]  # TypeError for None
    except (TypeError, UnicodeEncodeError):
        return [identity_key(identity or "") for identity in identities]
    separators = max(0, len(identities) - 1)
    if len(raw.translate(None, _NOT_ITS_OWN_KEY)) == len(raw) - separators:
        return identities  # type: ignore[return-value]  # join accepts only strings
    if len(raw.translate(None, _BLANKS)) == len(raw) - separators:
        keys = raw.translate(_LOWER).decode("latin-1").split("\n")
        return [identity_key(key) if "|" in key else key for key in keys] if b"|" in raw else keys
    return [identity_key(identity or "") for identity in identities]


def looks_like_id(text: str) -> bool:
    """Return whether a text looks like a user's ID."""
    return _LIKE_AN_ID.search(text) is not None


def number_like_ids(texts: Sequence[str]) -> int:
    """Return how many of some texts look like a user's ID."""
    others = [text for text in texts if "@" not in text]
    # In most columns none does, which one search shows: no ID spans two lines.
    similar = sum(map(looks_like_id, others)) if looks_like_id("\n".join(others)) else 0
    return len(texts) - len(others) + similar


def _composed(identity: str) -> str:
    # Lower case first: some letters have a composed form only in lower case.
    text = identity.lower()
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


_MOST = 0.95
"""The share of IDs that determines the kind in spite of a few typing errors."""

# ada_fabrikam.com#EXT#@contoso.onmicrosoft.com
_GUEST = re.compile(r"\S+#ext#@\S+", re.IGNORECASE)
_PLAIN_TEXT = re.compile(r"[^\s@\\|#]+@[^\s@\\|#]+")
_AT_A_DOMAIN = re.compile(r"[^\s@\\|]+@[^\s@\\|]+")
# CONTOSO\ada
_LOGIN = re.compile(r"[^\s\\]+\\[^\\]+")
_GUID_TOKEN = re.compile(rb'"' + GUID.pattern.encode() + rb'"').fullmatch
_NOT_IN_ADDRESSES = re.compile(rb'[\s|#\\]|"@|@"')
"""What JSON strings with one ``@`` each must not contain to be addresses."""
_PLAIN = rb'[^\x00-\x20@|#\\"\x7f-\xff]+'
_PLAIN_ADDRESS = re.compile(b'"' + _PLAIN + b"@" + _PLAIN + b'"').fullmatch


class IdKind(StrEnum):
    """The form of an ID."""

    object_id = auto()
    """A Guid, as Entra ID gives each user."""
    at_domain = auto()
    """``ada@contoso.com``: a user principal name or a mail address; which one can't be seen."""
    guest = auto()
    """A guest's user principal name, with ``#EXT#``."""
    claims = auto()
    """``i:0#.f|membership|ada@contoso.com``."""
    login = auto()
    """``CONTOSO\\ada``."""
    other = auto()
    """``ada``, an employee number, a distinguished name."""


class MissingId(StrEnum):
    """Why the service found no ID in any record of a source file."""

    other_name = auto()
    """Every record has a property with IDs, but the job was queued with another name."""
    empty = auto()
    """A property is null or empty in every record."""
    dropped = auto()
    """No property contains IDs."""


ID_TYPES: Mapping[IdKind, tuple[IdType, ...]] = {
    IdKind.object_id: (IdType.CloudId,),
    IdKind.at_domain: (IdType.PrincipalName, IdType.Email),
    IdKind.guest: (IdType.PrincipalName,),
    IdKind.claims: (),
    IdKind.login: (),
    IdKind.other: (),
}
"""The ID types that accept a kind of ID (inferred from their names and the vendor's article)."""


@dataclass(frozen=True, slots=True)
class IdKinds:
    """Numbers of IDs by kind.

    Attributes:
        counts: by kind, the most frequent first.
    """

    counts: Mapping[IdKind, int]

    @property
    def total(self) -> int:
        """The number of IDs."""
        return sum(self.counts.values())

    @property
    def most(self) -> IdKind | None:
        """The kind of all IDs except a few; None if they are mixed, or there are none."""
        kind = next(iter(self.counts), None)
        return kind if kind is not None and self.counts[kind] >= _MOST * self.total else None

    @property
    def id_types(self) -> tuple[IdType, ...]:
        """The ID types that accept all IDs except a few, the most common first."""
        return self._id_types(_MOST)

    @property
    def inferred(self) -> InferredIdType:
        """The ID type that accepts every ID, so that a file with these users can be queued."""
        if not self.total:
            return WITHOUT_IDS
        every = "the only ID" if self.total == 1 else f"all {self.total:,} IDs"
        types = self._id_types(1)
        if types == (IdType.CloudId,):
            return InferredIdType(types[0].name, f"{every} {_are(IdKind.object_id, self.total)}")
        if IdType.Email in types:
            because = f"{every} {_are(IdKind.at_domain, self.total)}, which fits Email and PrincipalName"
            return InferredIdType(IdType.Email.name, because)
        kinds = [kind for kind in IdKind if self.counts.get(kind)]
        if len(kinds) == 1:
            return InferredIdType(types[0].name if types else "", f"{every} {_are(kinds[0], self.total)}")
        numbers = [_are(kind, self.counts[kind], f"{self.counts[kind]:,} ") for kind in kinds]
        because = f"of {count(self.total, 'ID')} {listed(numbers)}"
        return InferredIdType(types[0].name if types else "", because)

    def _id_types(self, share: float) -> tuple[IdType, ...]:
        return tuple(
            id_type
            for id_type in (IdType.PrincipalName, IdType.CloudId, IdType.Email)
            if (accepted := sum(number for kind, number in self.counts.items() if id_type in ID_TYPES[kind]))
            and accepted >= share * self.total
        )


@dataclass(frozen=True, slots=True)
class InferredIdType:
    """The ID type for queueing a file, inferred from its IDs.

    Attributes:
        name: the service's name; empty if unclear.
        because: the reason, a clause.
    """

    name: str = ""
    because: str = "no record has an ID"


WITHOUT_IDS = InferredIdType()


class IdCounter:
    """Counts the kinds of IDs in JSON, many at once."""

    def __init__(self) -> None:
        """Begin without IDs."""
        self._counts: Counter[IdKind] = Counter()

    @property
    def kinds(self) -> IdKinds:
        """The kinds of the IDs that were added."""
        return IdKinds(dict(self._counts.most_common()))

    def add(self, tokens: Sequence[bytes]) -> None:
        """Add JSON values; null and blank strings don't count."""
        joined = b"".join(tokens)
        at_signs = joined.count(b"@")
        may_be_addresses = at_signs == len(tokens) and joined.isascii() and not _NOT_IN_ADDRESSES.search(joined)
        if may_be_addresses and all(b"@" in token for token in tokens):
            self._counts[IdKind.at_domain] += len(tokens)
        elif not at_signs and all(map(_GUID_TOKEN, tokens)):
            self._counts[IdKind.object_id] += len(tokens)
        else:
            others = [token for token in tokens if not _PLAIN_ADDRESS(token)]
            self._counts.update(kind_of(text) for token in others if (text := _text_of(token).strip()))
            if len(others) < len(tokens):
                self._counts[IdKind.at_domain] += len(tokens) - len(others)


def _text_of(token: bytes) -> str:
    if token.startswith(b'"'):
        return str(json.loads(token))
    return "" if token == b"null" else token.decode("utf-8", "replace")


def _are(kind: IdKind, number: int, shown: str = "") -> str:
    one, many = KIND_NOUNS[kind]
    return f"{shown}is {one}" if number == 1 else f"{shown}are {many}"


KIND_NOUNS = {
    IdKind.object_id: ("an object ID", N_("object IDs")),
    IdKind.at_domain: ("an address", N_("addresses")),
    IdKind.guest: ("a guest's user principal name", N_("guests' user principal names")),
    IdKind.claims: ("a claims name", N_("claims names")),
    IdKind.login: ("a login of the form DOMAIN\\name", N_("logins of the form DOMAIN\\name")),
    IdKind.other: ("neither an object ID nor an address", N_("neither object IDs nor addresses")),
}
"""One ID and several IDs of a kind, in words."""


@dataclass(frozen=True, slots=True)
class IdAdvice:
    """What to do if the service could resolve none of a source file's users.

    Attributes:
        finding: a clause about the IDs, such as "the IDs are object IDs".
        action: a clause in the imperative, such as "queue with the ID type CloudId".
        as_it_is: whether the records can stay unchanged.
    """

    finding: str
    action: str
    as_it_is: bool


def id_kinds(identities: Iterable[str]) -> IdKinds:
    """Count the kinds of IDs; blank ones don't count.

    >>> id_kinds(["ada@contoso.com", "Bob@contoso.com"]).most
    <IdKind.at_domain: 'at_domain'>
    """
    return IdKinds(dict(Counter(kind_of(text) for identity in identities if (text := identity.strip())).most_common()))


def kind_of(identity: str) -> IdKind:
    """Return the kind of an ID that isn't blank."""
    if _PLAIN_TEXT.fullmatch(identity):  # as most are: none of the others has an @ without a |, # or backslash
        return IdKind.at_domain
    if GUID.fullmatch(identity):
        return IdKind.object_id
    if _CLAIMS_PREFIX.match(identity):
        return IdKind.claims
    if _GUEST.fullmatch(identity):
        return IdKind.guest
    if _AT_A_DOMAIN.fullmatch(identity):
        return IdKind.at_domain
    return IdKind.login if _LOGIN.fullmatch(identity) else IdKind.other


def id_advice(kinds: IdKinds) -> IdAdvice:
    """Return what to do if the service could resolve none of the users with these IDs."""
    types = kinds.id_types
    if types == (IdType.CloudId,):
        return IdAdvice(_("the IDs are object IDs"), _("queue with the ID type CloudId"), as_it_is=True)
    if types == (IdType.PrincipalName,):
        return IdAdvice(
            _("the IDs are user principal names, some of guests"),
            _("queue with the ID type PrincipalName"),
            as_it_is=True,
        )
    if types:
        return IdAdvice(
            _("the IDs are user principal names or mail addresses"),
            _("queue with the ID type PrincipalName if the job used another one, else with Email"),
            as_it_is=True,
        )
    match kinds.most:
        case IdKind.claims:
            action = _("have the feed write only what follows the last |, and queue with the ID type PrincipalName")
            return IdAdvice(_("the IDs are claims names, which no ID type takes"), action, as_it_is=False)
        case IdKind.login:
            finding = _("the IDs are logins of the form DOMAIN\\name, which no ID type takes")
        case IdKind.other:
            finding = _("the IDs are neither object IDs nor names at a domain, and no ID type takes others")
        case _:
            return IdAdvice(
                _("the IDs are of several kinds, and a job takes only one"),
                _("have the feed write user principal names or object IDs for everyone"),
                as_it_is=False,
            )
    return IdAdvice(finding, _("have the feed write user principal names or object IDs"), as_it_is=False)


def missing_id_advice(missing: MissingId, name: str, kinds: IdKinds | None) -> IdAdvice:
    """Return what to do if the service found no ID in any record.

    Args:
        missing: the reason.
        name: the property that the records have instead, or that is empty in each of them.
        kinds: the kinds of its values, if it has any.
    """
    if missing is MissingId.empty:
        action = _("have the feed write {name}").format(name=name)
        return IdAdvice(_("it is empty in every record"), action, as_it_is=False)
    if missing is MissingId.dropped:
        return IdAdvice(_("no property of its records looks like one"), _("have the feed write the ID"), as_it_is=False)
    if kinds and kinds.most is IdKind.object_id:
        return IdAdvice(
            _("every record has {name}, and its values are object IDs").format(name=name),
            _(
                "set the ID property to {name} and the ID type to CloudId, or have the feed write the ID that the job"
                " was queued with"
            ).format(name=name),
            as_it_is=True,
        )
    return IdAdvice(
        _("every record has {name}, and the job was probably queued with another name (such as {other})").format(
            name=name, other=f"{name[:1].swapcase()}{name[1:]}"
        ),
        _("set the ID property to {name}").format(name=name),
        as_it_is=True,
    )
