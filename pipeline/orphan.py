"""A worker that does not outlive the front end that started it."""

import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(pipe: int | None = None) -> None:
    """Has the kernel kill this process as soon as its parent is gone, however it went.

    Call it first thing in the worker, from the main thread. On other systems than Linux, which have
    no such wish, it only checks the pipe.

    Args:
        pipe: Descriptor of a pipe to the parent. The parent may have died before the kernel was
            asked; then nobody reads the pipe any more, and this process ends here.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if pipe is not None and _has_no_reader(pipe):
        os._exit(1)


def _has_no_reader(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, 0)  # POLLERR is reported without being asked for
    return any(state & select.POLLERR for _, state in poll.poll(0))
