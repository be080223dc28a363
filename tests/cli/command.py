"""The command line as a user has it, with nothing of this machine's own runwu in the way."""

import os
import subprocess
import sys
from pathlib import Path


def runwu(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, with these environment variables and a home of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("RUNWU_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=cwd,
        env={**clean, "RUNWU_HOME": str(cwd / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence of a command that failed."""
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("runwu: ")
    return line
