"""Schedules: which flow, queue or message applies when, by the clock of a time zone and the days of a calendar."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response

from adapters.web import entry_models as models
from adapters.web.asking import Me, guarded, permitted
from adapters.web.models import Listing
from adapters.web.numbers import EntryOf
from adapters.web.paging import Json, Listed, page
from cti.errors import BadRequest
from cti.permissions import ENTRY_EDIT, ENTRY_SEE

router = guarded("schedules")

Name = Annotated[str, Path(max_length=64)]


def _given(asked: models.ScheduleChange) -> dict[str, Any]:
    return asked.model_dump(by_alias=True, exclude_unset=True)


@router.get("", response_model=Listing[models.Schedule], dependencies=[permitted(ENTRY_SEE)])
async def list_schedules(me: Me, entry: EntryOf, asked: Listed) -> Json:
    """By name."""
    return page(entry.schedules(me.tenant), lambda s: str(s["name"]), lambda s: (s["name"], s["title"]), asked)


@router.get("/{name}", response_model=models.Schedule, dependencies=[permitted(ENTRY_SEE)])
async def one_schedule(name: Name, me: Me, entry: EntryOf) -> Json:
    return Json(entry.schedule(me.tenant, name))


@router.post("", status_code=201, response_model=models.Schedule, dependencies=[permitted(ENTRY_EDIT)])
async def add_schedule(new: models.NewSchedule, me: Me, entry: EntryOf) -> Json:
    """Periods of one day may not overlap; without a time zone it is the tenant's."""
    return Json(await entry.add_schedule(me.tenant, _given(new)), 201)


@router.patch("/{name}", response_model=models.Schedule, dependencies=[permitted(ENTRY_EDIT)])
async def change_schedule(name: Name, change: models.ScheduleChange, me: Me, entry: EntryOf) -> Json:
    """Change what is given; `hours` and `special_days` take the place of those there are."""
    given = _given(change)
    if not given:
        raise BadRequest("nothing to change")
    return Json(await entry.change_schedule(me.tenant, name, given))


@router.delete("/{name}", status_code=204, dependencies=[permitted(ENTRY_EDIT)])
async def remove_schedule(name: Name, me: Me, entry: EntryOf) -> Response:
    """409 while a number leads to it."""
    await entry.remove_schedule(me.tenant, name)
    return Response(status_code=204)


@router.post("/{name}/test", response_model=models.ScheduleTested, dependencies=[permitted(ENTRY_SEE)])
async def test_schedule(name: Name, asked: models.Moment, me: Me, entry: EntryOf) -> Json:
    """The period that a moment falls in, and why."""
    return Json(entry.test_schedule(me.tenant, name, asked.at))
