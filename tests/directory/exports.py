"""Directory exports as the admin centers and tools write them, of the same few people."""

from __future__ import annotations

from dataclasses import dataclass

ENTRA = (
    "userPrincipalName,displayName,surname,mail,givenName,objectId,userType,jobTitle,department,accountEnabled,"
    "usageLocation,streetAddress,state,country,physicalDeliveryOfficeName,city,postalCode,telephoneNumber,mobile,"
    "authenticationAlternativePhoneNumber,authenticationEmail,alternateEmailAddress,ageGroup,consentProvidedForMinor,"
    "legalAgeGroupClassification"
)
ENTRA_REAL = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,"
    "streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,alternateEmailAddress,"
    "ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,directorySynced,"
    "invitationState,identityIssuer,createdDateTime"
)
ADMIN = (
    "Display name,DirSyncEnabled,User principal name,Object Id,First name,Last name,When created,Soft deletion time"
    " stamp,Title,Department,Preferred data location,City,CountryOrRegion,Office,StateOrProvince,Usage location,Last"
    " dirsync time,Block credential,Licenses,Password never expires,Last password change time stamp,Mobile Phone,Phone"
    " number,Postal code,Preferred language,Street address,Fax,Proxy addresses"
)
ADMIN_OLD = (
    "Block credential,City,Country/Region,Department,DirSyncEnabled,Display name,Fax,First name,Last dirsync time,Last"
    " name,Last password change time stamp,License assignment details,Licenses,Mobile Phone,Oath token meta data,Object"
    " Id,Office,Password never expires,Phone number,Postal code,Preferred data location,Preferred language,Proxy"
    " addresses,Release track,Soft deletion time stamp,State,Street address,Strong password required,Title,Usage"
    " location,User principal name,When created"
)
MG_USER = (
    "AboutMe,AccountEnabled,Activities,AgeGroup,AssignedLicenses,DeletedDateTime,DisplayName,Id,Mail,MailNickname,"
    "OtherMails,ProxyAddresses,UserPrincipalName,UserType,AdditionalProperties"
)
PNP = (
    "UserPrincipalName,DisplayName,Id,BusinessPhones,GivenName,JobTitle,Mail,MobilePhone,OfficeLocation,"
    "PreferredLanguage,Surname,AccountEnabled,AdditionalProperties"
)
M365 = "id,userPrincipalName,mail,accountEnabled,proxyAddresses,assignedLicenses,userType"

ADA = "15e91f38-3651-425f-810a-56e0fb00287a"
BOB = "25e91f38-3651-425f-810a-56e0fb00287b"
GUEST = "35e91f38-3651-425f-810a-56e0fb00287c"
GONE = "45e91f38-3651-425f-810a-56e0fb00287d"


@dataclass(frozen=True)
class User:
    name: str
    object_id: str
    mail: str = ""
    enabled: bool | None = True
    license: str = ""
    aliases: tuple[str, ...] = ()
    kind: str = ""
    deleted: str = ""


PEOPLE = (
    User("ada@contoso.com", ADA, "a.king@contoso.com", license="E3", aliases=("ada.l+x@contoso.com",), kind="Member"),
    User("bob@contoso.com", BOB, "bob@contoso.com", enabled=False, license="Unlicensed", kind="Member"),
    User("g_fabrikam.com#EXT#@contoso.onmicrosoft.com", GUEST, "g@fabrikam.com", license="Unlicensed", kind="Guest"),
)
DELETED = User("gone@contoso.com", GONE, "gone@contoso.com", deleted="2026-11-01 10:00:00Z")


def addresses(user: User, join: str) -> str:
    return join.join([*([f"SMTP:{user.mail}"] if user.mail else []), *(f"smtp:{one}" for one in user.aliases)])


def cells(user: User, join: str = "+") -> dict[str, str]:
    """Return a user's cells by each heading that we know."""
    enabled = "" if user.enabled is None else str(user.enabled)
    blocked = "" if user.enabled is None else str(not user.enabled)
    return {
        **dict.fromkeys(("userPrincipalName", "User principal name", "UserPrincipalName"), user.name),
        **dict.fromkeys(("objectId", "id", "Object Id", "Id"), user.object_id),
        **dict.fromkeys(("mail", "Mail"), user.mail),
        **dict.fromkeys(("accountEnabled", "AccountEnabled"), enabled),
        **dict.fromkeys(("userType", "UserType"), user.kind),
        **dict.fromkeys(("Proxy addresses", "ProxyAddresses", "proxyAddresses"), addresses(user, join)),
        **dict.fromkeys(("Licenses",), user.license),
        **dict.fromkeys(("assignedLicenses",), "[]" if user.license == "Unlicensed" else '[{"skuId":"x"}]'),
        "Block credential": blocked,
        "Soft deletion time stamp": user.deleted,
    }


def export(head: str, users: tuple[User, ...] = PEOPLE, *, separator: str = ",", join: str = "+") -> str:
    """Return an export with these headings; other cells are texts with blanks and separators."""
    rows = [head.split(",")]
    for user in users:
        known = cells(user, join)
        rows.append([known.get(heading, 'Engineer, "senior"; R&D') for heading in rows[0]])
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    return "\r\n".join(separator.join(row) for row in quoted) + "\r\n"
