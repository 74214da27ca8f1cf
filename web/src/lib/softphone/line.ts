/** A page's line to Asterisk's SIP, over the server: JsSIP's socket, with a hello before the first word of SIP.
 *
 *  It knows close codes and declines to know what is said on it. */

export const LINE = "/api/v1/softphone";

/** Ends that coming back would not mend: JsSIP is not told to try again. */
export const FINAL = { badFrame: 4400, badToken: 4401, noPhone: 4403, elsewhere: 4409 } as const;

/** Asked every so often, and answered by the server itself (RFC 5626, 4.4.1): a line that is only half there is missed. */
export const PING = "\r\n\r\n";
export const PONG = "\r\n";
const PING_MS = 15_000;
const SILENCE_MS = 30_000;
const HELLO_MS = 10_000;

/** The part of a WebSocket that is used here; tests bring their own. */
export interface Wire {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

export class Line {
  via_transport: string;
  readonly sip_uri: string;
  onconnect: () => void = () => {};
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => {};
  ondata: (data: unknown) => void = () => {};
  /** It has ended for good, and why. */
  onend: (code: number) => void = () => {};

  #wire: Wire | null = null;
  #open = false;
  #beat: ReturnType<typeof setInterval> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  readonly #make: (url: string) => Wire;

  constructor(
    readonly url: string,
    private readonly token: string,
    make?: (url: string) => Wire,
  ) {
    const at = new URL(url);
    this.via_transport = at.protocol === "wss:" ? "WSS" : "WS";
    this.sip_uri = `sip:${at.host};transport=ws`;
    this.#make = make ?? ((where) => new WebSocket(where, "sip") as unknown as Wire);
  }

  connect(): void {
    if (this.#wire) return;
    const wire = this.#make(this.url);
    this.#wire = wire;
    wire.onopen = () => wire.send(JSON.stringify({ op: "hello", token: this.token }));
    wire.onmessage = (message) => this.#wire === wire && this.#heard(message.data);
    wire.onclose = (event) => this.#wire === wire && this.#gone(event.code, event.reason);
    this.#watch(HELLO_MS);
  }

  disconnect(): void {
    const wire = this.#wire;
    this.#forget();
    wire?.close();
  }

  /** It does not carry any more, whatever the browser thinks: JsSIP opens another. */
  drop(): void {
    if (!this.#wire) return;
    this.disconnect();
    this.ondisconnect(true);
  }

  send(message: unknown): boolean {
    if (!this.#open || !this.#wire) return false;
    this.#wire.send(String(message));
    return true;
  }

  isConnected(): boolean {
    return this.#open;
  }

  isConnecting(): boolean {
    return this.#wire !== null && !this.#open;
  }

  #heard(data: unknown): void {
    this.#watch(SILENCE_MS);
    if (this.#open) return data === PONG ? undefined : this.ondata(data);
    if (typeof data !== "string" || !data.includes('"welcome"')) return;
    this.#open = true;
    this.#beat = setInterval(() => this.send(PING), PING_MS);
    this.onconnect();
  }

  #watch(ms: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.drop(), ms);
  }

  #gone(code: number, reason: string): void {
    this.#forget();
    if (Object.values<number>(FINAL).includes(code)) this.onend(code);
    else this.ondisconnect(code !== 1000, code, reason);
  }

  #forget(): void {
    this.#wire = null;
    this.#open = false;
    clearInterval(this.#beat);
    clearTimeout(this.#watchdog);
  }
}
