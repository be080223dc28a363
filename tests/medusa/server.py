"""A Medusa 2 server of our own: installed by npm, on a PostgreSQL of its own, on the loopback."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".runwu" / "medusa"
ADMIN, PASSWORD = "admin@example.com", "rehearsal-only"
QUIET = {
    "MEDUSA_DISABLE_TELEMETRY": "1",
    "NO_UPDATE_NOTIFIER": "1",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    "NODE_ENV": "production",
}


@contextmanager
def running_medusa() -> Iterator[str]:
    """Yield the address of a fresh, empty shop with one administrator."""
    app = installed()
    with running_postgres() as database_url, TemporaryDirectory(prefix="runwu-medusa-") as logs:
        environment = {**os.environ, **QUIET, "DATABASE_URL": database_url}
        medusa(app, environment, "db:migrate")
        medusa(app, environment, "user", "--email", ADMIN, "--password", PASSWORD)
        port = free_port()
        with (Path(logs) / "medusa.log").open("w+") as log:
            server = subprocess.Popen(
                [app / "node_modules/.bin/medusa", "start", "-H", "127.0.0.1", "-p", str(port)],
                cwd=app,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                wait_until_healthy(f"http://127.0.0.1:{port}", server, Path(log.name))
                yield f"http://127.0.0.1:{port}"
            finally:
                stop(server)


def installed() -> Path:
    """Return the folder of the installed backend; npm fills it when package.json changed."""
    npm = shutil.which("npm")
    assert npm, "npm is missing; make medusa needs Node.js 20.19 or later with npm"
    CACHE.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "medusa-config.js", CACHE)
    wanted, done = (HERE / "package.json").read_text(), CACHE / ".installed"
    if not done.exists() or done.read_text() != wanted:
        (CACHE / "package.json").write_text(wanted)
        # Nothing Medusa needs at run time is built by an install script; one of them is telemetry.
        run(
            [npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"],
            CACHE,
            {**os.environ, **QUIET},
        )
        done.write_text(wanted)
    return CACHE


@contextmanager
def running_postgres() -> Iterator[str]:
    """Yield the URL of an empty database on a PostgreSQL that forgets everything afterwards."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    assert programs, "PostgreSQL's server is missing; `make medusa` installs Debian's"
    with TemporaryDirectory(prefix="runwu-medusa-pg-") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        as_owner: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(data, "postgres", "postgres")
            as_owner = ["runuser", "-u", "postgres", "--"]
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "medusa",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        run([*as_owner, *initdb, "--no-sync"], folder)
        port = free_port()
        # On a small machine a lost disk matters less than the seconds of every fsync.
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= "
            "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        )
        control = [*as_owner, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        run([*control, "-l", str(data / "log"), "-o", options, "start"], folder)
        try:
            at = ["-h", "127.0.0.1", "-p", str(port), "-U", "medusa"]
            run([str(programs / "createdb"), *at, "medusa"], folder)
            yield f"postgres://medusa@127.0.0.1:{port}/medusa"
        finally:
            run([*control, "-m", "immediate", "stop"], folder)


def medusa(app: Path, environment: Mapping[str, str], *arguments: str) -> None:
    run([str(app / "node_modules/.bin/medusa"), *arguments], app, environment)


def run(
    command: list[str], folder: str | Path, environment: Mapping[str, str] | None = None
) -> None:
    # To a file: a server that pg_ctl leaves running would hold a pipe open for ever.
    with TemporaryDirectory() as told, (Path(told) / "output").open("w+") as output:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
        output.seek(0)
        assert done.returncode == 0, f"{command}: {output.read()[-2000:]}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"Medusa did not start: {log.read_text()[-2000:]}")


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
