"""Whether this machine can look up its own name: where DNS does not answer, Asterisk stalls on that at every call."""

import socket
import threading
from typing import Final

PATIENCE: Final = 1.0


def stall_of_own_name() -> str | None:
    """Return the warning to print, with the line to add, or None when the look-up is quick."""
    name = socket.gethostname()
    done = threading.Event()

    def look_up() -> None:
        try:
            socket.getaddrinfo(name, None)
        except OSError:
            return
        done.set()

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if done.is_set():
        return None
    return f"this machine cannot look up its own name, and calls may stall: add to /etc/hosts  127.0.1.1 {name}"
