"""`cti import` and `cti export`: what goes in and out as a file, in one place; each is its noun's own command."""

from __future__ import annotations

import typer

from adapters.cli.flows import flow_export, flow_import
from adapters.cli.lists import list_export, list_import
from adapters.cli.places import places_export, places_import

import_app = typer.Typer(help="Take files in: lists, flows, places.", no_args_is_help=True)
export_app = typer.Typer(help="Write files out: lists, flows, places.", no_args_is_help=True)

import_app.command("list")(list_import)
import_app.command("flow")(flow_import)
import_app.command("places")(places_import)
export_app.command("list")(list_export)
export_app.command("flow")(flow_export)
export_app.command("places")(places_export)
