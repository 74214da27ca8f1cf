import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Stream, type Link, type Listener, type Socket } from "./client";
import { CommandRefused } from "./commands";

/** The server's end of one connection: what was said to it, and a way to answer. */
class Peer implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  said: Array<Record<string, unknown>> = [];
  closed = false;

  send(text: string): void {
    this.said.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  say(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  end(code: number): void {
    this.onclose?.({ code });
  }

  get last(): Record<string, unknown> {
    return this.said[this.said.length - 1] ?? {};
  }
}

class World implements Listener {
  peers: Peer[] = [];
  links: Link["state"][] = [];
  news: Array<[number, string]> = [];
  snapshots: unknown[] = [];
  ended: string[] = [];
  stream = new Stream(
    {
      url: "ws://test/api/v1/ws",
      token: "secret",
      topics: ["agent:me", "calls:mine"],
      random: () => 1,
      open: () => {
        const peer = new Peer();
        this.peers.push(peer);
        return peer;
      },
    },
    this,
  );

  link = (link: Link): number => this.links.push(link.state);
  welcome = (): void => {};
  subscribed = (answer: { snapshot?: unknown }): unknown => answer.snapshot && this.snapshots.push(answer.snapshot);
  event = (event: { seq: number; type: string }): number => this.news.push([event.seq, event.type]);
  alive = (): void => {};
  unsubscribed = (topics: string[]): number => this.ended.push(...topics);

  get peer(): Peer {
    return this.peers[this.peers.length - 1]!;
  }

  /** Up to the answered first subscribe. */
  goLive(seq = 100, resumed = false): Peer {
    this.peer.onopen?.();
    this.peer.say({ op: "welcome", re: "hello", epoch: "e1", heartbeat: 15, resumed });
    const snapshot = resumed ? {} : { snapshot: { "agent:me": {} } };
    this.peer.say({ op: "ok", re: this.peer.last["id"], seq, ...snapshot });
    return this.peer;
  }

  event_(seq: number, prev: number, type = "agent.updated"): void {
    this.peer.say({ op: "event", seq, prev, topic: "agent:me", type, at: "2026-11-22T10:00:00.000Z", call: null, data: {} });
  }
}

let world: World;

beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
  world.stream.connect();
});

afterEach(() => {
  world.stream.close();
  vi.useRealTimers();
});

describe("signing on", () => {
  test("the token travels in the hello frame and nothing is resumed at first", () => {
    world.peer.onopen?.();
    expect(world.peer.said).toEqual([{ op: "hello", id: "hello", token: "secret" }]);
  });

  test("all topics are subscribed at once and the snapshot is handed on before the link is live", () => {
    const peer = world.goLive();
    expect(peer.last).toMatchObject({ op: "subscribe", topics: ["agent:me", "calls:mine"] });
    expect(world.snapshots).toEqual([{ "agent:me": {} }]);
    expect(world.links).toEqual(["connecting", "live"]);
  });

  test("a refused topic is told and not tried again", () => {
    world.peer.onopen?.();
    world.peer.say({ op: "welcome", epoch: "e1", heartbeat: 15, resumed: false });
    world.peer.say({ op: "error", re: world.peer.last["id"], code: "not_allowed", message: "no" });
    vi.advanceTimersByTime(60_000);
    expect(world.links).toEqual(["connecting", "refused"]);
    expect(world.peers).toHaveLength(1);
  });
});

describe("nothing is missed", () => {
  test("events that follow each other are handed on in order, numbers in between may be skipped", () => {
    world.goLive(100);
    world.event_(103, 100);
    world.event_(110, 103);
    expect(world.news.map(([seq]) => seq)).toEqual([103, 110]);
  });

  test("an event that came before is passed over", () => {
    world.goLive(100);
    world.event_(103, 100);
    world.event_(103, 100);
    world.event_(99, 98);
    expect(world.news.map(([seq]) => seq)).toEqual([103]);
  });

  test("a gap is not shown: the connection is given up and resumed from the last event before the gap", () => {
    world.goLive(100);
    world.event_(103, 100);
    world.event_(120, 110);
    expect(world.news.map(([seq]) => seq)).toEqual([103]);
    expect(world.peer.closed).toBe(true);
    vi.advanceTimersByTime(500);
    world.peer.onopen?.();
    expect(world.peer.last).toMatchObject({ op: "hello", resume: { epoch: "e1", seq: 103 } });
  });

  test("after a resume the events in between come without a snapshot", () => {
    world.goLive(100);
    world.event_(101, 100);
    world.peer.end(1006);
    vi.advanceTimersByTime(500);
    world.goLive(101, true);
    world.event_(102, 101);
    expect(world.snapshots).toHaveLength(1);
    expect(world.news.map(([seq]) => seq)).toEqual([101, 102]);
  });

  test("what cannot be resumed is replaced by a snapshot, also when the numbers start anew", () => {
    world.goLive(100);
    world.peer.end(1012);
    vi.advanceTimersByTime(500);
    world.goLive(7, false);
    world.event_(8, 7);
    expect(world.snapshots).toHaveLength(2);
    expect(world.news.map(([seq]) => seq)).toEqual([8]);
  });

  test("topics added later are kept, and their ok does not make the next event look like a gap", () => {
    world.goLive(100);
    world.stream.add(["queue:sales", "agent:me"]);
    expect(world.peer.last).toMatchObject({ op: "subscribe", topics: ["queue:sales"] });
    world.peer.say({ op: "ok", re: world.peer.last["id"], seq: 140, snapshot: { "queue:sales": {} } });
    world.event_(139, 100);
    world.event_(141, 140);
    expect(world.news.map(([seq]) => seq)).toEqual([139, 141]);
    world.peer.end(1006);
    vi.advanceTimersByTime(500);
    world.goLive(141, true);
    expect(world.peer.last).toMatchObject({ topics: ["agent:me", "calls:mine", "queue:sales"] });
  });

  test("topics that are no longer allowed are told and not asked for again", () => {
    world.goLive();
    world.peer.say({ op: "unsubscribed", topics: ["calls:mine"] });
    world.peer.end(1006);
    vi.advanceTimersByTime(500);
    world.goLive(100, true);
    expect(world.ended).toEqual(["calls:mine"]);
    expect(world.peer.last).toMatchObject({ topics: ["agent:me"] });
  });
});

describe("coming back", () => {
  test("attempts are spaced out to ten seconds and never stop", () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const known = world.peers.length;
      world.peer.end(1006);
      let waited = 0;
      while (world.peers.length === known) waited += (vi.advanceTimersByTime(100), 100);
      waits.push(waited);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  test("silence of thirty seconds is a lost line; pings are answered and count as life", () => {
    world.goLive();
    vi.advanceTimersByTime(25_000);
    world.peer.say({ op: "ping" });
    expect(world.peer.last).toEqual({ op: "pong" });
    vi.advanceTimersByTime(29_000);
    expect(world.links.at(-1)).toBe("live");
    vi.advanceTimersByTime(1_000);
    expect(world.links.at(-1)).toBe("waiting");
  });

  test("signed in elsewhere: it stays away until it is asked to connect", () => {
    world.goLive();
    world.peer.end(4409);
    world.stream.wake();
    vi.advanceTimersByTime(600_000);
    expect(world.links.at(-1)).toBe("elsewhere");
    expect(world.peers).toHaveLength(1);
    world.stream.connect();
    expect(world.peers).toHaveLength(2);
  });

  test("a refused token asks for a new sign-in", () => {
    world.goLive();
    world.peer.end(4401);
    vi.advanceTimersByTime(600_000);
    expect(world.links.at(-1)).toBe("signed_out");
    expect(world.peers).toHaveLength(1);
  });

  test("waking up ends the pause, and does nothing while connected", () => {
    world.goLive();
    world.stream.wake();
    expect(world.peers).toHaveLength(1);
    world.peer.end(1006);
    world.stream.wake();
    expect(world.peers).toHaveLength(2);
    vi.advanceTimersByTime(600);
    expect(world.peers).toHaveLength(2);
  });

  test("a socket that was given up can say no more", () => {
    const old = world.goLive(100);
    world.stream.lost();
    vi.advanceTimersByTime(500);
    old.say({ op: "event", seq: 101, prev: 100, type: "x" });
    old.end(4401);
    expect(world.news).toEqual([]);
    expect(world.links.at(-1)).toBe("connecting");
  });
});

describe("commands and receipts", () => {
  test("a command is accepted by its own answer", async () => {
    world.goLive();
    const first = world.stream.command("agent.status", { status: "ready" });
    const second = world.stream.command("call.hangup", { call: "c1" });
    const [one, two] = world.peer.said.slice(-2);
    expect(one).toMatchObject({ op: "command", name: "agent.status", args: { status: "ready" } });
    world.peer.say({ op: "error", re: two?.["id"], code: "no_such_call", message: "gone" });
    world.peer.say({ op: "ok", re: one?.["id"] });
    await expect(first).resolves.toBeUndefined();
    await expect(second).rejects.toMatchObject({ code: "no_such_call" });
  });

  test("without a connection a command is refused at once, and a lost one is never sent again", async () => {
    await expect(world.stream.command("agent.status")).rejects.toBeInstanceOf(CommandRefused);
    world.goLive();
    const asked = world.stream.command("agent.status", { status: "ready" });
    world.peer.end(1006);
    await expect(asked).rejects.toMatchObject({ code: "disconnected" });
    vi.advanceTimersByTime(500);
    world.goLive(100, true);
    expect(world.peer.said.filter((frame) => frame["op"] === "command")).toEqual([]);
  });

  test("an answer that does not come is a timeout", async () => {
    world.goLive();
    const asked = world.stream.command("agent.finish_acw");
    const told = expect(asked).rejects.toMatchObject({ code: "timeout" });
    vi.advanceTimersByTime(5_000);
    await told;
  });

  test("a receipt names the event", () => {
    world.goLive();
    world.stream.shown(1241);
    expect(world.peer.last).toEqual({ op: "shown", seq: 1241 });
  });

  test("frames that nobody understands are passed over", () => {
    world.goLive(100);
    for (const odd of ["", "nonsense", "[]", "null", "7", '{"op":7}', '{"op":"later"}', '{"op":"ok","re":"77"}']) world.peer.say(odd);
    world.event_(101, 100);
    expect(world.news).toHaveLength(1);
  });
});
