"""All tables of the database, which are declared where they are used: whoever needs every one of them asks here."""

from adapters.store import (
    code_tables,
    entry_tables,
    flow_tables,
    journey_tables,
    prompt_tables,
    recording_tables,
    role_tables,
    sip_tables,
)
from adapters.store.tables import metadata

__all__ = [
    "code_tables",
    "entry_tables",
    "flow_tables",
    "journey_tables",
    "metadata",
    "prompt_tables",
    "recording_tables",
    "role_tables",
    "sip_tables",
]
