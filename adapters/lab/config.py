"""Fills in asterisk-config/ for one lab and writes what people and the server need to know about it.

It declines to start anything.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from adapters.lab.fetch import Programs
from adapters.lab.keys import Keys, credentials, keys, write_private
from adapters.lab.people import AGENTS, BENCH_PHONES, ROBOTS, SUPERVISOR
from adapters.lab.place import CHECKOUT, Place

TEMPLATES: Final = CHECKOUT / "asterisk-config"
DIALPLANS: Final = CHECKOUT / "dialplans"
ONLY_FOR_BENCH: Final = "cti-bench.conf"  # adds to a context of another file, so it comes last
ARI_USER: Final = "cti"
# Asterisk complains about each of these when it is absent, and the defaults are what we want.
EMPTY: Final = (
    *(
        "acl",
        "ccss",
        "cel",
        "features",
        "indications",
        "pjproject",
        "queuerules",
        "stasis",
        "udptl",
        "websocket_client",
    ),
)


def configure(place: Place, programs: Programs) -> Keys:
    """Write everything the lab's Asterisk, the server and people read; the secrets stay what they were."""
    own = keys(place)
    for name in ("etc", "lib/agi-bin", "lib/keys", "log", "spool", "cache", "share/sounds", "recordings"):
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    place.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.etc.chmod(0o700)
    _link_shared(place, programs)
    values = _values(place, programs, own)
    for template in sorted(TEMPLATES.glob("*.conf")):
        if template.name not in ("pjsip_device.conf", "queues.conf") or (
            place.bench and template.name == "queues.conf"
        ):
            write_private(place.etc / template.name, fill(template.read_text(encoding="utf-8"), values))
    for name in EMPTY:
        (place.etc / f"{name}.conf").touch()
    write_private(place.etc / "pjsip_devices.conf", _devices(place, own))
    write_private(place.folder / "cti.toml", _settings(place, own))
    write_private(
        place.folder / "credentials.json", json.dumps(credentials(place, own), ensure_ascii=False, indent=1) + "\n"
    )
    return own


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put `values` in the places of `@{name}`; an unknown name is an error."""
    return re.sub(r"@\{(\w+)\}", lambda found: values[found[1]], text)


def _values(place: Place, programs: Programs, own: Keys) -> dict[str, str]:
    plans = sorted(DIALPLANS.glob("*.conf"), key=lambda file: (file.name == ONLY_FOR_BENCH, file.name))
    if not place.bench:
        plans.pop()
    return {
        "lab": str(place.folder),
        "etc": str(place.etc),
        "run": str(place.run),
        "modules": str(programs.modules),
        "ami_port": str(place.ami_port),
        "sip_port": str(place.sip_port),
        "http_port": str(place.http_port),
        "trunk_port": str(place.trunk_port),
        "rtp_start": str(place.rtp_start),
        "rtp_end": str(place.rtp_start + 999),
        "ami_secret": own["ami"],
        "ami_events_secret": own["ami_events"],
        "ari_user": ARI_USER,
        "ari_secret": own["ari"],
        "includes": "\n".join(f'#include "{file}"' for file in plans),
        "more_modules": "load = app_queue.so" if place.bench else "",
        "members": "\n".join(f"member = PJSIP/{phone}" for phone in BENCH_PHONES),
    }


def _devices(place: Place, own: Keys) -> str:
    """Return the SIP accounts: a desk phone and a browser phone for each person."""
    shape = (TEMPLATES / "pjsip_device.conf").read_text(encoding="utf-8")
    rows: list[tuple[str, str, str, str, str]] = []
    for person in (*AGENTS, SUPERVISOR, *ROBOTS):
        no = person.agent_no
        rows.append((no, "cti-desk", person.name, no, own[f"{no}.desk"]))
        rows.append((f"{no}-web", "cti-web", person.name, no, own[f"{no}.web"]))
    if place.bench:
        rows += [(phone, "cti-desk", phone, phone, own["bench"]) for phone in BENCH_PHONES]
    return "".join(
        fill(
            shape, {"device": device, "kind": kind, "label": label, "number": number, "digest": _digest(device, secret)}
        )
        for device, kind, label, number, secret in rows
    )


def _digest(user: str, secret: str) -> str:
    """Return SIP's digest of a password: user, realm, secret."""
    return hashlib.md5(f"{user}:asterisk:{secret}".encode(), usedforsecurity=False).hexdigest()


def _settings(place: Place, own: Keys) -> str:
    """Return the server's settings for this lab, as cti.toml."""
    values: dict[str, str | int] = {
        "database_url": f"sqlite+aiosqlite:///{place.folder}/cti.db",
        "http_host": place.server_host,
        "http_port": place.server_port,
        "ami_host": "127.0.0.1",
        "ami_port": place.ami_port,
        "ami_user": "cti-control",
        "ami_secret": own["ami"],
        "ami_events_user": "cti-events",
        "ami_events_secret": own["ami_events"],
        "ari_url": f"http://127.0.0.1:{place.http_port}/ari",
        "ari_user": ARI_USER,
        "ari_secret": own["ari"],
        "agi_port": place.agi_port,
        "recordings_dir": str(place.folder / "recordings"),
        "prompts_dir": str(place.folder / "prompts"),
        "voice_dir": str(place.voice),
        "state_dir": str(place.folder / "state"),
        "admin_password": own["admin"],
        "fallback": "message",
        "caller_ids": "4000",
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(["# Written by the lab; it is written anew at every start.", *lines, ""])


def _link_shared(place: Place, programs: Programs) -> None:
    """Make Asterisk's data folder: links into the unpacked packages, whose own links are broken outside their root."""
    share, source = place.folder / "share", programs.root / "usr/share/asterisk"
    english = source / "sounds/en_US_f_Allison"
    wanted = {
        share / "sounds/en": english if english.is_dir() else source / "sounds/en",
        **{share / name: source / name for name in ("documentation", "moh", "static-http", "rest-api")},
    }
    for link, target in wanted.items():
        _point(link, target)


def _point(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
