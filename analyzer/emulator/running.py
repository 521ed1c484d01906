"""The emulator from the outside: ``start`` it, ask it for what tests and the demo need, ``close`` it."""

from __future__ import annotations

import json
import math
import secrets
import signal
import tempfile
import threading
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.emulator.api import Api
from analyzer.emulator.app import App
from analyzer.emulator.clock import ServiceClock
from analyzer.emulator.digest import Digests
from analyzer.emulator.entra.authority import Authority
from analyzer.emulator.entra.directory import Application, Directory
from analyzer.emulator.entra.tokens import ALL_ROLES, Tokens
from analyzer.emulator.file_versions import LibrarySettings
from analyzer.emulator.import_run import Surroundings
from analyzer.emulator.jobs import Jobs
from analyzer.emulator.large_library import CrowdedStorage
from analyzer.emulator.library import age_sources, copy_library, imports_folder, load_jobs, load_settings
from analyzer.emulator.model import EmulatorError
from analyzer.emulator.people_throttle import PEOPLE_LIMIT, PeopleThrottle
from analyzer.emulator.profile_calls import ProfileCalls
from analyzer.emulator.profiles import ProfileStore, User
from analyzer.emulator.scenarios import behaviour
from analyzer.emulator.server import Server, bind
from analyzer.emulator.states import Lock
from analyzer.emulator.storage import Storage
from analyzer.emulator.tenant_calls import TenantCalls
from analyzer.emulator.uris import admin_host, split_uri
from analyzer.emulator.users import load_store
from analyzer.emulator.web_calls import WebCalls
from analyzer.emulator.webs import Webs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import FrameType, TracebackType
    from typing import Self

    from analyzer.emulator.scenarios import Behaviour

TENANT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "contoso.com"))
CLIENT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "upa-analyzer.contoso.com"))
_LONG = 366 * 86400.0
_LISTEN_TO_SIGNALS = 0.5


class RunningEmulator:
    """A tenant that answers.

    Attributes:
        ready: what the command prints when it is ready: ``admin_url``, ``site_url``, ``library_url``, ``token``,
            ``ca_file``, ``tenant_id``, ``client_id``, ``authority``.
        people: counts the calls on profiles in each window, and those that were refused.
        jobs: the job list; ``advance`` it before you look.
        storage: the files of the sites.
        admin_storage: the files of the admin site, where it is asked by its own name (``known_as``).
        application: what the authority knows of the application; certificates and secrets may be added.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the arguments of ``start``
        self,
        library: Path,
        port: int,
        speed: float,
        clock: Callable[[], float],
        scenarios: Collection[str],
        known_as: str,
        people_limit: int,
        started: datetime | None,
    ) -> None:
        """Starts; see ``start``."""
        chosen = behaviour(scenarios)
        with ExitStack() as stack:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="upa-emulator-", ignore_cleanup_errors=True)
            )
            home = Path(folder)
            copy_library(library, home / "tenant")
            (home / "spool").mkdir()
            files = CrowdedStorage if chosen.is_crowded else Storage
            sockets = stack.enter_context(bind(port))
            port = sockets[0].getsockname()[1]
            origin = f"https://localhost:{port}"
            files_at = known_as or origin
            named = split_uri(files_at)[0]
            service_clock = ServiceClock(speed, clock, started or datetime.now(UTC))
            self.storage = files(home / "tenant", home / "spool", origin=files_at, now=service_clock.now)
            (home / "admin").mkdir()
            admin_at = f"https://{admin_host(named)}"
            self.admin_storage = files(home / "admin", home / "spool", "admin", admin_at, service_clock.now)
            for storage in (self.storage, self.admin_storage):
                storage.states.of("").is_retained = chosen.is_retained
                storage.states.of("").settings = LibrarySettings(
                    chosen.forces_checkout, chosen.keeps_drafts, chosen.needs_approval
                )
                storage.make_folder("/Shared Documents")  # as each site has one
            loaded = load_jobs(library, files_at)
            age_sources(loaded, self.storage)
            settings = load_settings(library)
            self._store = load_store(library, settings, self.storage)
            hosts = frozenset({f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"})
            surroundings = Surroundings(
                self._store, self.storage, files_at, hosts | {named, admin_host(named)}, chosen, self.admin_storage
            )
            self.people = PeopleThrottle(service_clock, people_limit)
            self.jobs = Jobs(loaded, surroundings, service_clock)
            self.application = Application(CLIENT_ID)
            self.application.configure(settings)
            directory = Directory(TENANT_ID, self.application, hosts)
            key = secrets.token_bytes(32)
            self._tokens = Tokens(key, TENANT_ID, CLIENT_ID, time.time, everywhere=origin, strict=chosen.is_strict)
            webs = Webs(chosen.subwebs)
            imports = imports_folder(loaded, self.storage)
            self.ready = self._ready(origin, webs.of(imports), imports, home / "ca.pem")
            app = self._app(origin, home / "spool", Authority(directory, self._tokens), chosen, webs)
            stack.enter_context(Server(app, home, sockets))
            self._running = stack.pop_all()

    @property
    def store(self) -> ProfileStore:
        """The profiles, as they are by the service's clock."""
        self.jobs.advance()
        return self._store

    def add_user(self, *, mail: str, object_id: str, user_principal_name: str, after: float = 0.0) -> None:
        """Make a user known, as an administrator does in Entra ID.

        Args:
            mail: of the user.
            object_id: of the user.
            user_principal_name: of the user.
            after: service seconds until imports find it, as the directory sync takes up to a day.
        """
        user = User(mail=mail, object_id=object_id, user_principal_name=user_principal_name, values={})
        self.jobs.add_user(user, after)

    def lock(self, path: str, holder: str, *, shared: bool = True) -> None:
        """Lock a file or folder of the sites, as Office does while somebody edits it (shared) or a program (not)."""
        self.storage.states.of(path).lock = Lock(holder, shared)

    def unlock(self, path: str) -> None:
        """End the lock on a file or folder of the sites."""
        self.storage.states.of(path).lock = None

    def check_out(self, path: str, holder: str) -> None:
        """Check a file of the sites out for a person, who isn't the application."""
        self.storage.states.of(path).version.checked_out_by = holder

    def configure(self, path: str, settings: LibrarySettings) -> None:
        """Give a document library of the sites settings; files that are there already are checked in and published."""
        self.storage.states.of(path).settings = settings

    def retain(self, path: str, *, on: bool = True) -> None:
        """Put a retention policy into force for a folder of the sites and all in it; or end it."""
        self.storage.states.of(path).is_retained = on

    def label(self, path: str, *, on: bool = True) -> None:
        """Give a file of the sites a retention label that keeps it from being removed; or take it away."""
        self.storage.states.of(path).is_labelled = on

    def token_for(self, roles: Collection[str], *, lifetime: float = _LONG) -> str:
        """A bearer token with these permissions alone, good for ``lifetime`` seconds."""
        return self._tokens.issue(self.ready["admin_url"], roles, lifetime)

    def close(self) -> None:
        """Stops answering and removes the copy of the library; a second call does nothing."""
        self._running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self, origin: str, site: str, imports: str, ca_file: Path) -> dict[str, str]:
        return {
            "admin_url": origin,
            "site_url": origin + site,
            "library_url": origin + imports,
            "token": self._tokens.issue(origin, ALL_ROLES, _LONG),
            "ca_file": str(ca_file),
            "tenant_id": TENANT_ID,
            "client_id": CLIENT_ID,
            "authority": origin,
        }

    def _app(self, origin: str, spool: Path, authority: Authority, chosen: Behaviour, webs: Webs) -> App:
        tenant_calls = TenantCalls(self.jobs, self._store, uuid.uuid4, chosen)
        digests = Digests(secrets.token_bytes(32), time.time)
        api = Api(
            WebCalls(self.storage, webs),
            WebCalls(self.admin_storage, webs),
            tenant_calls,
            ProfileCalls(self._store, self.people, self.storage.now),
            digests,
        )
        return App(api, authority, self._tokens, origin=origin, spool=spool, now=time.time, advance=self.jobs.advance)


def start(  # noqa: PLR0913 - what may be asked for
    library: Path,
    *,
    port: int = 0,
    speed: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    scenarios: Collection[str] = (),
    known_as: str = "",
    people_limit: int = PEOPLE_LIMIT,
    started: datetime | None = None,
) -> RunningEmulator:
    """Starts a tenant on the loopback, which answers when this returns.

    Args:
        library: a library folder; it is copied, never written to.
        port: 0 for any that is free.
        speed: how many times as fast the service's clock runs.
        clock: real seconds from any beginning.
        scenarios: names of ``scenarios.SCENARIOS``.
        known_as: where its sites are for those who reach it through a proxy, as ``https://contoso.sharepoint.com``:
            the addresses of jobs are moved there, and source files there are the tenant's. The admin site beside it,
            ``https://contoso-admin.sharepoint.com``, has files of its own. Empty for the emulator's own origin.
        people_limit: calls of ``SP.UserProfiles.PeopleManager`` in five minutes of the service's clock; more are
            answered with 429.
        started: what a wall clock shows when this is called (UTC); None for the system's time.

    Returns:
        The emulator; close it, or use it as a context.

    Raises:
        EmulatorError: the library cannot be used, the port is in use, or a scenario is unknown.
    """
    if not 0 < speed < math.inf:
        raise EmulatorError(f"the clock cannot run {speed} times as fast; give a speed above 0")
    return RunningEmulator(library, port, speed, clock, scenarios, known_as, people_limit, started)


def serve(
    library: Path, port: int, speed: float, out: Callable[[str], None], *, scenarios: Collection[str] = ()
) -> None:
    """Runs a tenant until SIGINT or SIGTERM; tells ``out`` the JSON line once it answers. For the main thread.

    Raises:
        EmulatorError: as ``start`` does.
    """
    stop = threading.Event()

    def stop_on(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    earlier = {number: signal.signal(number, stop_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with start(library, port=port, speed=speed, scenarios=scenarios) as emulator:
            out(json.dumps(emulator.ready))
            # In turns, because on Windows a wait without an end hears no signal.
            while not stop.wait(_LISTEN_TO_SIGNALS):
                pass
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
