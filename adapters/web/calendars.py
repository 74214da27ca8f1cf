"""Calendars 节假日: the published holidays and make-up workdays of a country, and what the tenant says instead."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from adapters.web import entry_models as models
from adapters.web.asking import Me, guarded, permitted
from adapters.web.models import Listing
from adapters.web.numbers import EntryOf
from adapters.web.paging import Json, Listed, answer, page
from cti.errors import BadRequest
from cti.permissions import ENTRY_EDIT, ENTRY_SEE

router = guarded("calendars")

Name = Annotated[str, Path(max_length=64)]
Year = Annotated[int, Query(ge=1980, le=2100)]


def _given(asked: models.CalendarChange) -> dict[str, Any]:
    return {name: value for name, value in asked.model_dump().items() if value is not None}


@router.get("", response_model=Listing[models.Calendar], dependencies=[permitted(ENTRY_SEE)])
async def list_calendars(me: Me, entry: EntryOf, asked: Listed) -> Json:
    """By name; `days` are the tenant's own."""
    return page(entry.calendars(me.tenant), lambda c: str(c["name"]), lambda c: (c["name"], c["title"]), asked)


@router.get("/{name}", response_model=models.Calendar, dependencies=[permitted(ENTRY_SEE)])
async def one_calendar(name: Name, me: Me, entry: EntryOf) -> Json:
    return Json(entry.calendar(me.tenant, name))


@router.get("/{name}/days", response_model=Listing[models.CalendarDay], dependencies=[permitted(ENTRY_SEE)])
async def list_days(name: Name, year: Year, me: Me, entry: EntryOf) -> Json:
    """The days of a year that are not what their weekday says, and by whom; `computed`: not published yet."""
    found = entry.days(me.tenant, name, year)
    return answer(found, len(found), None)


@router.post("", status_code=201, response_model=models.Calendar, dependencies=[permitted(ENTRY_EDIT)])
async def add_calendar(new: models.NewCalendar, me: Me, entry: EntryOf) -> Json:
    return Json(await entry.add_calendar(me.tenant, _given(new)), 201)


@router.patch("/{name}", response_model=models.Calendar, dependencies=[permitted(ENTRY_EDIT)])
async def change_calendar(name: Name, change: models.CalendarChange, me: Me, entry: EntryOf) -> Json:
    """Change what is given; the tenant's own days win over published ones."""
    given = _given(change)
    if not given:
        raise BadRequest("nothing to change")
    return Json(await entry.change_calendar(me.tenant, name, given))


@router.delete("/{name}", status_code=204, dependencies=[permitted(ENTRY_EDIT)])
async def remove_calendar(name: Name, me: Me, entry: EntryOf) -> Response:
    """409 while a schedule uses it."""
    await entry.remove_calendar(me.tenant, name)
    return Response(status_code=204)
