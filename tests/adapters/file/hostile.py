"""Files nobody would wish for."""

import gzip
import zlib
from pathlib import Path

HEADER = "order,member,time,product,pieces,price"
LINE = "o1,m1,2026-03-01 09:00,p1,2,28.00"


def written(path: Path, *lines: str, end: str = "\n", encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(line + end for line in (HEADER, *lines)).encode(encoding))
    return path


def packed(path: Path, *lines: str) -> Path:
    path.write_bytes(gzip.compress("\n".join([HEADER, *lines, ""]).encode()))
    return path


def bomb(path: Path, megabytes: int) -> Path:
    packer = zlib.compressobj(9, wbits=31)
    part = f"{LINE}\n".encode() * (2**20 // (len(LINE) + 1))
    parts = [packer.compress(f"{HEADER}\n".encode())]
    parts += [packer.compress(part) for _ in range(megabytes)]
    path.write_bytes(b"".join(parts) + packer.flush())
    return path


def endless(path: Path, gigabytes: int) -> Path:
    with path.open("wb") as file:
        file.write(f"{HEADER}\n{LINE}\n".encode())
        file.truncate(gigabytes * 2**30)  # a hole: as long as it says, and next to nothing on disk
    return path
