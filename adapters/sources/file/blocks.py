"""A text file as blocks of whole lines in UTF-8, however it is packed and encoded."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from adapters.sources.file.places import Place, reading
from schemas.errors import SourceError

BLOCK = 4 * 2**20
"""Bytes read at once: what a file costs in memory does not depend on its size."""

LONGEST_LINE = 128 * 1024
"""Bytes after which a line that has not ended is refused; quoted line breaks do not end one."""

LARGEST_UNPACKED = 64 * 2**30
LARGEST_RATIO = 200
RATIO_FROM = 64 * 2**20
"""Bytes unpacked before the ratio is judged: the first ones of any file may pack very well."""

_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_ENOUGH = 32  # bytes beyond ASCII that are UTF-8 by chance less than once in a million files


@dataclass(frozen=True)
class Block:
    """Whole lines in UTF-8; `line` is the number of the first one."""

    content: bytes
    line: int


def blocks(place: Place, encoding: str) -> Iterator[Block]:
    """Yield a file's lines; raise SourceError with the place where it can't be read."""
    with reading(place), place.path.open("rb") as file:
        packed = _is_packed(file)
        parts = _unpacked(place, file) if packed else iter(lambda: file.read(BLOCK), b"")
        line = 1
        for content in _whole_lines(place, parts):
            raw = _without_mark(place, content, encoding) if line == 1 else content
            yield Block(_decoded(place, raw, encoding, line), line)
            line += content.count(b"\n")


def first_line(place: Place, encoding: str) -> bytes:
    """Return a file's first line, in UTF-8; empty if the file is."""
    with reading(place), place.path.open("rb") as file:
        stream = gzip.GzipFile(fileobj=file) if _is_packed(file) else file
        line = part = stream.readline(LONGEST_LINE)
        while part and (line.count(b'"') % 2 or not line.endswith(b"\n")):
            if len(line) >= LONGEST_LINE:
                raise _endless(place, 1)
            part = stream.readline(LONGEST_LINE)
            line += part
    return _decoded(place, _without_mark(place, line, encoding), encoding, 1)


def line_end(content: bytes) -> int:
    """Return where the first line ends, its line feed included; quoted ones do not count."""
    end = content.find(b"\n") + 1
    while end and content.count(b'"', 0, end) % 2:
        end = content.find(b"\n", end) + 1
    return end or len(content)


def _is_packed(file: BinaryIO) -> bool:
    packed = file.read(2) == _GZIP
    file.seek(0)
    return packed


def _unpacked(place: Place, file: BinaryIO) -> Iterator[bytes]:
    unpacked = 0
    with gzip.open(file) as stream:
        while part := stream.read(BLOCK):
            unpacked += len(part)
            read = file.tell()
            if unpacked > max(RATIO_FROM, LARGEST_RATIO * read) or unpacked > LARGEST_UNPACKED:
                raise place.refuse(
                    f"is refused: {read} bytes of it unpack to more than {unpacked}, which no "
                    "honest file does; deliver it unpacked if it is one"
                )
            yield part


def _whole_lines(place: Place, parts: Iterator[bytes]) -> Iterator[bytes]:
    line, kept = 1, b""
    for part in parts:
        content = kept + part
        end = _last_end(content)
        if len(content) - end > LONGEST_LINE:
            raise _endless(place, line + _ended(content))
        if end:
            yield content[:end]
            line += content.count(b"\n", 0, end)
        kept = content[end:]
    if kept:
        yield kept


def _last_end(content: bytes) -> int:
    """Return where the last whole line ends, as far back as a line may reach; 0 if nowhere."""
    earliest = max(0, len(content) - LONGEST_LINE - 1)
    quotes, end = content.count(b'"'), len(content)
    while (found := content.rfind(b"\n", earliest, end)) >= 0:
        quotes -= content.count(b'"', found, end)
        if quotes % 2 == 0:
            return found + 1
        end = found
    return 0


def _endless(place: Place, line: int) -> SourceError:
    return place.refuse(
        f"does not end within {LONGEST_LINE // 1024} KB; a quote may be left open there, or this "
        "is no CSV with line feeds",
        line,
    )


def _ended(content: bytes) -> int:
    """Return how many line feeds precede the line that does not end."""
    quotes = before = 0
    for number, part in enumerate(content.split(b"\n")[:-1], 1):
        quotes += part.count(b'"')
        before = before if quotes % 2 else number
    return before


def _without_mark(place: Place, content: bytes, encoding: str) -> bytes:
    if not content.startswith(_UTF8_MARK):
        return content
    if encoding != "utf-8":
        raise _other_encoding(place, 1, encoding)
    return content.removeprefix(_UTF8_MARK)


def _decoded(place: Place, content: bytes, encoding: str, line: int) -> bytes:
    if content.isascii():
        return content
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        at = line + content.count(b"\n", 0, error.start)
        raise _other_encoding(place, at, encoding) from None
    if encoding == "utf-8":
        return content
    beyond_ascii = len(content.translate(None, bytes(range(0x80))))
    if beyond_ascii >= _ENOUGH and _is_utf8(content):
        raise _other_encoding(place, line, encoding)
    return text.encode()


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _other_encoding(place: Place, line: int, encoding: str) -> SourceError:
    other = "gb18030" if encoding == "utf-8" else "utf-8"
    return place.refuse(
        f'can\'t be read as {encoding}; set encoding = "{other}" if that is what it is, or save '
        "it as UTF-8",
        line,
    )
