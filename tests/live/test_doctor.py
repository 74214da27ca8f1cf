"""`cti doctor` beside a real Asterisk: each trouble is found, and what mends it is printed ready to paste."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.lab.place import CHECKOUT
from tests.live.centre import SQLITE, Centre
from tests.live.conftest import Lab

SECRET = "not the secret"


@pytest_asyncio.fixture
async def idle(lab: Lab, template: Path) -> AsyncIterator[Centre]:
    """Everything in place but a running server."""
    made = Centre(lab, SQLITE, CTI_RECORDINGS_DIR=str(lab.place.folder / "recordings"))
    shutil.copy(template, made.folder / "cti.db")
    yield made
    await made.close()


def troubles(centre: Centre, **settings: str) -> dict[str, tuple[str, str]]:
    """What does not hold, by name: what the doctor says of it, and what to paste."""
    done = centre.run("doctor", "--json", **settings)
    checks = json.loads(done.stdout)
    assert done.returncode == (0 if all(one["ok"] for one in checks) else 1)
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return {one["name"]: (one["says"], one["paste"]) for one in checks if not one["ok"]}


async def test_beside_a_running_server_everything_holds(small: Centre, lab: Lab) -> None:
    done = small.run("doctor", CTI_RECORDINGS_DIR=str(lab.place.folder / "recordings"))
    assert done.returncode == 0, done.stdout
    for name in (
        "database",
        "AMI login cti-events",
        "AMI login cti-control",
        "clock",
        "dialplan context cti-wait",
        "FastAGI",
        "ARI",
    ):
        assert name in done.stdout


def test_a_wrong_secret_is_found_and_the_stanza_is_printed(idle: Centre) -> None:
    for user, setting in (("cti-control", "CTI_AMI_SECRET"), ("cti-events", "CTI_AMI_EVENTS_SECRET")):
        found = troubles(idle, **{setting: SECRET})
        says, paste = found[f"AMI login {user}"]
        assert "secret is wrong" in says
        assert paste.startswith(f"[{user}]")
        assert f"<the value of {setting}>" in paste
        assert re.search(r"^permit = 127\.0\.0\.1/255\.255\.255\.255$", paste, re.MULTILINE)


def test_a_missing_write_class_is_found_and_named(idle: Centre, lab: Lab) -> None:
    found = troubles(idle, CTI_AMI_USER="cti-events", CTI_AMI_SECRET=lab.keys["ami_events"])
    says, paste = found["AMI login cti-events"]
    assert "lacks the right to" in says
    assert "Redirect" in says
    assert "write = call,originate,reporting" in paste


def test_a_missing_context_is_found_and_its_line_printed(idle: Centre, lab: Lab) -> None:
    lab.asterisk.ask("dialplan remove context cti-deliver")
    try:
        found = troubles(idle)
    finally:
        lab.asterisk.ask("dialplan reload")
    says, paste = found["dialplan context cti-deliver"]
    assert says == "is missing"
    assert paste.startswith("#include cti-deliver.conf")
    assert (CHECKOUT / "dialplans/cti-deliver.conf").is_file()
    assert "dialplan context cti-wait" not in found
    assert "dialplan context cti-deliver" not in troubles(idle), "it is there again"


def test_a_way_to_make_phones_that_is_none_is_found_and_one_that_nobody_wants_is_not(idle: Centre) -> None:
    name = "ARI for phones and trunks"
    says, paste = troubles(idle, CTI_ARI_SECRET=SECRET)[name]
    assert "the login is refused" in says
    assert paste.startswith("[cti]")
    says, paste = troubles(idle, CTI_ARI_URL="http://127.0.0.1:5999/ari")[name]
    assert says.startswith("no answer at http://127.0.0.1:5999/ari")
    assert "bindaddr = 127.0.0.1" in paste
    says, paste = troubles(idle, CTI_ARI_USER="")[name]
    assert "CTI_ARI_USER" in says
    assert name not in troubles(idle, CTI_ARI_URL="", CTI_ARI_USER="", CTI_ARI_SECRET="")


def test_a_fastagi_port_that_cannot_be_reached_is_found(idle: Centre) -> None:
    says, paste = troubles(idle)["FastAGI port"]
    assert says == "nothing can be reached at 127.0.0.1:24573"
    assert paste.startswith("cti serve")


def test_an_asterisk_that_is_not_there_is_found(idle: Centre) -> None:
    found = troubles(idle, CTI_AMI_PORT="5999")
    for user in ("cti-control", "cti-events"):
        says, paste = found[f"AMI login {user}"]
        assert says == "nothing listens at 127.0.0.1:5999"
        assert "asterisk -rx" in paste


@pytest.mark.parametrize(("setting", "name"), [("RECORDINGS", "recordings folder"), ("STATE", "state folder")])
def test_a_folder_that_cannot_be_written_is_found_and_the_command_printed(
    idle: Centre, setting: str, name: str
) -> None:
    (idle.folder / "a file").touch()
    wanted = idle.folder / "a file" / "folder"  # nobody can, not even root
    says, paste = troubles(idle, **{f"CTI_{setting}_DIR": str(wanted)})[name]
    assert says == f"{wanted} cannot be written"
    assert paste.startswith("install -d ")
    assert str(wanted) in paste


def test_an_old_database_is_found_and_the_command_printed(idle: Centre) -> None:
    missing = f"sqlite+aiosqlite:///{idle.folder}/none.db"
    says, paste = troubles(idle, CTI_DATABASE_URL=missing)["database"]
    assert "not at this version" in says
    assert paste == "cti migrate"
    assert idle.run("migrate", CTI_DATABASE_URL=missing).returncode == 0
    assert "database" not in troubles(idle, CTI_DATABASE_URL=missing)


def test_for_a_person_each_trouble_is_printed_with_what_mends_it(idle: Centre) -> None:
    done = idle.run("doctor", CTI_AMI_SECRET=SECRET)
    assert done.returncode == 1
    assert "[cti-control]" in done.stdout
    assert "allowmultiplelogin = yes" in done.stdout
    assert "cti serve" in done.stdout
