"""How much memory this process took at most."""

from pathlib import Path

_KB = 1024


def peak_mb() -> float:
    """
    Return the peak of this program's resident memory in MB, on Linux.

    What getrusage tells is the process's, with the program before this one in it: a child that was
    started by a large parent would seem as large.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / _KB
