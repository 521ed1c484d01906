"""``SP.UserProfiles.PeopleManager``: what a profile says, as clients read it.

Fields, names of properties, and that each value is text were recorded of the service (pnp/pnpcore), as was the form of
dates and truth values. That an unknown user is null was recorded of other calls only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from analyzer.emulator.content import Collection, Entity, Primitive, Texts
from analyzer.emulator.model import Reply, no_resource, wrong_verb
from analyzer.emulator.values import CLAIMS, shown
from analyzer.model.service import IdType

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.people_throttle import PeopleThrottle
    from analyzer.emulator.profiles import ProfileStore, User

PEOPLE_MANAGER: Final = "sp.userprofiles.peoplemanager"

BUILT_IN: Final = (
    *("UserProfile_GUID", "SID", "ADGuid", "AccountName", "FirstName", "SPS-PhoneticFirstName", "LastName"),
    *("SPS-PhoneticLastName", "PreferredName", "SPS-PhoneticDisplayName", "WorkPhone", "Department", "Title"),
    *("SPS-Department", "Manager", "AboutMe", "PersonalSpace", "PictureURL", "UserName", "QuickLinks", "WebSite"),
    *("PublicSiteRedirect", "SPS-JobTitle", "SPS-DataSource", "SPS-MemberOf", "SPS-Dotted-line", "SPS-Peers"),
    *("SPS-Responsibility", "SPS-SipAddress", "SPS-MySiteUpgrade", "SPS-DontSuggestList", "SPS-ProxyAddresses"),
    *("SPS-HireDate", "SPS-DisplayOrder", "SPS-ClaimID", "SPS-ClaimProviderID", "SPS-LastColleagueAdded"),
    *("SPS-OWAUrl", "SPS-ResourceSID", "SPS-ResourceAccountName", "SPS-MasterAccountName", "SPS-UserPrincipalName"),
    *("SPS-O15FirstRunExperience", "SPS-PersonalSiteInstantiationState", "SPS-DistinguishedName"),
    *("SPS-SourceObjectDN", "SPS-LastKeywordAdded", "SPS-ClaimProviderType", "SPS-SavedAccountName", "SPS-SavedSID"),
    *("SPS-ObjectExists", "SPS-PersonalSiteCapabilities", "SPS-PersonalSiteFirstCreationTime"),
    *("SPS-PersonalSiteLastCreationTime", "SPS-PersonalSiteNumberOfRetries", "SPS-PersonalSiteFirstCreationError"),
    *("SPS-FeedIdentifier", "WorkEmail", "CellPhone", "Fax", "HomePhone", "Office", "SPS-Location", "Assistant"),
    *("SPS-PastProjects", "SPS-Skills", "SPS-School", "SPS-Birthday", "SPS-StatusNotes", "SPS-Interests"),
    *("SPS-HashTags", "SPS-EmailOptin", "SPS-PrivacyPeople", "SPS-PrivacyActivity", "SPS-PictureTimestamp"),
    *("SPS-PicturePlaceholderState", "SPS-PictureExchangeSyncState", "SPS-MUILanguages", "SPS-ContentLanguages"),
    *("SPS-TimeZone", "SPS-RegionalSettings-FollowWeb", "SPS-Locale", "SPS-CalendarType", "SPS-AltCalendarType"),
    *("SPS-AdjustHijriDays", "SPS-ShowWeeks", "SPS-WorkDays", "SPS-WorkDayStartHour", "SPS-WorkDayEndHour"),
    *("SPS-Time24", "SPS-FirstDayOfWeek", "SPS-FirstWeekOfYear", "SPS-RegionalSettings-Initialized"),
    *("OfficeGraphEnabled", "SPS-UserType", "SPS-HideFromAddressLists", "SPS-RecipientTypeDetails", "DelveFlags"),
    *("PulseMRUPeople", "msOnline-ObjectId", "SPS-PointPublishingUrl", "SPS-TenantInstanceId"),
    *("SPS-SharePointHomeExperienceState", "SPS-RefreshToken", "SPS-MultiGeoFlags", "PreferredDataLocation"),
)
"""The properties of every profile, set or not, in the recorded order; the tenant's own ones follow."""


class ProfileCalls:
    """Answers calls on the profiles."""

    def __init__(self, store: ProfileStore, throttle: PeopleThrottle, now: Callable[[], datetime]) -> None:
        """Read from profiles.

        Args:
            store: the profiles.
            throttle: counts the calls, and refuses those that are too many.
            now: UTC, by the service's clock.
        """
        self._store = store
        self._throttle = throttle
        self._now = now
        self._by_name = {
            "getpropertiesfor": self._properties,
            "getuserprofilepropertyfor": self._property,
        }

    def answer(self, call: Call) -> Reply:
        """The reply to a call whose first segment is ``SP.UserProfiles.PeopleManager``.

        Clients ask with GET and with POST (both seen).

        Raises:
            ServiceError: 404, there is no such call; 400, it names no account; 405; 429.
        """
        last = call.segments[-1]
        if len(call.segments) != len((PEOPLE_MANAGER, last)) or last.key not in self._by_name:
            raise no_resource(last.name)
        if call.verb not in {"GET", "POST"}:
            raise wrong_verb(call.verb, last.name)
        self._throttle.count()
        return self._by_name[last.key](call, last)

    def _properties(self, call: Call, segment: Segment) -> Reply:
        user = self._store.user(IdType.PrincipalName, call.argument(segment, "accountname"))
        return Reply(Primitive("GetPropertiesFor", None) if user is None else self._person(user))

    def _property(self, call: Call, segment: Segment) -> Reply:
        """One value (seen); null for an unknown user, empty for an unknown property (inferred)."""
        user = self._store.user(IdType.PrincipalName, call.argument(segment, "accountname"))
        name = (segment.arguments.get("#1") or call.argument(segment, "propertyname")).lower()
        values = {} if user is None else {key.lower(): value for key, value in self._values(user).items()}
        return Reply(Primitive("GetUserProfilePropertyFor", None if user is None else values.get(name, "")))

    def _person(self, user: User) -> Entity:
        account = CLAIMS + user.user_principal_name
        name = user.user_principal_name.partition("@")[0]
        pairs = [
            Entity({"Key": key, "Value": value, "ValueType": "Edm.String"}, kind="SP.KeyValue")
            for key, value in self._values(user).items()
        ]
        fields = {
            "AccountName": account,
            "DirectReports": Texts(),
            "DisplayName": name,
            "Email": user.mail,
            "ExtendedManagers": Texts(),
            "ExtendedReports": Texts([account]),
            "IsFollowed": False,
            "LatestPost": None,
            "Peers": Texts(),
            "PersonalSiteHostUrl": "",
            "PersonalUrl": "",
            "PictureUrl": None,
            "Title": None,
            "UserProfileProperties": Collection(pairs),
            "UserUrl": "",
        }
        link = f"SP.UserProfiles.PeopleManager/getpropertiesfor(accountname='{quote(account)}')"
        return Entity(fields, kind="SP.UserProfiles.PersonProperties", link=link)

    def _values(self, user: User) -> dict[str, str]:
        """Every property, those of the tenant last; an unset one is empty."""
        known = {
            "UserProfile_GUID": str(uuid5(NAMESPACE_URL, user.user_principal_name)),
            "AccountName": CLAIMS + user.user_principal_name,
            "PreferredName": user.user_principal_name.partition("@")[0],
            "UserName": user.user_principal_name,
            "SPS-ClaimID": user.user_principal_name,
            "SPS-UserPrincipalName": user.user_principal_name,
            "SPS-UserType": "0",
            "WorkEmail": user.mail,
            "msOnline-ObjectId": user.object_id,
        }
        spellings = {name.lower(): name for name in BUILT_IN}
        values = {name: known.get(name, "") for name in BUILT_IN}
        for name, value in [*((name, "") for name in self._store.property_names()), *user.values.items()]:
            spelled = spellings.setdefault(name.lower(), name)
            text = shown(value, self._store.property(name), self._store, self._now().year)
            values[spelled] = text or values.get(spelled, "")
        return values
