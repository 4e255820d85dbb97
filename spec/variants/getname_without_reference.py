"""A mutant: getsockname() gives its reference to the file back before it looks at the socket."""

from __future__ import annotations

from checker.language import NULL, current, kernel, spin_lock
from spec.net.ipv4.af_inet import inet_getname
from spec.state import Socket, files_lock
from spec.values import Errno

UPSTREAM = "6d8c50dcb029 socket: close race condition between sock_close() and sockfs_setattr()"


@kernel("net/socket.c")
def sys_getsockname(sock: Socket, bad_buffer: bool) -> Errno:
    with spin_lock(files_lock):
        current().file = NULL
    return inet_getname(sock, False, False)


OVERRIDES = {"sys_getsockname": sys_getsockname}
