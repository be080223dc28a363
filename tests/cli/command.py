"""The command line as a user has it, with nothing of this machine's own runwu in the way."""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from cli.main import main

_SECONDS = 60

# A process that has imported the command waits, and a copy of it is each command's own process:
# importing anew takes seconds, and there are hundreds of commands to try.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["cli.main", "tests.cli.command"])


def runwu(*arguments: str, cwd: Path, **environment: str) -> CompletedProcess[str]:
    """Run a command in a folder, with these environment variables and a home of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("RUNWU_", "DATABASE_"))}
    told = {**clean, "RUNWU_HOME": str(cwd / "home"), **environment}
    with TemporaryDirectory() as folder:
        said = [Path(folder) / stream for stream in ("stdout", "stderr")]
        process = _PROCESSES.Process(target=_command, args=(arguments, cwd, told, said))
        process.start()
        process.join(_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"runwu {' '.join(arguments)} took over {_SECONDS} seconds")
        out, err = (stream.read_text(encoding="utf-8") for stream in said)
    return CompletedProcess(arguments, process.exitcode, out, err)


def sentence(done: CompletedProcess[str]) -> str:
    """Return the one sentence of a command that failed."""
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("runwu: ")
    return line


def _command(
    arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str], said: list[Path]
) -> None:
    for descriptor, stream in enumerate(said, start=1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["runwu", *arguments]
    main()
