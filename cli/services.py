"""The processes behind the command line: sandbox, Prefect server, and the one that serves flows."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil
from tenacity import RetryError, retry, retry_if_result, stop_after_delay, wait_fixed

from schemas.errors import RunwuError

_GRACE = 10


@dataclass(frozen=True)
class Service:
    """A process we started; `started` tells it from another one that got the same pid."""

    name: str
    pid: int
    started: float
    url: str = ""
    fingerprint: str = ""

    def process(self) -> psutil.Process | None:
        """Return the living process, or None."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class Services:
    """The processes of one home folder: their records, logs and environment."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self._records = self.home / "services"
        self._logs = self.home / "logs"

    def running_as(self, name: str, fingerprint: str) -> Service | None:
        """Return a service that runs on this configuration; one on another is stopped."""
        found = self.running(name)
        if found is not None and found.fingerprint != fingerprint:
            self.stop(name)
            return None
        return found

    def running(self, name: str) -> Service | None:
        """Return a service that is alive."""
        record = self._records / f"{name}.json"
        if not record.exists():
            return None
        service = Service(**json.loads(record.read_text()))
        return service if service.process() else None

    def start(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        *,
        url: str,
        ready: Callable[[], bool],
        fingerprint: str = "",
        seconds: int = 90,
    ) -> Service:
        """Start a service detached from this terminal and wait until it is ready."""
        self._records.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [sys.executable, "-m", *command],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = psutil.Process(child.pid).create_time()
        service = Service(name, child.pid, started, url, fingerprint)
        (self._records / f"{name}.json").write_text(json.dumps(asdict(service)))

        def settled() -> bool:
            return child.poll() is not None or ready()

        wait = retry(
            retry=retry_if_result(lambda done: not done),
            stop=stop_after_delay(seconds),
            wait=wait_fixed(0.2),
        )
        try:
            wait(settled)()
        except RetryError as error:
            self.stop(name)
            raise RunwuError(f"{name} is not ready after {seconds} s; see {log}") from error
        if child.poll() is not None:
            raise RunwuError(f"{name} ended at once with code {child.returncode}; see {log}")
        return service

    def stop(self, name: str) -> bool:
        """Stop a service and all it started; return whether it was running."""
        service = self.running(name)
        (self._records / f"{name}.json").unlink(missing_ok=True)
        process = service.process() if service else None
        if process is None:
            return False
        family = [process, *process.children(recursive=True)]
        for one in family:
            _quietly(one.terminate)
        _, alive = psutil.wait_procs(family, timeout=_GRACE)
        for one in alive:
            _quietly(one.kill)
        return True


@contextmanager
def free_port(preferred: int) -> Iterator[int]:
    """
    Yield the preferred port of 127.0.0.1 if it is free, else any free one.

    Meanwhile nobody else who asks in this way gets it: two `runwu up` at once would else find the
    same one free. The UDP port of that number is the sign; it goes with the process that holds it.
    """
    for port in (preferred, 0):
        with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as sign:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                found: int = probe.getsockname()[1]
                sign.bind(("127.0.0.1", found))
            except OSError:
                continue
            probe.close()
            yield found
            return
    raise RunwuError("no port of 127.0.0.1 is free")


def answers(url: str) -> bool:
    """Tell whether a URL answers with success."""
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _quietly(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return
