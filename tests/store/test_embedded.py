"""The embedded server is one that a large shop's morning fits into."""

from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from store import embedded


def test_much_is_written_between_two_checkpoints_whoever_finds_the_server() -> None:
    with TemporaryDirectory(prefix="runwu-") as folder:
        pg = Path(folder) / "pg"
        for _ in ("started", "adopted"):
            with psycopg.connect(embedded.start(pg)) as connection:
                assert connection.execute("SHOW max_wal_size").fetchone() == ("4GB",)
        assert embedded.stop(pg)
