"""The tenant's journal over HTTP: the events one could have seen on the stream, with the same numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from adapters.web import models
from adapters.web.asking import BoardOf, Me, PortsOf, SettingsOf, guarded, permitted
from adapters.web.paging import Json, answer, cursor_of, key_of
from cti.errors import BadRequest
from cti.news import Published, keys_of
from cti.people import Principal, every_key, queues_for, sight
from cti.permissions import OWN_ACCOUNT, QUEUES_SEE
from cti.shapes import Shape, stamp, without_call

router = guarded("events")


def _shape(me: Principal, news: Published) -> Shape:
    hidden = sight(me, news).without_call
    return {
        "seq": news.seq,
        "type": news.type,
        "at": stamp(news.at),
        "call": None if hidden else news.call,
        "data": without_call(dict(news.data)) if hidden else news.data,
    }


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    key = key_of(cursor)
    if not key.isdecimal() or len(key) > 18:
        raise BadRequest("that cursor is none of ours")
    return int(key)


@router.get("", response_model=models.Listing[models.Event], dependencies=[permitted(OWN_ACCOUNT)])
async def list_events(
    me: Me,
    ports: PortsOf,
    settings: SettingsOf,
    board: BoardOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="oldest first, from the one that follows")] = None,
    search: Annotated[str, Query(max_length=100, description="in the type and the call")] = "",
) -> Json:
    """Newest first, or oldest first with `after`. `total` counts the journal; a page may hold fewer than `limit`."""
    await ports.records.caught_up(settings.read_deadline)
    keys = every_key(me, queues_for(me, QUEUES_SEE, board.queues_of) or ())
    if after is not None:
        start = after if cursor is None else _before(cursor) or 0
        page = list(await ports.records.after(me.tenant, start, limit))
        following = str(page[-1].seq) if len(page) == limit else None
    else:
        page = list(await ports.records.newest(me.tenant, limit, _before(cursor)))[::-1]
        following = str(page[-1].seq) if len(page) == limit and page[-1].seq > 1 else None
    seen = [_shape(me, news) for news in page if not keys.isdisjoint(keys_of(news))]
    wanted = search.strip().casefold()
    items = [one for one in seen if wanted in f"{one['type']} {one['call'] or ''}".casefold()]
    return answer(items, board.seq, None if following is None else cursor_of(following))
