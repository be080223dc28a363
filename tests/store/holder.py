"""A process that takes a lock and keeps it: python -m tests.store.holder URL KIND."""

import sys
import time

from store.database import engine, exclusively


def hold(url: str, kind: str) -> None:
    """Say whether the lock was free, and keep it for as long as this process lives."""
    with exclusively(engine(url), kind) as mine:
        sys.stdout.write(f"{mine}\n")
        sys.stdout.flush()
        time.sleep(600)


if __name__ == "__main__":
    hold(*sys.argv[1:])
