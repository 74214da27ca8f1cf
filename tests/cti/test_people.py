"""Who may have which topic, and which events a topic brings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ids import AgentNo, Instant, QueueName, TenantId
from cti.news import EVERYONE, RECORDINGS, Published, keys_of
from cti.people import Principal, Sight, every_key, keys_for, may_subscribe, principal, sight
from cti.permissions import CALLS_SEE, RECORDINGS_SEE, ROLES, Scope

OWN = (QueueName("sales"),)
TOPICS = ("agent:me", "agent:1002", "agent:*", "queue:sales", "queue:billing", "queue:*", "calls:mine", "calls:*")


def someone(role: str, agent_no: str | None = None) -> Principal:
    return principal(TenantId("demo"), f"{role}-1", role, AgentNo(agent_no) if agent_no else None)


@pytest.mark.parametrize(
    ("role", "agent_no", "refused"),
    [
        ("agent", "1001", {"queue:billing", "calls:*"}),
        ("supervisor", "1900", set()),
        ("admin", None, {"agent:me", "calls:mine"}),
        ("admin", "1900", {"agent:me", "calls:mine"}),
        ("api", None, {"agent:me", "calls:mine"}),
        ("agent", None, {"agent:me", "calls:mine", "queue:*", "queue:billing", "calls:*"}),
        ("nobody", "1001", set(TOPICS) - {"queue:sales"}),
    ],
)
def test_each_role_has_the_topics_of_the_table(role: str, agent_no: str | None, refused: set[str]) -> None:
    own = OWN if role != "nobody" else ()
    expected = refused if role != "nobody" else set(TOPICS)
    assert {topic for topic in TOPICS if not may_subscribe(someone(role, agent_no), topic, own)} == expected


@pytest.mark.parametrize("topic", ["", "agent", "agent:", "calls:1", "users:*", "pbx:*", "*", "queue", ":", "me:1001"])
def test_words_that_are_no_topic_are_refused_to_everybody(topic: str) -> None:
    assert not any(may_subscribe(someone(role, "1001"), topic, OWN) for role in ROLES)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("agent.updated", {"me:1001", "agent:1001", "agent:*"}),
        ("screen_pop.requested", {"me:1001"}),
        ("queue.updated", {"queue:sales", "queue:*"}),
        ("call.queued", {"mine:1001", "calls:*", "calls:sales", "queue:sales", "queue:*"}),
        ("call.ringing", {"mine:1001", "calls:*", "calls:sales"}),
        ("voicemail.updated", {"me:1001", "calls:*"}),
        ("survey.answered", {"calls:*", "calls:sales"}),
        ("supervision.started", {"me:1001", "calls:*", "calls:sales"}),
        ("recording.kept", {RECORDINGS}),
        ("recording.trouble", {"calls:*", "calls:sales"}),
        ("pbx.link_down", {EVERYONE}),
        ("something.new", set()),
    ],
)
def test_each_event_matches_the_topics_of_the_table(kind: str, keys: set[str]) -> None:
    news = Published(1, kind, Instant(0), {}, None, frozenset({AgentNo("1001")}), QueueName("sales"))
    assert set(keys_of(news)) == keys


def test_a_recording_is_named_only_to_those_who_may_find_it() -> None:
    everybody = {CALLS_SEE: Scope.TENANT}
    blind = Principal(tenant=TenantId("demo"), username="x", role="x", permissions=everybody)
    found = Principal(
        tenant=TenantId("demo"), username="x", role="x", permissions={**everybody, RECORDINGS_SEE: Scope.TENANT}
    )
    kept = Published(1, "recording.kept", Instant(0), {"id": "abc"}, None)
    assert every_key(blind, ()).isdisjoint(keys_of(kept))
    assert not every_key(found, ()).isdisjoint(keys_of(kept))
    for role in ("agent", "masked_agent"):
        assert every_key(someone(role, "1001"), OWN).isdisjoint(keys_of(kept))


KINDS = ("agent.updated", "screen_pop.requested", "queue.updated", "call.queued", "call.ended", "pbx.link_up")
numbers = st.sampled_from(["1001", "1002", "1003"]).map(AgentNo)
queues = st.sampled_from(["sales", "support", "billing"]).map(QueueName)
news_of = st.builds(
    Published,
    seq=st.integers(1, 10**9),
    type=st.sampled_from(KINDS),
    at=st.just(Instant(0)),
    data=st.just({}),
    call=st.none(),
    agents=st.frozensets(numbers, max_size=3),
    queue=queues,
)


@given(news=news_of, no=numbers, own=st.frozensets(queues))
def test_no_choice_of_topics_shows_an_agent_what_is_not_theirs(
    news: Published, no: AgentNo, own: frozenset[QueueName]
) -> None:
    me = principal(TenantId("demo"), "me", "agent", no)
    topics = ("agent:me", "agent:*", "agent:1002", "queue:*", "queue:sales", "queue:billing", "calls:mine", "calls:*")
    seen = {t for t in topics if (keys_for(me, t, own) or frozenset()) & set(keys_of(news))}

    if news.type == "screen_pop.requested" or news.type == "call.ended":
        assert bool(seen) == (no in news.agents)
    if news.type == "queue.updated":
        assert bool(seen) == (news.queue in own)
    if news.type == "agent.updated" and no not in news.agents:
        assert sight(me, news) is Sight.COLLEAGUE
    assert bool(seen) <= bool(every_key(me, own) & set(keys_of(news)))


@given(news=news_of)
def test_a_supervisor_sees_everything_but_the_pops_of_others(news: Published) -> None:
    boss = someone("supervisor", "1900")
    seen = bool(every_key(boss, ()) & set(keys_of(news)))
    assert seen == (news.type != "screen_pop.requested" and bool(keys_of(news)))
    assert sight(boss, news) is Sight.FULL
