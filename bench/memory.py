"""How much memory this process took at most."""

from pathlib import Path

import psutil

_KB = 1024


def peak_mb() -> float:
    """
    Return the peak of this program's resident memory in MB, on Linux, with its children's added.

    What getrusage tells is the process's, with the program before this one in it: a child that was
    started by a large parent would seem as large.
    """
    ours = psutil.Process()
    return sum(_peak_kb(process.pid) for process in (ours, *ours.children())) / _KB


def _peak_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak)
