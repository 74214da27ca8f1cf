/** One page's end of `/api/v1/ws`: says hello, subscribes, proves that nothing was missed, comes back by itself.
 *
 *  It knows sequence numbers and close codes and declines to know what an event means. */

import { pause } from "./backoff";
import { Commands } from "./commands";
import { CLOSED, parse, SUBPROTOCOL, type EventFrame, type Frame, type Subscribed, type Welcome } from "./frames";

export type Link =
  | { state: "connecting"; attempt: number }
  | { state: "live" }
  | { state: "waiting"; attempt: number }
  | { state: "elsewhere" }
  | { state: "signed_out" }
  | { state: "refused"; code: string }
  | { state: "closed" };

/** What the client tells its page. A snapshot, where `subscribed` has one, replaces everything known for its topics. */
export interface Listener {
  link(link: Link): void;
  welcome(welcome: Welcome): void;
  subscribed(answer: Subscribed): void;
  event(event: EventFrame): void;
  unsubscribed(topics: string[]): void;
  /** Any frame at all came: what is shown is as of now. */
  alive(): void;
}

/** The part of a WebSocket that is used here; tests bring their own. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Options {
  url: string;
  token: string;
  topics: string[];
  open?: (url: string, protocol: string) => Socket;
  random?: () => number;
}

const SILENCE_MS = 30_000;
const HELLO_MS = 10_000;

export class Stream {
  readonly #options: Options;
  readonly #listener: Listener;
  readonly #commands = new Commands((frame) => this.#send(frame));
  #topics: string[];
  #socket: Socket | null = null;
  #live = false;
  #attempt = 0;
  #epoch: string | null = null;
  #seq: number | null = null;
  #granted: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #silence = SILENCE_MS;

  constructor(options: Options, listener: Listener) {
    this.#options = options;
    this.#listener = listener;
    this.#topics = [...options.topics];
  }

  /** Connect now, also when an attempt is only due later, or after the page was signed in elsewhere. */
  connect(): void {
    if (this.#socket) return;
    this.#cancelRetry();
    this.#listener.link({ state: "connecting", attempt: this.#attempt });
    const open = this.#options.open ?? ((url, protocol) => new WebSocket(url, protocol) as unknown as Socket);
    const socket = open(this.#options.url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => this.#hello();
    socket.onmessage = (message) => this.#socket === socket && this.#received(message.data);
    socket.onclose = (event) => this.#socket === socket && this.#gone(event.code);
    this.#watch(HELLO_MS);
  }

  /** The network seems to be back, or the page is looked at again: do not sit out the pause. */
  wake(): void {
    if (this.#retry !== undefined) this.connect();
  }

  /** The network is known to be gone: do not wait for silence to prove it. */
  lost(): void {
    if (this.#socket) this.#gone(1006);
  }

  /** Leave for good. */
  close(): void {
    this.#drop();
    this.#cancelRetry();
    this.#listener.link({ state: "closed" });
  }

  /** Ask for one thing to be done; resolves when the server has accepted it, rejects with `CommandRefused`. */
  command(name: string, args: Record<string, unknown> = {}): Promise<void> {
    return this.#commands.ask(this.#live, { op: "command", name, args });
  }

  /** The receipt of a screen pop: it is on the screen. */
  shown(seq: number): void {
    this.#send({ op: "shown", seq });
  }

  /** Listen to more topics; they are kept for every connection to come. */
  add(topics: string[]): void {
    const more = topics.filter((topic) => !this.#topics.includes(topic));
    if (more.length === 0) return;
    this.#topics.push(...more);
    if (this.#live) this.#subscribe(more);
  }

  #hello(): void {
    const resume = this.#epoch !== null && this.#seq !== null ? { epoch: this.#epoch, seq: this.#seq } : null;
    this.#send({ op: "hello", id: "hello", token: this.#options.token, ...(resume ? { resume } : {}) });
  }

  #subscribe(topics: string[]): void {
    this.#commands.request(
      { op: "subscribe", topics },
      (answer) => this.#subscribed(answer),
      (refused) => this.#refused(refused.code),
    );
  }

  #subscribed(frame: Frame): void {
    this.#granted = frame.seq ?? null;
    if (!this.#live) this.#seq = this.#granted;
    this.#listener.subscribed(frame as unknown as Subscribed);
    if (!this.#live) {
      this.#live = true;
      this.#attempt = 0;
      this.#listener.link({ state: "live" });
    }
  }

  #refused(code: string): void {
    if (code === "disconnected") return;
    if (code === "timeout") return this.#gone(1006);
    this.#drop();
    this.#listener.link({ state: "refused", code });
  }

  #received(data: unknown): void {
    this.#watch(this.#silence);
    const frame = parse(data);
    if (!frame) return;
    if (frame.op === "event") this.#event(frame as unknown as EventFrame);
    else if (frame.op === "ping") this.#send({ op: "pong" });
    else if (frame.op === "welcome") this.#welcome(frame as unknown as Welcome);
    else if (frame.op === "unsubscribed") this.#unsubscribed(frame.topics ?? []);
    else this.#commands.answered(frame);
    if (this.#live) this.#listener.alive();
  }

  #welcome(welcome: Welcome): void {
    if (welcome.heartbeat > 0) this.#silence = Math.max(SILENCE_MS, welcome.heartbeat * 2000);
    this.#epoch = welcome.epoch;
    if (!welcome.resumed) this.#seq = null;
    this.#listener.welcome(welcome);
    this.#subscribe(this.#topics);
  }

  /** A repeated event is passed over; after a gap the connection is given up, because resuming closes the gap. */
  #event(event: EventFrame): void {
    const last = this.#seq ?? event.prev;
    if (event.seq <= last) return;
    if (event.prev > last && event.prev !== this.#granted) return this.#gone(1006);
    this.#seq = event.seq;
    this.#listener.event(event);
  }

  #unsubscribed(topics: string[]): void {
    this.#topics = this.#topics.filter((topic) => !topics.includes(topic));
    this.#listener.unsubscribed(topics);
  }

  #gone(code: number): void {
    this.#drop();
    if (code === CLOSED.elsewhere) return this.#listener.link({ state: "elsewhere" });
    if (code === CLOSED.badToken) return this.#listener.link({ state: "signed_out" });
    const attempt = this.#attempt++;
    this.#listener.link({ state: "waiting", attempt });
    this.#retry = setTimeout(() => this.connect(), pause(attempt, this.#options.random));
  }

  /** Forget the socket before closing it: what it still says, and when it ends, concerns nobody. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#live = false;
    clearTimeout(this.#watchdog);
    this.#commands.abandon();
    socket?.close(1000);
  }

  #cancelRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #watch(milliseconds: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#gone(1006), milliseconds);
  }

  #send(frame: Record<string, unknown>): void {
    this.#socket?.send(JSON.stringify(frame));
  }
}
