"""A network of its own for each test process: nothing leaves the machine and no other Asterisk answers by mistake."""

import ctypes
import errno
import fcntl
import os
import socket
import struct
import tempfile
from pathlib import Path
from typing import Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWNET: Final = 0x40000000
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
SIOCSIFADDR: Final = 0x8916
SIOCSIFNETMASK: Final = 0x891C
SIOCGIFFLAGS: Final = 0x8913
SIOCSIFFLAGS: Final = 0x8914
IFF_UP: Final = 0x1
MEDIA_ADDRESS: Final = "10.77.0.1"  # neither Asterisk nor a browser offers 127.0.0.1 for sound

_libc = ctypes.CDLL(None, use_errno=True)


def go_alone() -> None:
    """Leave this machine's network for one of our own, with loopback up and our own name in its hosts file."""
    _call(_libc.unshare(CLONE_NEWNET | CLONE_NEWNS), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set_address(control, "lo", "127.0.0.1", "255.0.0.0")
        _set_up(control, "lo")
        _set_address(control, "lo:1", MEDIA_ADDRESS, "255.255.255.255")
    _add_host(socket.gethostname())


def _set_address(control: socket.socket, interface: str, address: str, mask: str) -> None:
    for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, mask)):
        packed = struct.pack("16sHH4s8x", interface.encode(), socket.AF_INET, 0, socket.inet_aton(value))
        fcntl.ioctl(control, request, packed)


def _set_up(control: socket.socket, interface: str) -> None:
    asked = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH22x", interface.encode(), 0))
    (flags,) = struct.unpack_from("H", asked, 16)
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", interface.encode(), flags | IFF_UP))


def _add_host(name: str) -> None:
    """Give this process a hosts file that knows `name`: without it Asterisk may stall on looking it up."""
    hosts = Path("/etc/hosts")
    with tempfile.NamedTemporaryFile("w", prefix="cti-hosts-", delete=False) as own:
        own.write(f"{hosts.read_text() if hosts.exists() else ''}\n127.0.0.1 localhost {name}\n")
    try:
        Path(own.name).chmod(0o644)
        _call(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount /")
        _call(_libc.mount(own.name.encode(), str(hosts).encode(), None, MS_BIND, None), "mount /etc/hosts")
    finally:
        Path(own.name).unlink()


def _call(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def may_not(failure: OSError) -> bool:
    """Tell whether it failed for want of rights."""
    return failure.errno in (errno.EPERM, errno.EACCES)
