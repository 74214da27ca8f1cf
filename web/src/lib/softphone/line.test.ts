import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FINAL, Line, PING, PONG, type Wire } from "./line";

class Peer implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  said: string[] = [];
  closed = false;

  send(text: string): void {
    this.said.push(text);
  }

  close(): void {
    this.closed = true;
  }
}

function open(): { line: Line; peers: Peer[]; told: unknown[] } {
  const peers: Peer[] = [];
  const told: unknown[] = [];
  const line = new Line("wss://pbx.test:8443/api/v1/softphone", "secret", () => {
    const peer = new Peer();
    peers.push(peer);
    return peer;
  });
  line.onconnect = () => told.push("connected");
  line.ondisconnect = (_error, code) => told.push(["lost", code]);
  line.ondata = (data) => told.push(data);
  line.onend = (code) => told.push(["ended", code]);
  line.connect();
  return { line, peers, told };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the token travels in the first frame, and SIP begins with the welcome", () => {
  const { line, peers, told } = open();
  expect([line.via_transport, line.sip_uri]).toEqual(["WSS", "sip:pbx.test:8443;transport=ws"]);
  peers[0]!.onopen?.();
  expect(peers[0]!.said).toEqual(['{"op":"hello","token":"secret"}']);
  expect([line.send("REGISTER"), line.isConnecting()]).toEqual([false, true]);
  peers[0]!.onmessage?.({ data: '{"op":"welcome"}' });
  expect([line.send("REGISTER"), line.isConnected()]).toEqual([true, true]);
  peers[0]!.onmessage?.({ data: "SIP/2.0 200 OK" });
  expect(told).toEqual(["connected", "SIP/2.0 200 OK"]);
});

test("a lost line is JsSIP's to open again, a refused one is nobody's", () => {
  const { line, peers, told } = open();
  peers[0]!.onclose?.({ code: 1012, reason: "restart" });
  line.connect();
  peers[1]!.onclose?.({ code: FINAL.elsewhere, reason: "" });
  expect(told).toEqual([["lost", 1012], ["ended", FINAL.elsewhere]]);
  expect(peers).toHaveLength(2);
});

test("a line that was given up says no more", () => {
  const { line, peers, told } = open();
  line.disconnect();
  peers[0]!.onmessage?.({ data: '{"op":"welcome"}' });
  peers[0]!.onclose?.({ code: 1000, reason: "" });
  expect([told, peers[0]!.closed, line.isConnected()]).toEqual([[], true, false]);
});

test("a line that is only half there is given up after half a minute of silence, one that answers is kept", () => {
  const { peers, told } = open();
  peers[0]!.onmessage?.({ data: '{"op":"welcome"}' });
  for (let beat = 0; beat < 4; beat++) {
    vi.advanceTimersByTime(15_000);
    expect(peers[0]!.said.at(-1)).toBe(PING);
    peers[0]!.onmessage?.({ data: PONG });
  }
  expect(told).toEqual(["connected"]);
  vi.advanceTimersByTime(30_000);
  expect([told, peers[0]!.closed]).toEqual([["connected", ["lost", undefined]], true]);
});

test("a server that never says welcome is not waited for", () => {
  const { peers, told } = open();
  peers[0]!.onopen?.();
  vi.advanceTimersByTime(10_000);
  expect([told, peers[0]!.closed]).toEqual([[["lost", undefined]], true]);
});
