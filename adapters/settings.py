"""Settings: `CTI_*` over `cti.toml` over `.lab/cti.toml` over defaults; refuses to start, naming what is wrong."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

PREFIX: Final = "CTI_"
_DATABASE: Final = re.compile(r"(sqlite\+aiosqlite:///|postgresql\+asyncpg://).+")
_FALLBACK: Final = re.compile(r"^(message|number:[0-9]{1,32})$")


_NOT_PLAYED: Final = ",&:;|()$\\\"'"
_TRUNK: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


def _loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and _is_here(parts.hostname or "") and parts.username is None
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class BadSettings(Exception):
    """The settings cannot be used; the message names the setting and what is wrong with it."""


class Settings(BaseModel):
    """Every setting of the product, frozen. Names are the `CTI_` variables in lower case without the prefix."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: str = "sqlite+aiosqlite:///var/cti.db"
    state_dir: Path = Path("var/state")
    recordings_dir: Path = Path("var/recordings")
    recordings_floor_mb: int = Field(500, ge=0, le=1_000_000_000)
    recordings_store: str = ""
    recordings_s3_endpoint: str = ""
    recordings_s3_region: str = ""
    recordings_s3_key: str = ""
    recordings_s3_secret: SecretStr = SecretStr("")
    prompts_dir: Path = Path("var/prompts")
    voice_dir: Path = Path("var/voice")
    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=0, le=65535)
    ami_host: str = "127.0.0.1"
    ami_port: int = Field(5038, ge=1, le=65535)
    ami_user: str = "cti-control"
    ami_secret: SecretStr = SecretStr("")
    ami_events_user: str = "cti-events"
    ami_events_secret: SecretStr = SecretStr("")
    ami_system_user: str = ""
    ami_system_secret: SecretStr = SecretStr("")
    ari_url: str = ""
    ari_user: str = ""
    ari_secret: SecretStr = SecretStr("")
    sip_ws_url: str = ""
    agi_host: str = "127.0.0.1"
    agi_port: int = Field(24573, ge=0, le=65535)
    crm_hosts: str = ""
    admin_password: SecretStr = SecretStr("")
    fallback_after: int = Field(20, ge=2, le=3600)
    fallback: str = "message"
    caller_ids: str = ""
    trunk: str = "cti-trunk"
    dial_allow: str = ""
    log_level: str = "info"
    log_format: str = "text"
    # the lab and its demonstration
    lab_dir: Path = Path(".lab")
    lab_ami_port: int = Field(25038, ge=1, le=65535)
    lab_sip_port: int = Field(25060, ge=1, le=65535)
    lab_http_port: int = Field(28088, ge=1, le=65535)
    lab_rtp_start: int = Field(30000, ge=1024, le=64535)
    demo_calls_per_minute: int = Field(10, ge=0, le=600)
    demo_robots: int = Field(6, ge=0, le=6)
    deb_mirror: str = ""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not _DATABASE.match(value):
            raise ValueError("is sqlite+aiosqlite:///<file> or postgresql+asyncpg://<user>:<secret>@<host>/<name>")
        return value

    @field_validator("prompts_dir", "voice_dir")
    @classmethod
    def _playable(cls, value: Path) -> Path:
        """Its files are named in options of Dial and in lists of Playback."""
        if any(sign in str(value.absolute()) for sign in _NOT_PLAYED):
            raise ValueError(f"is a folder that Asterisk can play from: its path has none of {_NOT_PLAYED}")
        return value

    @field_validator("fallback")
    @classmethod
    def _known_fallback(cls, value: str) -> str:
        if not _FALLBACK.match(value):
            raise ValueError("is `message` or `number:<digits>`")
        return value

    @field_validator("caller_ids")
    @classmethod
    def _known_caller_ids(cls, value: str) -> str:
        if value and not re.fullmatch(r"\+?[0-9]{2,20}(,\+?[0-9]{2,20})*", value):
            raise ValueError("is numbers of digits, with commas between")
        return value

    @field_validator("trunk")
    @classmethod
    def _known_trunk(cls, value: str) -> str:
        if not _TRUNK.fullmatch(value):
            raise ValueError("is the name of a PJSIP endpoint, of letters, digits and dashes")
        return value

    @field_validator("ari_url")
    @classmethod
    def _near(cls, value: str) -> str:
        if value and not _loopback(value):
            raise ValueError(
                "is an address on this machine, such as http://127.0.0.1:8088/ari: that login may do anything"
            )
        return value.rstrip("/")

    @field_validator("sip_ws_url")
    @classmethod
    def _known_line(cls, value: str) -> str:
        if value and not re.fullmatch(r"wss?://[^\s@]+", value):
            raise ValueError("is the WebSocket of Asterisk's HTTP server, such as ws://127.0.0.1:8088/ws")
        return value

    @field_validator("dial_allow")
    @classmethod
    def _known_patterns(cls, value: str) -> str:
        for one in value.split():
            try:
                re.compile(one)
            except re.error as wrong:
                raise ValueError(f"{one} is no regular expression: {wrong}") from None
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value not in ("debug", "info", "warning", "error"):
            raise ValueError("is debug, info, warning or error")
        return value

    @property
    def softphone_url(self) -> str:
        """Where Asterisk takes browser phones: its HTTP server, which answers ARI too; empty without either."""
        if self.sip_ws_url or not self.ari_url:
            return self.sip_ws_url
        parts = urlsplit(self.ari_url)
        return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws"


# Settings of other programs of the house that share the prefix.
_OTHERS: Final = frozenset({"CTI_CONFIG"})
_NAMES: Final = tuple(Settings.model_fields)
SECRETS: Final = frozenset(name for name, field in Settings.model_fields.items() if field.annotation is SecretStr)


@dataclass(frozen=True, slots=True)
class Loaded:
    settings: Settings
    origins: Mapping[str, str]
    """Where each value came from, by name: `default`, a file's path, or a variable's name."""

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value and origin of each setting, secrets masked."""
        shown = []
        for name in _NAMES:
            value = getattr(self.settings, name)
            if name in SECRETS:
                value = "********" if value.get_secret_value() else ""
            elif name == "database_url":
                value = re.sub(r"(://[^:/@]+:)[^@]+@", r"\1********@", value)
            shown.append((name, str(value), self.origins.get(name, "default")))
        return shown


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Loaded:
    """Read all sources. Raises `BadSettings`."""
    environ = os.environ if environ is None else environ
    folder = Path.cwd() if folder is None else folder
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    own = [(file, _read(file)) for file in _files(environ, folder)]
    lab = next((Path(str(said["lab_dir"])) for _, said in reversed(own) if "lab_dir" in said), Path(".lab"))
    beneath = folder / (environ.get("CTI_LAB_DIR") or lab) / "cti.toml"
    for file, said in [(beneath, _read(beneath)), *own]:
        _merge(values, origins, said, str(file))
    for name, value in _from_environment(environ).items():
        _merge(values, origins, {name: value[0]}, value[1])
    try:
        return Loaded(Settings(**values), origins)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise BadSettings(f"{name} ({origins.get(name, 'default')}): {first['msg']}") from None


def _files(environ: Mapping[str, str], folder: Path) -> list[Path]:
    """What a person writes; the later one wins."""
    files = [folder / "cti.toml"]
    if environ.get("CTI_CONFIG"):
        files.append(Path(environ["CTI_CONFIG"]))
        if not files[-1].is_file():
            raise BadSettings(f"CTI_CONFIG names {files[-1]}, which is not there")
    return files


def _merge(values: dict[str, Any], origins: dict[str, str], more: Mapping[str, Any], origin: str) -> None:
    for name, value in more.items():
        if name not in _NAMES:
            raise BadSettings(_unknown(name, origin, _NAMES))
        values[name] = value
        origins[name] = origin


def _unknown(name: str, origin: str, valid: tuple[str, ...]) -> str:
    """A variable's name in a file is as near as can be: only its form is wrong."""
    plain = {one.removeprefix(PREFIX).lower(): one for one in valid}
    near = difflib.get_close_matches(name.removeprefix(PREFIX).lower(), plain, n=1, cutoff=0.0)[0]
    return f"{origin}: there is no setting {name}; did you mean {plain[near]}?"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{file} cannot be read: {error}") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Name -> (value, variable). `CTI_X_FILE` names a file that holds the value, for secrets only."""
    found: dict[str, tuple[str, str]] = {}
    valid = tuple(PREFIX + name.upper() for name in _NAMES)
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable in _OTHERS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in _NAMES:
            found[name] = (value, variable)
        elif name.removesuffix("_file") in SECRETS:
            try:
                found.setdefault(
                    name.removesuffix("_file"), (Path(value).read_text(encoding="utf-8").strip(), variable)
                )
            except OSError as error:
                raise BadSettings(f"{variable} cannot be read: {error.strerror}") from None
        else:
            raise BadSettings(_unknown(variable, "environment", valid))
    return found
