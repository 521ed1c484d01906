"""``kill -9`` of ``queue --heal`` at a hundred random moments, and what the tenant got in the end.

Each round imports a file in three parts, some of whose users have no account at first or fail by a deadlock, and some
of whose jobs fail by themselves. The command is killed several times, and then started until nothing is left to do. A
day passes in two seconds (``heal_runner.py``). The tenant may take a call that queues up to three and a half seconds
after its sender died.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heal_runner import FACTOR, FastClock
from pulling import none, row

from analyzer.emulator import start
from analyzer.model.service import IdType, JobError
from tests.emulator.client import FOLDER, write_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.emulator import RunningEmulator
    from analyzer.emulator.jobs import Job

KILLS, A_ROUND, SEED = 100, 5, 19
VALUES = 5
"""Property values in a part."""
SETTLING = 5.0
"""Real seconds after a call that queues in which its job may still appear."""
_LATEST = 3.5
"""Seconds after its sender died in which the tenant may queue a job: longer than the next process takes to ask."""
_JOB_SECONDS = 0.4
_USUAL = 5.0
_MOST_STARTS, _MOST_SECONDS = 25, 120
_FAILING, _LARGE = 0.4, 0.2
"""Shares of the rounds in which a job fails by itself, and of those with large files."""
_FAT = 2_400_000
"""Bytes of a record's value in some rounds, so that an upload takes several chunks."""
RUNNER = Path(__file__).with_name("heal_runner.py")
_AFTER_PULL = 1.5
"""Seconds after a log was listed in which the report is written."""
MOMENTS = (
    *("moment", "moment", "moment"),
    *("uploading", "uploaded", "queueing", "queued", "watching", "listing jobs", "after a pull", "after a pull"),
)


@dataclass
class Kill:
    """When a process is killed: at a random moment, or at a call that the tenant gets."""

    kind: str
    moment: float
    call: int
    process: subprocess.Popen[str] | None = None
    done: bool = False

    def at(self, kind: str) -> None:
        """Kill if this is the call."""
        if self.kind == kind and not self.done:
            self.call -= 1
            if self.call == 0 and kind == "after a pull":
                threading.Timer(self.moment / _USUAL * _AFTER_PULL, self.now).start()
            elif self.call <= 0:
                self.now()

    def now(self) -> None:
        """Kill."""
        if self.process is not None and self.process.poll() is None:
            self.done = True
            self.process.kill()


@dataclass
class Round:
    """One file, from its first import until nothing is left to do."""

    folder: Path
    random: random.Random
    found: Counter[str] = field(default_factory=Counter)
    kill: Kill | None = None
    emulator: RunningEmulator = field(init=False)

    def __post_init__(self) -> None:
        """Choose the users and what fails."""
        self.zero = time.time()
        self.users = [str(uuid.UUID(int=self.random.getrandbits(128), version=4)) for _ in range(3 * VALUES - 2)]
        self.late = self.random.sample(self.users, 2)
        self.failing = {self.random.randrange(1, 5)} if self.random.random() < _FAILING else set()
        self.queued = 0
        self.last = ""

    def run(self, kills: int) -> None:
        """Import and kill; then check what the tenant has."""
        library = write_library(self.folder / "tenant")
        (library / "emulator.json").write_text('{"users": [], "properties": [{"name": "AboutMe"}]}', encoding="utf-8")
        clock = FastClock(self.zero)
        speed = 120 / (_JOB_SECONDS * FACTOR)
        with start(library, clock=clock.monotonic, speed=speed, started=clock.now()) as self.emulator:
            for user in self.users:
                if user not in self.late:
                    self._appear(user)
            for user in self.random.sample(self.users, 2):
                if user not in self.late:
                    self._profile(user).deadlocks = self.random.randint(0, 1)
            self._hook()
            self._configure()
            self._start_until_done(kills)
            time.sleep(_LATEST)
            self._check()

    def _start_until_done(self, kills: int) -> None:
        for _ in range(_MOST_STARTS):
            moment = self.random.uniform(0.2, _USUAL)
            call = self.random.randint(1, 3)
            self.kill = Kill(self.random.choice(MOMENTS), moment, call) if kills > 0 else None
            code, out = self._command()
            if self.kill is not None and self.kill.done:
                kills -= 1
                self.found["kills"] += 1
                self.found[f"kills at: {self.kill.kind}"] += 1
                self.found[f"kills while: {self._stage()}"] += 1
                continue
            self.found["continued"] += self.found["kills"] > 0
            if code not in {0, 1}:
                self.found["blocked"] += 1
                print(f"    exit code {code}: {out[-400:]}")
                continue
            due = [one["next_retry"]["due"] for one in json.loads(out)["healing"] if one["next_retry"]]
            if not due:
                self.last = out
                return
            time.sleep(1.0)  # half a day
        self.found["never ended"] += 1

    def _command(self) -> tuple[int, str]:
        settings = [str(self.zero), str(VALUES), str(SETTLING)]
        command = [sys.executable, str(RUNNER), *settings, "--json", "queue", "hr-feed.json", "--heal", "6"]
        environment = {**os.environ, "UPA_TOKEN": self.emulator.ready["token"], "XDG_CONFIG_HOME": str(self.folder)}
        with subprocess.Popen(
            command,
            cwd=self.folder / "data",
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            kill, wait = self.kill, float(_MOST_SECONDS)
            if kill is not None:
                kill.process = process
                wait = kill.moment if kill.kind == "moment" else wait
            try:
                out, words = process.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                if kill is not None and kill.kind == "moment":
                    kill.now()
                else:
                    process.kill()
                out, words = process.communicate()
        return process.returncode, out if process.returncode in {0, 1} and out.strip() else words

    def _hook(self) -> None:
        """Let the tenant kill the process at calls, take some calls late, and fail some jobs."""
        jobs, storage = self.emulator.jobs, self.emulator.storage
        queue = jobs.queue

        def late_queue(request: Any) -> Job:  # noqa: ANN401 - as the tenant passes it
            self._at("queueing")
            if self.kill is not None and self.kill.done:
                time.sleep(self.random.uniform(0, _LATEST))
            if "-retry-" in request.source_uri:
                self._let_the_late_appear()
            job = queue(request)
            self.queued += 1
            if self.queued in self.failing:
                jobs.fail(job.job_id)
            self._at("queued")
            return job

        jobs.queue = late_queue  # type: ignore[method-assign]
        self._hook_call(storage, "add", "uploading", "uploaded")
        self._hook_call(jobs, "listed", "listing jobs", "")
        self._hook_call(storage, "files", "", "after a pull")
        self._hook_call(jobs, "job", "", "watching")

    def _hook_call(self, owner: object, name: str, before: str, after: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def hooked(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - of any call
            self._at(before)
            result = real(*arguments, **options)
            self._at(after)
            return result

        setattr(owner, name, hooked)

    def _at(self, kind: str) -> None:
        if self.kill is not None and threading.current_thread() is not threading.main_thread():
            self.kill.at(kind)

    def _configure(self) -> None:
        data = self.folder / "data"
        data.mkdir()
        ready = self.emulator.ready
        (data / "upa-analyzer.toml").write_text(
            f'[tenants.contoso]\nadmin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
            f'[tenants.contoso.feeds.hr-feed]\nmatch = "hr-feed*.json"\nfolder = "{FOLDER}"\nid_type = "CloudId"\n'
            'id_property = "IdName"\nproperties = { About = "AboutMe" }\n',
            encoding="utf-8",
        )
        is_fat = self.random.random() < _LARGE
        self.found["rounds with large files"] += is_fat
        text = "x" * _FAT if is_fat else ""
        records = [{"IdName": user, "About": f"{user}{text}"} for user in self.users]
        (data / "hr-feed.json").write_text(json.dumps({"value": records}), encoding="utf-8")

    def _stage(self) -> str:
        """Return what the process was doing when it died, by its records."""
        imports = self.folder / "data" / "upa-data" / "contoso" / "imports"
        records = [json.loads(path.read_bytes()) for path in imports.rglob("import.json")]
        if not records:
            return "before a record"
        record = max(records, key=lambda one: one["created_at"])
        of = "retry: " if record.get("retry_of") else ""
        for part in record["parts"]:
            if not part.get("uploaded_at"):
                return of + ("in an upload" if part.get("upload_id") else "before an upload")
            if not part.get("job_id"):
                return of + ("between call and answer" if part.get("queueing_at") else "before the call")
            if not part.get("ended_at"):
                return of + "waiting for a job"
        return of + "pull and report"

    def _check(self) -> None:
        """Compare what the tenant has with what was to be imported."""
        self._at = lambda _: None  # type: ignore[method-assign,assignment]
        written: Counter[str] = Counter()
        in_runs: Counter[str] = Counter()
        names: Counter[str] = Counter()
        for job, sent, failed in self._jobs():
            names[job.source_uri] += 1
            if "-retry-" in job.source_uri:
                self.found["retries"] += 1
                self.found["users in a retry who weren't open"] += sum(1 for user in sent if written[user])
            else:
                in_runs.update(sent)
            written.update(user for user in sent if user not in failed)
        self.found["jobs"] += names.total()
        self.found["duplicates"] += sum(number - 1 for number in names.values())
        self.found["duplicates"] += sum(number - 1 for number in in_runs.values() if number > 1)
        self.found["written twice"] += sum(number - 1 for number in written.values() if number > 1)
        profiles = {user: self._profile(user) for user in self.users}
        left = [
            user
            for user, found in profiles.items()
            if not found or not found.values.get("AboutMe", "").startswith(user)
        ]
        self.found["left out"] += len(left)
        if left:
            print(f"    left out: {left}; {self.last[self.last.find('healing') :]}", flush=True)
        self.found["users"] += len(self.users)
        self.found["rounds"] += 1

    def _jobs(self) -> Iterator[tuple[Job, list[str], set[str]]]:
        """Yield each job with its users, and those that it didn't update."""
        self.emulator.jobs.advance()
        for job in self.emulator.jobs.listed():
            source = self._content(f"{FOLDER}/{job.source_uri.rpartition('/')[2]}")
            sent = [record["IdName"] for record in json.loads(source)["value"]]
            failed: set[str] = set() if job.error == JobError.NoError else set(sent)
            if job.error == JobError.ImportCompleteWithError:
                folder = job.log_folder_uri.removeprefix(self.emulator.ready["admin_url"])
                (log,) = (self._content(one.path) for one in self.emulator.storage.files(folder))
                failed = {user for user in sent if user in log}
            yield job, sent, failed

    def _content(self, path: str) -> str:
        place = self.emulator.storage.place(path)
        return place.read_text("utf-8-sig") if place else ""

    def _let_the_late_appear(self) -> None:
        """Create the accounts of those who failed because they had none."""
        failed = {
            user for job, _, failed in self._jobs() if job.error == JobError.ImportCompleteWithError for user in failed
        }
        for user in self.late:
            if user in failed and self._profile(user) is None:
                self._appear(user)

    def _appear(self, user: str) -> None:
        self.emulator.add_user(mail=f"{user}@contoso.com", object_id=user, user_principal_name=f"{user}@contoso.com")

    def _profile(self, user: str) -> Any:  # noqa: ANN401 - the tenant's
        return self.emulator.store.user(IdType.CloudId, user)


def measure(kills: int, seed: int) -> None:
    """Run rounds until the command was killed so many times, and print the figures."""
    print(f"kill -9 of queue --heal: {kills} moments; seed {seed}", flush=True)
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    while found["kills"] < kills:
        with tempfile.TemporaryDirectory(prefix="upa-heal-") as folder:
            one = Round(Path(folder), random.Random(chance.random()))
            one.run(min(A_ROUND, kills - found["kills"]))
        found += one.found
        if any(one.found[name] for name in BAD):
            print(f"    round {found['rounds']}: {dict(one.found)}", flush=True)
    row("kills", f"{found['kills']:,}")
    for name in sorted(name for name in found if name.startswith("kills ")):
        row(f"  {name.removeprefix('kills ')}", f"{found[name]:,}")
    row("rounds; with large files", f"{found['rounds']:,}; {found['rounds with large files']:,}")
    row("jobs; retries among them", f"{found['jobs']:,}; {found['retries']:,}")
    row("users", f"{found['users']:,}")
    for name in BAD:
        none(name, found[name])


BAD = (
    "duplicates",
    "written twice",
    "users in a retry who weren't open",
    "left out",
    "blocked",
    "never ended",
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Kill queue --heal.")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=SEED)
    told = parser.parse_args()
    measure(told.kills, told.seed)
