"""A pull by a plain loop on one connection: ``requests_loop.py ADMIN SITE TOKEN CA JOBS OUT``.

The way goes by the environment (``HTTPS_PROXY``). It stops after so many jobs, and knows no faults.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote, unquote

import requests

ADMIN, SITE, TOKEN, CA, MOST_JOBS, OUT = sys.argv[1:]
JOBS = "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant/GetImportProfilePropertyJobs"


def path_of(uri: str) -> str:
    """The server-relative path of an address of the tenant."""
    path = uri.removeprefix(SITE)
    return path if " " in path else unquote(path)


def address(kind: str, path: str, call: str) -> str:
    """The call on a file or folder."""
    site = "/".join(path.split("/")[:3])
    argument = quote(path.replace("'", "''"), safe="")
    return f"{SITE}{quote(site)}/_api/web/get{kind}ByServerRelativePath(decodedUrl='{argument}'){call}"


with requests.Session() as session:
    session.verify = CA
    session.headers.update({"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"})

    def save(path: str) -> None:
        """Downloads one file."""
        with session.get(address("File", path, "/$value"), stream=True, verify=CA) as answer:
            answer.raise_for_status()
            target = Path(OUT) / path[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as stream:
                for chunk in answer.iter_content(1 << 20):
                    stream.write(chunk)

    for job in session.post(ADMIN + JOBS, verify=CA).json()["value"][: int(MOST_JOBS)]:
        source = path_of(job["SourceUri"])
        beside = f"{source.removesuffix('.json')}-{job['JobId']}-Logs"
        folder = path_of(job["LogFolderUri"]) or beside
        for file in session.get(address("Folder", folder, "/Files"), verify=CA).json()["value"]:
            save(f"{folder}/{file['Name']}")
        save(source)
