"""Every question that may be asked of roles, teams and the record, once each."""

from __future__ import annotations

from typing import Any

from cti.audit import Deed
from cti.ids import Instant
from cti.permissions import CALLS_SEE, Role, Scope
from cti.teams import Team
from tests.adapters.store.story import DEMO

NIGHT = Role(name="night", title="夜班", title_en="Night", permissions={CALLS_SEE: Scope.TEAM})


async def use_roles(roles: Any, audit: Any) -> None:
    await roles.create_role(DEMO, NIGHT)
    await roles.update_role(DEMO, NIGHT)
    await roles.roles(DEMO)
    await roles.delete_role(DEMO, "night")
    await roles.create_team(DEMO, Team(name="north", title="北区"))
    await roles.update_team(DEMO, Team(name="north", title="北"))
    await roles.teams(DEMO)
    await roles.delete_team(DEMO, "north")
    await audit.append(DEMO, [Deed(tenant=DEMO, at=Instant(1), who="root", action="x")] * 2)
    await audit.entries(DEMO, cursor=(await audit.entries(DEMO, limit=1)).next)
    await audit.verify(DEMO)
    await audit.has(DEMO, "0")
