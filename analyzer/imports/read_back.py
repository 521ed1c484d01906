"""Read the profiles of a sample of users, and compare them with the source file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.directory.accounts import principal_names
from analyzer.errors import AnalyzerError, FaultError, UsageError
from analyzer.imports.read_values import Verdict, compare
from analyzer.imports.verify_model import UserCheck, ValueCheck, VerifyResult
from analyzer.model.identity import IdKind, identity_key, kind_of
from analyzer.model.service import SYNCED_PROPERTIES, IdType
from analyzer.model.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from analyzer.directory.model import Directory
    from analyzer.imports.job_plan import JobPlan
    from analyzer.imports.updated_users import SourceRecord, UpdatedUsers
    from analyzer.model.text import Progress
    from analyzer.tenant.sharepoint.profiles import Profile

_SYNCED = frozenset(name.lower() for name in SYNCED_PROPERTIES)
_PRINCIPAL_NAME, _MAIL, _OBJECT_ID = "SPS-UserPrincipalName", "WorkEmail", "msOnline-ObjectId"
_OF_TYPE = {
    IdType.PrincipalName: (_PRINCIPAL_NAME,),
    IdType.Email: (_MAIL,),
    IdType.CloudId: (_OBJECT_ID,),
    None: (_PRINCIPAL_NAME, _MAIL),
}
"""The properties that show the user's ID of a type. An address of an unknown type has to be both."""
_FAULTS = 3
"""Users in a row who can't be read because of the tenant, after which the work ends."""


@dataclass
class ReadBack:
    """What is read, and how.

    Attributes:
        plan: what the job was queued with.
        read: returns the profile of an account name; None if there is none.
        directory: finds user principal names by other IDs; None without an export.
        progress: called with the number of users that were read, and of all.
    """

    plan: JobPlan
    read: Callable[[str], Profile | None]
    directory: Directory | None = None
    progress: Progress = field(default=lambda *_: None)

    def run(self, users: UpdatedUsers, number: int | None, seed: int) -> VerifyResult:
        """Read a sample; if that is interrupted, the result has what was read.

        Args:
            users: that the job is said to have updated.
            number: of users in the sample; None for all.
            seed: of the sample.

        Raises:
            UsageError: no profile can be looked up.
            InputError: the source file can't be read.
        """
        sample = list(users.sample(number, seed))
        result = VerifyResult(len(users), len(sample), seed)
        accounts = self._accounts([record.identity for record in sample])
        faults = 0
        try:
            for done, record in enumerate(sample):
                self.progress(done, len(sample), "")
                try:
                    result.checks.append(self._check(record, accounts))
                    faults = 0
                except FaultError as error:
                    faults += 1
                    if faults == _FAULTS:
                        raise
                    result.checks.append(UserCheck(record.identity, not_found=error.what))
        except (AnalyzerError, KeyboardInterrupt) as fault:
            result.fault = fault
        if self.plan.plan.property_map is None:
            result.remarks += _withdraw_guesses(result.checks)
        return result

    def _accounts(self, identities: Sequence[str]) -> Mapping[str, str]:
        """Return the account name to ask for, by ID; without those of users who can't be asked for.

        Raises:
            UsageError: there is none.
        """
        id_type = self.plan.plan.id_type
        known = {}
        if self.directory is not None and self.directory.can_look_up(id_type) and id_type is not IdType.PrincipalName:
            known = principal_names(identities, self.directory, id_type)
        others = (one for one in identities if one not in known)
        accounts = known | {one: one for one in others if kind_of(one) is not IdKind.object_id}
        if identities and not accounts:
            raise UsageError(
                "the IDs of the job are object IDs, and profiles are read by user principal name",
                "Specify an export of all users with --directory FILE.",
            )
        return accounts

    def _check(self, record: SourceRecord, accounts: Mapping[str, str]) -> UserCheck:
        account = accounts.get(record.identity)
        if account is None:
            where = "without a directory export" if self.directory is None else "in the directory export"
            return UserCheck(record.identity, not_found=f"its user principal name is unknown {where}")
        is_certain = self.plan.plan.id_type is IdType.PrincipalName or account != record.identity
        profile = self.read(account)
        if profile is None:
            if is_certain:
                return UserCheck(record.identity, missing=True)
            return UserCheck(record.identity, not_found="it isn't a user principal name, or there is no profile")
        other = self._other_user(profile, record.identity, account)
        if other:
            return UserCheck(record.identity, not_found=other)
        shown = (profile.get(name) or "" for name in (_PRINCIPAL_NAME, _MAIL, _OBJECT_ID))
        keys = frozenset(filter(None, map(identity_key, (record.identity, *shown))))
        return UserCheck(record.identity, list(self._values(record, profile)), keys)

    def _other_user(self, profile: Profile, identity: str, account: str) -> str:
        """Return why a profile isn't certainly that of the user that the job meant; empty if it is."""
        id_type = self.plan.plan.id_type
        if account == identity:
            names = _OF_TYPE[id_type]
        else:  # as the directory export says; an account with the name of an earlier one has another object ID
            names = (_OBJECT_ID,) if kind_of(identity) is IdKind.object_id else ()
        for name in names:
            shown = profile.get(name)
            if shown and identity_key(shown) != identity_key(identity):
                return f"the profile of that name has another {name}"
            if not shown and id_type is not IdType.PrincipalName:
                return f"the profile doesn't show {name}"
        return ""

    def _values(self, record: SourceRecord, profile: Profile) -> Iterator[ValueCheck]:
        for name, value in record.values.items():
            target = self.plan.profile_property(name)
            if target is None:
                continue
            found = profile.get(target)
            if found is None:
                yield ValueCheck(target, value, "", Verdict.unclear, note="profiles have no such property")
                continue
            note = "the directory sync writes it, too" if target.lower() in _SYNCED else ""
            yield ValueCheck(target, value, found, compare(value, found), note=note)


def _withdraw_guesses(checks: Sequence[UserCheck]) -> Iterator[str]:
    """Make values unclear whose property is the same for no user: it may be imported under another name.

    Yields:
        Sentences that name these properties.
    """
    verdicts: dict[str, Counter[Verdict]] = {}
    for value in (value for one in checks for value in one.values):
        verdicts.setdefault(value.property, Counter())[value.verdict] += 1
    guessed = [name for name, counts in verdicts.items() if counts[Verdict.differs] and not counts[Verdict.same]]
    for value in (value for one in checks for value in one.values if value.property in guessed):
        value.verdict, value.note = Verdict.unclear, "it may be imported as another property"
    if guessed:
        verb, them = ("differs", "it") if len(guessed) == 1 else ("differ", "them")
        yield (
            f"{listed(guessed)} {verb} for every user who was read, so the import may have written {them} to another"
            " property. Without a property map, that isn't counted as a difference."
        )
