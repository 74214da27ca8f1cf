import { beforeEach, describe, expect, test } from "vitest";

import type { Agent, CallBrief, Queue } from "@/lib/shapes";
import type { EventFrame } from "@/lib/stream/frames";

import { faceOf, faceSince, needsSomebody } from "./face";
import { emptyBoard, type Board } from "./model";
import { applyEvent, applySnapshot, forget, LINGER_MS, purge } from "./reduce";
import { owe } from "./pops";
import { restore, talkOf } from "./talks";

const T0 = Date.parse("2026-11-22T10:00:00.000Z");
const stamp = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString();

function agent(no: string, more: Partial<Agent> = {}): Agent {
  return {
    agent_no: no, name: `座席 ${no}`, queues: ["sales"], status: "ready", reason: null, status_since: stamp(0), work: "idle",
    work_since: stamp(0), pending_status: null, pending_reason: null, acw_until: null, disposition_due: null, routable: true,
    device: { name: `PJSIP/${no}`, reachable: true }, call: null, caller: null, calls_today: 0, ...more,
  };
}

function queue(name: string, waiting = 0): Queue {
  return { name, title: "", strategy: "least_calls", members: [], waiting_count: waiting, longest_since: null, service: { answered: 0, in_time: 0, abandoned: 0, level: null }, waiting: [] };
}

function call(id: string, more: Partial<CallBrief> = {}): CallBrief {
  return {
    id, direction: "inbound", number: "+8613800138000", name: "张伟明", queue: "sales", priority: 0, vip: false, state: "waiting",
    state_since: stamp(0), agent_no: null, started_at: stamp(0), queued_at: stamp(0), answered_at: null, ended_at: null, result: null, ...more,
  };
}

let seq = 0;
function news(type: string, data: unknown, at = 1, id: string | null = "c1", topic = "calls:mine"): EventFrame {
  return { op: "event", seq: ++seq, prev: seq - 1, topic, type, at: stamp(at), call: id, data };
}

const POP = {
  offer: "o1", agent_no: "1001", caller: { number: "+8613800138000", name: "张伟明", place: null }, vip: true, list: "vip",
  queue: "sales", queue_title: "销售", waited: 12, ivr_path: [], digits: {}, customer: null, contacts: [], url: null,
};

let board: Board;
const only = <T>(map: Map<string, T>): T => [...map.values()][0]!;
const tell = (...events: EventFrame[]): void => events.forEach((event) => applyEvent(board, event));

beforeEach(() => {
  board = emptyBoard("1001", true);
});

describe("states before and beside the queue", () => {
  test("a call in a menu is on the board and pops up at nobody's", () => {
    board = emptyBoard("1900", false);
    tell(news("call.started", call("c1", { state: "ivr", queue: "" })));
    expect(only(board.calls)).toMatchObject({ state: "ivr", gone: null });
    expect(board.pops.size).toBe(0);
  });

  test("a call that I dial has a card at once, and nobody has waited in it", () => {
    tell(news("call.started", call("c1", { state: "dialling", direction: "outbound", agent_no: "1001", queue: "" })));
    expect(only(board.pops)).toMatchObject({ stage: "dialling", waitedFrom: null });
  });
});

describe("a screen pop", () => {
  const offered = { agent_no: "1001", state: "offered" } as const;

  test("follows its call from the offer to the end", () => {
    tell(news("call.offered", call("c1", offered), 1), news("screen_pop.requested", POP, 1));
    expect(board.pops.size).toBe(1);
    expect(only(board.pops)).toMatchObject({ key: "o1", stage: "offered", vip: true, queueTitle: "销售", waitedFrom: T0 - 11_000 });
    tell(news("call.ringing", call("c1", { ...offered, state: "ringing", state_since: stamp(2) }), 2));
    expect(only(board.pops)).toMatchObject({ stage: "ringing", stageSince: T0 + 2000 });
    tell(news("call.answered", call("c1", { ...offered, state: "talking", answered_at: stamp(5) }), 5));
    expect(only(board.pops)).toMatchObject({ stage: "talking", answeredAt: T0 + 5000 });
    const over = call("c1", { ...offered, state: "ended", answered_at: stamp(5), result: "answered" });
    tell(news("call.left", { ...over, talked: 4 }, 9), news("call.ended", over, 9), news("screen_pop.closed", { offer: "o1", agent_no: "1001", why: "ended" }, 9));
    expect(only(board.pops)).toMatchObject({ stage: "ended", ended: { at: T0 + 9000, why: "ended" } });
    expect(board.calls.get("c1")?.gone).toEqual({ at: T0 + 9000, why: "answered" });
  });

  test("learns contacts that were looked up later", () => {
    const contact = { call: "c0", queue: "sales", agent_no: "1002", started_at: stamp(-90), result: "answered" };
    tell(news("screen_pop.requested", POP), news("screen_pop.updated", { offer: "o1", agent_no: "1001", contacts: [contact] }));
    expect(only(board.pops).contacts).toEqual([contact]);
  });

  test("for a colleague is not mine", () => {
    tell(news("screen_pop.requested", { ...POP, agent_no: "1002" }));
    expect(board.pops.size).toBe(0);
  });

  test("that was not answered stays until somebody has read it, and the call leaves my table", () => {
    tell(news("call.offered", call("c1", offered)), news("screen_pop.requested", POP));
    tell(news("call.offer_ended", { ...call("c1"), offer: { agent_no: "1001", result: "no_answer" } }, 16));
    tell(news("screen_pop.closed", { offer: "o1", agent_no: "1001", why: "no_answer" }, 16));
    expect(board.calls.get("c1")?.gone?.why).toBe("no_answer");
    purge(board, T0 + 600_000);
    expect(only(board.pops).ended?.why).toBe("no_answer");
    expect(board.calls.size).toBe(0);
  });

  test("is rebuilt when the page is opened in mid-call, and closed when the next snapshot knows no such call", () => {
    applySnapshot(board, { "calls:mine": [call("c1", { agent_no: "1001", state: "talking", answered_at: stamp(3), state_since: stamp(3) })] }, T0);
    expect(only(board.pops)).toMatchObject({ call: "c1", stage: "talking", answeredAt: T0 + 3000, waitedFrom: T0 });
    applySnapshot(board, { "calls:mine": [] }, T0 + 60_000);
    expect(only(board.pops).ended).toEqual({ at: T0 + 60_000, why: "ended" });
  });

  test("of an answered call stays through after-call work, then goes", () => {
    tell(news("screen_pop.requested", POP), news("call.answered", call("c1", { ...offered, state: "talking", answered_at: stamp(5) }), 5));
    tell(news("screen_pop.closed", { offer: "o1", agent_no: "1001", why: "ended" }, 9));
    for (const work of ["acw", "ringing", "supervising", "acw"] as const) {
      board.agents.set("1001", agent("1001", { work, acw_until: stamp(70) }));
      purge(board, T0 + 60_000);
      expect(board.pops.size).toBe(1);
    }
    board.agents.set("1001", agent("1001"));
    purge(board, T0 + 60_000);
    expect(board.pops.size).toBe(0);
  });

  test("of a call whose disposition is due stays, and comes back to a page that was opened after it", () => {
    const owes = agent("1001", { work: "acw", acw_until: stamp(5), disposition_due: "c1" });
    board.agents.set("1001", owes);
    owe(board, call("c1", { agent_no: "1001", state: "ended", answered_at: stamp(5), ended_at: stamp(9), result: "answered" }));
    owe(board, call("c1", { state: "ended" }));
    purge(board, T0 + 600_000);
    expect(only(board.pops)).toMatchObject({ call: "c1", stage: "ended", answeredAt: T0 + 5000, ended: { why: "answered" } });
  });
});

describe("calls", () => {
  test("that are long over do not come back when somebody says what they came to", () => {
    board = emptyBoard("1900", false);
    tell(news("call.disposition_said", { ...call("c1", { state: "ended", result: "answered" }), disposition: { agent_no: "1001", code: "sold" } }));
    expect(board.calls.size).toBe(0);
  });

  test("of everybody stay in a supervisor's table whoever they go to", () => {
    board = emptyBoard("1900", false);
    tell(news("call.queued", { ...call("c1"), position: 1, waiting_count: 1 }), news("call.offered", call("c1", { agent_no: "1001", state: "offered" })));
    tell(news("call.offer_ended", { ...call("c1"), offer: { agent_no: "1001", result: "no_answer" } }));
    expect(board.calls.get("c1")).toMatchObject({ state: "waiting", gone: null });
    expect(board.pops.size).toBe(0);
  });

  test("that ended stay readable for a moment", () => {
    board = emptyBoard(null, false);
    tell(news("call.started", call("c1")), news("call.ended", call("c1", { state: "ended", result: "abandoned" }), 3));
    purge(board, T0 + 3000 + LINGER_MS);
    expect(board.calls.get("c1")?.gone?.why).toBe("abandoned");
    purge(board, T0 + 3001 + LINGER_MS);
    expect(board.calls.size).toBe(0);
  });

  test("of others that pass by an agent's connection are not shown", () => {
    tell(news("call.offered", call("c9", { agent_no: "1002", state: "offered" })));
    expect(board.calls.size).toBe(0);
  });

  test("that go on without me leave my table", () => {
    tell(news("call.answered", call("c1", { agent_no: "1001", state: "talking" })), news("call.left", { ...call("c1", { agent_no: "1001", state: "talking" }), talked: 3 }, 4));
    expect(board.calls.get("c1")?.gone).toEqual({ at: T0 + 4000, why: "ended" });
  });
});

describe("what I do with a call", () => {
  const mine = (more: Partial<CallBrief> = {}): CallBrief => call("c1", { agent_no: "1001", state: "talking", answered_at: stamp(1), ...more });

  test("a consultation is followed from the ringing to its end, and muting is mine alone", () => {
    tell(news("call.answered", mine()), news("call.muted", { ...mine(), by: "1002", muted: true }), news("call.consulted", { ...mine(), by: "1001", to: "agent:1002", stage: "asked" }));
    expect(talkOf(board, "c1")).toEqual({ muted: false, consult: { to: "agent:1002", stage: "asked" }, conference: false, parties: 0, recording: null });
    tell(news("call.muted", { ...mine(), by: "1001", muted: true }), news("call.consulted", { ...mine(), by: "1001", to: "agent:1002", stage: "no_answer" }));
    expect(talkOf(board, "c1")).toEqual({ muted: true, consult: null, conference: false, parties: 0, recording: null });
  });

  test("who was asked and joins makes it a conference, and the end of the call forgets it all", () => {
    tell(news("call.answered", mine()), news("call.consulted", { ...mine(), by: "1001", to: "agent:1002", stage: "answered" }), news("call.conferenced", { ...mine(), stage: "merged", leg: null }));
    expect(talkOf(board, "c1")).toMatchObject({ muted: false, consult: null, conference: true, parties: 1 });
    tell(news("call.ended", mine({ state: "ended", result: "answered" })));
    expect(board.talks.size).toBe(0);
  });

  test("my supervision is shown from its start to its end, others' never", () => {
    board.ownCallsOnly = false;
    tell(news("call.answered", call("c1", { agent_no: "1002", state: "talking" })));
    tell(news("supervision.started", { call: "c1", supervisor: "1900", agent_no: "1002", mode: "listen" }));
    expect([board.watch.now, board.watchers.size]).toEqual([null, 0]);
    tell(news("supervision.started", { call: "c1", supervisor: "1001", agent_no: "1002", mode: "listen" }), news("supervision.changed", { call: "c1", supervisor: "1001", agent_no: "1002", mode: "barge" }));
    expect(board.watch.now?.mode).toBe("barge");
    tell(news("supervision.ended", { call: "c1", supervisor: "1001", agent_no: "1002", result: "intercepted" }));
    expect([board.watch.now, board.calls.get("c1")?.agent_no]).toEqual([null, "1001"]);
    expect([...board.pops.values()].map((pop) => [pop.call, pop.stage])).toEqual([["c1", "talking"]]);
  });
});

test("who is asked about another's call has a card that follows their own part in it", () => {
  const theirs = call("c1", { agent_no: "1002", state: "held", answered_at: stamp(1) });
  tell(news("screen_pop.requested", { ...POP, agent_no: "1001" }), news("call.consulted", { ...theirs, by: "1002", to: "agent:1001", stage: "asked" }));
  tell(news("agent.updated", agent("1001", { work: "consulting", work_since: stamp(7), call: "c1" }), 7, null, "agent:me"));
  expect([...board.pops.values()].map((pop) => [pop.stage, pop.answeredAt])).toEqual([["talking", T0 + 7000]]);
  applySnapshot(board, { "agent:me": agent("1001", { work: "consulting", call: "c1" }), "calls:mine": [theirs] }, T0);
  expect([...board.pops.values()].map((pop) => pop.stage)).toEqual(["talking"]);
});

test("a page that is opened in a call knows what the record knows", () => {
  applySnapshot(board, { "agent:me": agent("1001", { work: "talking", call: "c1" }), "calls:mine": [call("c1", { agent_no: "1001", state: "talking" })] }, T0);
  const leg = { id: "l1", kind: "agent", device: "1001", agent_no: "1001", muted: true, ended_at: null };
  restore(board, { id: "c1", legs: [leg, { ...leg, id: "l2", kind: "party", agent_no: null }], recording: { state: "paused" } });
  expect(talkOf(board, "c1")).toMatchObject({ muted: true, conference: true, recording: "paused" });
});

test("who listens to me is shown while they do, where it is told", () => {
  tell(news("supervision.started", { call: "c1", supervisor: "1900", agent_no: "1002", heard: "1001", mode: "whisper" }));
  tell(news("supervision.started", { call: "c1", supervisor: "1901", agent_no: "1002", heard: "1001", mode: "listen" }));
  tell(news("supervision.ended", { call: "c1", supervisor: "1901", agent_no: "1002", heard: "1002", result: "" }));
  expect([...board.watchers.values()].map((watch) => watch.mode)).toEqual(["whisper"]);
  tell(news("call.ended", call("c1", { state: "ended" })));
  expect(board.watchers.size).toBe(0);
});

describe("snapshots", () => {
  test("replace whole topics; my own record wins over the colleagues' view of me", () => {
    tell(news("agent.updated", agent("1005"), 1, null, "agent:*"));
    const mine = agent("1001", { work: "talking", call: "c1", caller: { number: "1", name: "x" } });
    applySnapshot(board, { "agent:me": mine, "agent:*": [agent("1001", { work: "talking" }), agent("1002")], "queue:sales": queue("sales", 2) }, T0);
    expect([...board.agents.keys()].sort()).toEqual(["1001", "1002"]);
    expect(board.agents.get("1001")?.call).toBe("c1");
    expect(board.queues.get("sales")?.waiting_count).toBe(2);
  });

  test("of one more queue leave the others alone", () => {
    applySnapshot(board, { "queue:sales": queue("sales", 2) }, T0);
    applySnapshot(board, { "queue:support": queue("support") }, T0);
    expect([...board.queues.keys()]).toEqual(["sales", "support"]);
  });

  test("topics that ended are not left to freeze", () => {
    applySnapshot(board, { "agent:*": [agent("1001"), agent("1002")], "queue:*": [queue("sales")], "calls:*": [call("c1")] }, T0);
    forget(board, ["agent:*", "queue:*", "calls:*"]);
    expect([[...board.agents.keys()], board.queues.size, board.calls.size]).toEqual([["1001"], 0, 0]);
  });
});

test("a lost PBX link is known until it is back", () => {
  tell(news("pbx.link_down", { reason: "closed" }, 7, null));
  expect(board.pbx.down).toEqual({ since: T0 + 7000, reason: "closed" });
  tell(news("pbx.link_up", {}, 9, null));
  expect(board.pbx.down).toBeNull();
});

test("a call that I have left does not come back with what becomes of it", () => {
  board = emptyBoard("1001", true);
  const talking = { agent_no: "1001", state: "talking", answered_at: stamp(1) } as const;
  const gone = (): boolean[] => [...board.calls.values()].map((row) => row.gone !== null);
  tell(news("call.answered", call("c1", talking), 1), news("call.left", call("c1", talking), 5));
  expect(gone()).toEqual([true]);
  tell(news("call.updated", call("c1", { ...talking, state: "survey" }), 6));
  expect(gone()).toEqual([true]);

  tell(news("call.answered", call("c2", talking), 1, "c2"), news("call.left", call("c2", talking), 5, "c2"));
  tell(news("call.updated", call("c2", { ...talking, agent_no: "1900" }), 5, "c2"), news("call.held", call("c2", { ...talking, agent_no: "1900", state: "held" }), 6, "c2"));
  expect(gone()).toEqual([true, true]);
});

test("events of types that are not known are ignored", () => {
  tell(news("survey.answered", { score: 5 }), news("call", null as never, 1, null), news("", {}));
  expect(board.calls.size).toBe(0);
});

test.each([
  [{ status: "logged_out" }, "logged_out", false],
  [{ status: "logged_out", device: { name: null, reachable: false } }, "logged_out", false],
  [{}, "ready", false],
  [{ device: { name: "PJSIP/1001", reachable: false } }, "unreachable", true],
  [{ status: "not_ready", reason: null }, "busy", false],
  [{ status: "not_ready", reason: "break" }, "break", false],
  [{ status: "not_ready", reason: "connection_lost" }, "away", false],
  [{ status: "not_ready", reason: "no_answer" }, "busy", true],
  [{ status: "not_ready", reason: "unreachable" }, "busy", true],
  [{ status: "not_ready", reason: "break", work: "talking" }, "talking", false],
  [{ work: "acw" }, "acw", false],
] as Array<[Partial<Agent>, string, boolean]>)("an agent with %j is shown as %s", (more, face, red) => {
  expect([faceOf(agent("1001", more)), needsSomebody(agent("1001", more))]).toEqual([face, red]);
});

test("an idle agent's time starts again after each call", () => {
  expect(faceSince(agent("1001", { work_since: stamp(90) }))).toBe(T0 + 90_000);
  expect(faceSince(agent("1001", { work: "talking", status_since: stamp(95), work_since: stamp(90) }))).toBe(T0 + 90_000);
});
