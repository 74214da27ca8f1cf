"""The `cti` command. Exit 0 is well, 1 failed, 2 wrong usage."""

import typer

from adapters.cli.audit import audit_app
from adapters.cli.codes import disposition_app, reason_app
from adapters.cli.devices import device_app, trunk_app
from adapters.cli.entry import calendar_app, number_app, schedule_app
from adapters.cli.exchange import export_app, import_app
from adapters.cli.flows import flow_app
from adapters.cli.lab import lab_app
from adapters.cli.lists import list_app
from adapters.cli.people import agent_app, role_app, team_app, tenant_app, user_app
from adapters.cli.prompts import prompt_app
from adapters.cli.queues import queue_app, skill_app
from adapters.cli.recordings import recording_app
from adapters.cli.running import app as running_app
from adapters.cli.running import config_app

app = typer.Typer(help="Telephony control server for call centres on Asterisk.", no_args_is_help=True)
app.add_typer(running_app)
app.add_typer(config_app, name="config")
app.add_typer(lab_app, name="lab")
app.add_typer(tenant_app, name="tenant")
app.add_typer(user_app, name="user")
app.add_typer(role_app, name="role")
app.add_typer(team_app, name="team")
app.add_typer(audit_app, name="audit")
app.add_typer(agent_app, name="agent")
app.add_typer(device_app, name="device")
app.add_typer(trunk_app, name="trunk")
app.add_typer(queue_app, name="queue")
app.add_typer(skill_app, name="skill")
app.add_typer(reason_app, name="reason")
app.add_typer(disposition_app, name="disposition")
app.add_typer(flow_app, name="flow")
app.add_typer(prompt_app, name="prompt")
app.add_typer(recording_app, name="recording")
app.add_typer(number_app, name="number")
app.add_typer(schedule_app, name="schedule")
app.add_typer(calendar_app, name="calendar")
app.add_typer(list_app, name="list")
app.add_typer(import_app, name="import")
app.add_typer(export_app, name="export")
