"""What the lab writes: for Asterisk, for the server, for people."""

import json
import os
import stat
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.cli import app
from adapters.lab.config import TEMPLATES, configure, fill
from adapters.lab.failures import LabFailure
from adapters.lab.fetch import Programs
from adapters.lab.place import CHECKOUT, Place, declared, place


@pytest.fixture
def somewhere(tmp_path: Path) -> Place:
    return Place(folder=tmp_path / "lab", root=tmp_path / "root", ami_port=1111, sip_port=2222, rtp_start=30000)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    root = tmp_path / "root"
    return Programs(root=root, asterisk_path=root / "asterisk", sipp_path=root / "sipp", modules=root / "modules")


def test_credentials_are_private_complete_and_the_same_after_a_restart(somewhere: Place, programs: Programs) -> None:
    configure(somewhere, programs)
    first = (somewhere.folder / "credentials.json").read_text(encoding="utf-8")
    configure(somewhere, programs)
    told = json.loads(first)

    assert (somewhere.folder / "credentials.json").read_text(encoding="utf-8") == first
    assert set(told) == {"base_url", "admin", "supervisor", "agents", "robots"}
    keys = {"agent_no", "username", "password", "sip_user", "sip_password", "web_user", "web_password"}
    for person in (told["supervisor"], *told["agents"], *told["robots"]):
        assert set(person) == keys
        assert all(person.values())
    assert [agent["agent_no"] for agent in told["agents"]] == [f"100{n}" for n in range(1, 7)]
    assert [robot["sip_user"] for robot in told["robots"]] == [f"110{n}" for n in range(1, 7)]
    assert told["supervisor"]["web_user"] == "1900-web"


def test_whatever_holds_a_secret_is_for_its_owner_alone(somewhere: Place, programs: Programs) -> None:
    own = configure(somewhere, programs)
    secrets = [secret.encode() for secret in own.by_name.values()]
    holding = [
        file
        for file in somewhere.folder.rglob("*")
        if file.is_file() and any(secret in file.read_bytes() for secret in secrets)
    ]

    assert {file.name for file in holding} >= {"keys.json", "credentials.json", "cti.toml", "manager.conf", "ari.conf"}
    for file in holding:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(somewhere.etc.stat().st_mode) == 0o700


def test_asterisk_is_not_told_a_phone_s_password(somewhere: Place, programs: Programs) -> None:
    own = configure(somewhere, programs)

    devices = (somewhere.etc / "pjsip_devices.conf").read_text(encoding="utf-8")

    assert "[1001](cti-desk)" in devices
    assert "[1001-web](cti-web)" in devices
    assert own["1001.desk"] not in devices
    assert devices.count("password_digest = MD5:") == 26


def test_the_server_s_settings_fit_the_lab(somewhere: Place, programs: Programs) -> None:
    own = configure(somewhere, programs)

    told = tomllib.loads((somewhere.folder / "cti.toml").read_text(encoding="utf-8"))

    assert (told["ami_port"], told["ami_secret"], told["ami_events_secret"]) == (1111, own["ami"], own["ami_events"])
    assert told["admin_password"] == own["admin"]
    assert told["database_url"].endswith("/lab/cti.db")


def test_every_template_is_filled_to_the_last_place(somewhere: Place, programs: Programs) -> None:
    configure(replace(somewhere, bench=True), programs)

    written = {file.name: file.read_text(encoding="utf-8") for file in somewhere.etc.iterdir()}

    assert {file.name for file in TEMPLATES.glob("*.conf")} - {"pjsip_device.conf"} <= set(written)
    assert not [name for name, text in written.items() if "@{" in text]
    assert "bind = 127.0.0.1:2222" in written["pjsip.conf"]
    with pytest.raises(KeyError):
        fill("@{nobody_knows_me}", {})


def test_nothing_of_the_lab_listens_beyond_loopback(somewhere: Place, programs: Programs) -> None:
    configure(somewhere, programs)

    bound = [
        line.partition("=")[2].split(";")[0].strip()
        for file in somewhere.etc.glob("*.conf")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.split("=")[0].strip() in ("bind", "bindaddr", "tlsbindaddr")
    ]

    assert len(bound) == 4
    assert all(address.partition(":")[0] == "127.0.0.1" for address in bound)


def test_the_bench_s_own_queue_is_not_there_otherwise(somewhere: Place, programs: Programs) -> None:
    configure(somewhere, programs)

    written = "".join(file.read_text(encoding="utf-8") for file in somewhere.etc.iterdir())

    assert "app_queue" not in written
    assert "cti-bench" not in written
    assert "[2001]" not in written


def test_ports_and_folder_come_from_the_environment(tmp_path: Path) -> None:
    told = {"CTI_LAB_DIR": str(tmp_path), "CTI_LAB_SIP_PORT": "35060", "CTI_HTTP_PORT": "18080"}

    there = place(told)

    assert (there.folder, there.sip_port, there.ami_port, there.base_url) == (
        tmp_path, 35060, 25038, "http://127.0.0.1:18080",
    )  # fmt: skip


@pytest.mark.parametrize("port", ["0", "65536", "many", "-1", "1e3"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(LabFailure, match="CTI_LAB_AMI_PORT"):
        place({"CTI_LAB_AMI_PORT": port})


def test_a_folder_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    deep = Place(folder=tmp_path / ("x" * 100), root=tmp_path)

    assert len(str(deep.run / "asterisk.ctl")) < 108
    assert deep.run != Place(folder=tmp_path / ("y" * 100), root=tmp_path).run


def test_the_lab_heeds_what_the_files_of_settings_say_and_variables_above_them(tmp_path: Path) -> None:
    (tmp_path / "cti.toml").write_text('http_port = 9090\nlab_dir = "elsewhere"\ndemo_robots = 2\nagi_port = 7000\n')
    (tmp_path / "more.toml").write_text("agi_port = 7001\n")
    variables = {"CTI_HTTP_PORT": "9191", "CTI_CONFIG": str(tmp_path / "more.toml")}

    found = declared(variables, tmp_path)
    where = place(found)

    assert (where.server_port, where.agi_port, where.folder.name) == (9191, 7001, "elsewhere")
    assert found["CTI_DEMO_ROBOTS"] == "2"


def test_a_file_of_settings_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "cti.toml").write_text("http_port = ")
    with pytest.raises(LabFailure, match=r"cti\.toml cannot be read"):
        declared({}, tmp_path)


@pytest.mark.parametrize("command", [["adapters.lab.run"], ["adapters.lab", "status"], ["adapters.cli", "lab", "down"]])
def test_a_wrong_setting_is_one_line_and_no_traceback(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=CHECKOUT,
        env={**os.environ, "CTI_HTTP_PORT": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.removeprefix("cti: ") == "CTI_HTTP_PORT=many: not a port number\n"


def test_a_lab_that_is_down_is_told_in_json_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_LAB_DIR", str(tmp_path))
    down = CliRunner().invoke(app, ["lab", "down", "--json"])
    status = CliRunner().invoke(app, ["lab", "status", "--json"])
    assert (down.exit_code, json.loads(down.stdout)) == (0, {"stopped": False})
    assert (status.exit_code, json.loads(status.stdout)) == (1, None)
