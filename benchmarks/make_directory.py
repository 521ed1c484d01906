"""Directory exports of many users, and a feed with an ID for each of them, of which a few are wrong."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

USERS = 500_000
_FIRST = ("ada", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "niaj", "olivia", "peggy")
_LAST = ("king", "lovelace", "turing", "hopper", "curie", "noether", "gauss", "euler", "fermat", "pascal", "cantor")
_ENTRA = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,"
    "streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,alternateEmailAddress,"
    "ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,directorySynced,"
    "invitationState,identityIssuer,createdDateTime\n"
)
_ADMIN = (
    "Display name,DirSyncEnabled,User principal name,Object Id,First name,Last name,When created,Soft deletion time"
    " stamp,Title,Department,Preferred data location,City,CountryOrRegion,Office,StateOrProvince,Usage location,Last"
    " dirsync time,Block credential,Licenses,Password never expires,Last password change time stamp,Mobile Phone,Phone"
    " number,Postal code,Preferred language,Street address,Fax,Proxy addresses\n"
)
_WRONG = 0.004
"""The share of wrong IDs: misspelt, old ones, and object IDs."""


def make(folder: Path) -> tuple[Path, Path, Path]:
    """Return an export of the Entra admin center, one of the Microsoft 365 admin center, and a feed; made once."""
    entra, admin, feed = (folder / name for name in ("users-entra.csv", "users-admin.csv", "users-feed.json"))
    if feed.exists():
        return entra, admin, feed
    chance, between = random.Random(18), ",\n"
    unfinished = feed.with_suffix(".part")
    with (
        entra.open("w", encoding="utf-8") as one,
        admin.open("w", encoding="utf-8") as other,
        unfinished.open("w", encoding="utf-8") as source,
    ):
        one.write(_ENTRA)
        other.write(_ADMIN)
        source.write('{"value":[')
        for number in range(USERS):
            first, last = chance.choice(_FIRST), chance.choice(_LAST)
            name, key = f"{first}.{last}{number}@contoso.com", uuid.UUID(int=chance.getrandbits(128), version=4)
            old = f"{first}{number}@contoso.com"
            one.write(
                f'{name},{first} {last},{last},{name},{first},{key},Member,"Engineer, senior",Research,True,US,"1, Main'
                ' Street",WA,United States,Building 5,Redmond,98052,+1 425 555 0100,,,,,,Contoso,,True,,,8/19/2021'
                " 1:25:31 PM\n"
            )
            other.write(
                f'{first} {last},True,{name},{key},{first},{last},2022-03-18 19:49:35Z,,"Engineer, senior",Research,,'
                "Redmond,United States,Building 5,WA,US,2022-03-18 19:49:35Z,False,Microsoft 365 E5+Power BI,False,"
                f'2022-03-18 19:49:35Z,,,98052,en-US,"1, Main Street",,SMTP:{name}+smtp:{old}\n'
            )
            wrong = chance.random() < _WRONG
            identity = chance.choice([name[:3] + name[4:], name.replace("a", "o", 1), old, key]) if wrong else name
            source.write(f'{between if number else ""}{{"IdName":"{identity}","Office":"Building {number % 90}"}}')
        source.write("]}\n")
    unfinished.replace(feed)
    return entra, admin, feed
