"""The runwu command: one file per command group, one sentence per error."""

import sys
import traceback
from pathlib import Path

import typer

from cli.check import check
from cli.demo import demo
from cli.explain import explain
from cli.policy import policy
from cli.predict import predict
from cli.quarantine import quarantine
from cli.replay import replay
from cli.run import run
from cli.sandbox import sandbox
from cli.segments import segments
from cli.up import down, up
from cli.web import web
from schemas.clock import now
from schemas.environment import Environment
from schemas.errors import ConfigurationError, RunwuError

_FAILED = 1
_MISUSED = 2

app = typer.Typer(
    name="runwu",
    help="runwu (润物): speaks to a member only when there is a reason. 不打扰。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_LOOKING = (check, policy, explain, replay, segments, predict)
for command in (demo, up, down, run, *_LOOKING, sandbox, web):
    app.command()(command)
app.add_typer(quarantine)


def main() -> None:
    """Run a command; errors become one sentence on stderr and an exit code."""
    try:
        app()
    except ConfigurationError as error:
        _say(error)
        sys.exit(_MISUSED)
    except RunwuError as error:
        _say(error)
        sys.exit(_FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the last door: a user never sees a traceback
        _say(f"runwu met a fault of its own ({type(error).__name__}); {_kept(error)}")
        sys.exit(_FAILED)


def _say(what: object) -> None:
    print(f"runwu: {what}", file=sys.stderr)  # noqa: T201 - the command's own voice


def _kept(error: Exception) -> str:
    folder = Environment().home / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "faults.log").open("a", encoding="utf-8") as log:
            log.write(f"{now().isoformat()} {' '.join(sys.argv)}\n")
            traceback.print_exception(error, file=log)
    except OSError as unwritable:
        return f"its details could not be kept ({unwritable.strerror})"
    return f"nothing more was sent; the details are in {Path(log.name)}"


if __name__ == "__main__":
    main()
