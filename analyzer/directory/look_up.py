"""Look up IDs that a log could not resolve, and say what they are and what to do."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from analyzer.catalogue.check_findings import OTHER_ID_KIND
from analyzer.catalogue.directory_findings import (
    AMBIGUOUS_ID,
    DELETED_USER,
    DISABLED_USER,
    GUEST_ADDRESS,
    MISSPELT_ID,
    RENAMED_USER,
    UNKNOWN_USER,
    UNLICENSED_USER,
)
from analyzer.directory.match import resolutions
from analyzer.directory.model import Match
from analyzer.model.language import N_
from analyzer.model.language import gettext as _
from analyzer.model.service import IdType, LogCode
from analyzer.model.text import count, grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.directory.model import Directory, Resolution

UNRESOLVED: Final = LogCode.IdentityNotResolvable.value

KIND_OF: Final[Mapping[Match, FindingKind]] = MappingProxyType(
    {
        Match.other_kind: OTHER_ID_KIND,
        Match.renamed: RENAMED_USER,
        Match.deleted: DELETED_USER,
        Match.guest: GUEST_ADDRESS,
        Match.several: AMBIGUOUS_ID,
        Match.misspelt: MISSPELT_ID,
        Match.unknown: UNKNOWN_USER,
        Match.disabled: DISABLED_USER,
        Match.unlicensed: UNLICENSED_USER,
    }
)
"""The kind of finding for each match except ``found``."""

_WORDS: Mapping[Match, tuple[str, str]] = {
    Match.other_kind: (N_("is a user's, but of another kind"), N_("are users', but of another kind")),
    Match.renamed: (N_("is a further address of a user, such as an old one"), N_("are further addresses of users")),
    Match.guest: (N_("is the outside address of a guest"), N_("are outside addresses of guests")),
    Match.misspelt: (N_("is one letter from a user's"), N_("are one letter from a user's")),
    Match.deleted: (N_("is a deleted user's"), N_("are deleted users'")),
    Match.several: (N_("is an ID or address of several users"), N_("are IDs or addresses of several users")),
    Match.unknown: (N_("is not in the export"), N_("are not in the export")),
    Match.disabled: (N_("belongs to a disabled account"), N_("belong to disabled accounts")),
    Match.unlicensed: (N_("belongs to a user without a license"), N_("belong to users without a license")),
    Match.found: (N_("is in the export as it should be"), N_("are in the export as they should be")),
}
_WAIT = N_(
    "A new or renamed user reaches SharePoint after some hours: import these records again later, or queue with the ID"
    " type CloudId and object IDs."
)


@dataclass(frozen=True, slots=True)
class LookUp:
    """What IDs are among the users of an export.

    Attributes:
        directory: the export.
        by_identity: by ID.
        users: number of users that the job imported; None if unknown.
    """

    directory: Directory
    by_identity: Mapping[str, Resolution]
    users: int | None = None

    @property
    def digest(self) -> str:
        """A digest of what is known of the IDs, for pages that show it."""
        words = [(one.identity, one.match, one.proof) for one in self.by_identity.values()]
        return hashlib.blake2b(
            repr((words, [*self.remarks])).encode(errors="surrogatepass"), digest_size=16
        ).hexdigest()

    @property
    def sentences(self) -> Iterator[str]:
        """How many IDs are what, and what to do about them."""
        numbers = Counter(one.match for one in self.by_identity.values())
        for match, (one, many) in _WORDS.items():
            if number := numbers[match]:
                remedy = KIND_OF[match].remedy if match in KIND_OF else _WAIT
                yield f"{count(number, 'ID')} {_(one if number == 1 else many)}. {_(remedy)}"

    @property
    def remarks(self) -> Iterator[str]:
        """What the export can't tell, sentences."""
        if self.users is not None and len(self.directory.users) < self.users:
            text = _("{name} has {users}, the import had {imported}: it may be filtered. Export all users.")
            known, imported = count(len(self.directory.users), "user"), grouped(self.users)
            yield text.format(name=self.directory.name, users=known, imported=imported)
        yield from self.directory.remarks


def look_up(
    identities: Iterable[str], directory: Directory, id_type: IdType | None, users: int | None = None
) -> LookUp:
    """Look up IDs.

    Args:
        identities: IDs of a log.
        directory: the export.
        id_type: of the job; None if unknown. An export that lacks these IDs is used as if it were unknown.
        users: number of users that the job imported; None if unknown.
    """
    known = id_type if directory.can_look_up(id_type) else None
    distinct = dict.fromkeys(filter(str.strip, identities))
    return LookUp(directory, {one.identity: one for one in resolutions(distinct, directory, known)}, users)
