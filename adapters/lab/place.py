"""Where one lab lives: its folder, its ports, its checkout. It declines to know what listens there."""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.lab.failures import LabFailure

CHECKOUT: Final = Path(__file__).resolve().parents[2]
LONGEST_SOCKET_NAME: Final = 90  # a Unix socket's path ends at 107 characters, file name included


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One lab on this machine."""

    folder: Path
    root: Path
    ami_port: int = 25038
    sip_port: int = 25060
    http_port: int = 28088
    rtp_start: int = 30000
    agi_port: int = 24573
    server_host: str = "127.0.0.1"
    server_port: int = 8080
    trunk_port: int = 5060
    """Where calls to the outside world go: 127.0.0.2 and this port."""
    bench: bool = False

    @property
    def base_url(self) -> str:
        """The address people open."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def voice(self) -> Path:
        """The built-in prompts, and the programs that make prompts; shared, like the root beside it."""
        return self.root.with_name("voice")

    @property
    def etc(self) -> Path:
        """Asterisk's configuration."""
        return self.folder / "etc"

    @property
    def run(self) -> Path:
        """The folder of Asterisk's control socket; elsewhere when the lab's own path is too long for one."""
        own = self.folder / "run"
        if len(str(own)) <= LONGEST_SOCKET_NAME:
            return own
        name = hashlib.sha256(str(own).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"cti-lab-{os.getuid()}-{name}"


def declared(environ: Mapping[str, str] = os.environ, checkout: Path = CHECKOUT) -> Mapping[str, str]:
    """The `CTI_` variables and, beneath them and by the same names, what the server's own files of settings say."""
    files = [checkout / "cti.toml", *(Path(file) for file in [environ.get("CTI_CONFIG")] if file)]
    found: dict[str, str] = {}
    for file in files:
        try:
            said = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as wrong:
            raise LabFailure(f"{file} cannot be read: {wrong}") from None
        found |= {f"CTI_{name.upper()}": str(value) for name, value in said.items()}
    return {**found, **environ}


def place(environ: Mapping[str, str] | None = None, *, bench: bool = False) -> Place:
    """Return the lab that the CTI_* variables describe; without them, those of this process and its files."""
    environ = declared() if environ is None else environ
    folder = Path(environ.get("CTI_LAB_DIR") or CHECKOUT / ".lab").absolute()
    return Place(
        folder=folder,
        root=folder / "root",
        ami_port=_port(environ, "CTI_LAB_AMI_PORT", 25038),
        sip_port=_port(environ, "CTI_LAB_SIP_PORT", 25060),
        http_port=_port(environ, "CTI_LAB_HTTP_PORT", 28088),
        rtp_start=_port(environ, "CTI_LAB_RTP_START", 30000),
        agi_port=_port(environ, "CTI_AGI_PORT", 24573),
        server_host=environ.get("CTI_HTTP_HOST") or "127.0.0.1",
        server_port=_port(environ, "CTI_HTTP_PORT", 8080),
        bench=bench,
    )


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LabFailure(f"{name}={text}: not a port number")
    return int(text)
