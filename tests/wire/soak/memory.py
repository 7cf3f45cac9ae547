"""The memory of this process."""

import ctypes
from dataclasses import dataclass
import gc
import os
from pathlib import Path
import sys

_M_MMAP_THRESHOLD = -3
_LARGE = 128 * 1024


@dataclass(frozen=True)
class Memory:
    """The memory of a process after a garbage collection."""

    resident: float
    """MiB"""
    blocks: int
    """Memory blocks that Python has allocated."""

    @classmethod
    def now(cls) -> Memory:
        """Return the memory of this process."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, sys.getallocatedblocks())


def keep_heap_steady() -> None:
    """Keep the resident memory of this process equal to what it uses.

    For every read of a socket asyncio allocates 256 KiB, of which it keeps the few bytes that came.
    Once such a size has come and gone, glibc no longer maps it but cuts it off the top of its heap,
    which creeps then: by 40 to 75 bytes a poll, whereas neither objects nor bytes in use become
    more, and a trim gives all of it back. A threshold that is set stays as it is, and buffers of
    this size are given back at once. Where malloc is not glibc's, there is nothing to set.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
