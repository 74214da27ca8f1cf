/** The softphone of a page: registers as the agent's browser phone, rings, answers. Everything else that is done to a
 *  call goes through the server, as with any other phone. JsSIP is fetched when the phone is switched on, not before. */

import { Problem, request } from "@/lib/api";

import { FINAL, LINE, Line } from "./line";
import { Ringer } from "./ringer";
import { Sound } from "./sound";

/** `ready` is registered; `lost` comes back by itself, `other_tab` when that tab lets go; the others wait for a person. */
export type PhoneState = "off" | "starting" | "ready" | "lost" | "elsewhere" | "other_tab" | "microphone" | "insecure" | "none" | "refused";

/** The one call of this phone. `call` is the server's id, where Asterisk has told it; `silent`: its sound has no way. */
export interface PhoneCall {
  call: string | null;
  state: "ringing" | "talking";
  silent: boolean;
}

export interface PhoneListener {
  state(state: PhoneState, device: string | null): void;
  call(call: PhoneCall | null): void;
}

interface Account {
  device: string;
  user: string;
  realm: string;
  digest: string;
}

/** What of JsSIP is used here; its own types want Node's. */
interface Session {
  connection: RTCPeerConnection | null;
  /** Its own mark that addresses were found once; as long as it stands, a later search would not be waited for. */
  _iceReady: boolean;
  answer(options: object): void;
  terminate(options?: { status_code?: number; cause?: string }): void;
  renegotiate(options: object): boolean;
  isEstablished(): boolean;
  on(event: string, listener: (told: never) => void): void;
}

interface Incoming {
  originator: string;
  session: Session;
  request: { getHeader(name: string): string | undefined };
}

interface Agent {
  start(): void;
  stop(): void;
  register(): void;
  on(event: string, listener: (told: never) => void): void;
}

type Jssip = { UA: new (settings: object) => Agent };

/** Refreshed often enough that a page that is gone is soon missed. */
const REGISTER_SECONDS = 60;
const AGAIN_MS = 2_000;
const AGAIN_MOST_MS = 15_000;
/** So often may the account be wrong before it is asked for anew: an administrator may have given it another secret. */
const SAME_ACCOUNT = 2;
const LOCK = "cti.softphone";
/** A machine's own addresses are found sooner; one whose search hangs answers with those it has. */
const GATHER_MS = 1_000;
/** For these JsSIP would hang up on a customer, where another way is all that is to be found. Whom nobody finds, Asterisk
 *  itself lets go, after its `rtp_timeout`. */
const NO_END = new Set(["RTP Timeout", "WebRTC Error", "Connection Error", "Request Timeout"]);

/** Not of this person's making, and worth another try. */
const passes = (problem: unknown): boolean => !(problem instanceof Problem) || problem.status === 0 || problem.status >= 500 || problem.code === "pbx_down";

export class Softphone {
  #state: PhoneState = "off";
  #ua: Agent | null = null;
  #line: Line | null = null;
  #session: Session | null = null;
  #heard: Sound | null = null;
  #current: PhoneCall | null = null;
  #answering = false;
  #lost = false;
  #failures = 0;
  #release: (() => void) | null = null;
  #queued: AbortController | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  #ending: PhoneState | null = null;
  #run = 0;
  readonly #ringer = new Ringer();
  readonly #sound = new Audio();

  constructor(
    private readonly token: string,
    private readonly listener: PhoneListener,
  ) {
    this.#sound.autoplay = true;
  }

  /** Asks for the microphone, registers, and stays registered until `stop`. */
  async start(): Promise<void> {
    if (this.#state === "starting" || this.#ua) return;
    const run = ++this.#run;
    clearTimeout(this.#again);
    this.#tell(this.#state === "lost" ? "lost" : "starting");
    let failed: PhoneState | null;
    try {
      failed = await this.#open(run);
    } catch {
      failed = "lost"; // the page's own parts could not be fetched
    }
    if (run !== this.#run || failed === null) return;
    this.#end(failed);
    if (failed === "lost") this.#again = setTimeout(() => void this.start(), this.#pause());
    if (failed === "other_tab") this.#wait();
  }

  /** Signs off, and lets other tabs have the phone. It ends a call. */
  stop(): void {
    this.#run++;
    this.#end("off");
  }

  /** The same, but a customer is not hung up on: the phone goes when the call is over. */
  retire(state: PhoneState = "off"): void {
    this.#run++;
    if (this.talking) this.#later(state);
    else this.#end(state);
  }

  /** False when nothing rings here. */
  answer(): boolean {
    if (this.#current?.state !== "ringing" || !this.#session || this.#answering) return false;
    this.#answering = true;
    this.#ringer.stop();
    this.#session.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
    return true;
  }

  /** The network is known to have changed: do not wait for silence to prove it. */
  drop(): void {
    this.#line?.drop();
  }

  /** Asterisk is said not to know this phone any more: ask it, rather than wait for the next refresh. */
  refresh(): void {
    if (this.#state === "ready") this.#ua?.register();
  }

  get talking(): boolean {
    return this.#current?.state === "talking";
  }

  async #open(run: number): Promise<PhoneState | null> {
    if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
    if (!(await this.#lock())) return "other_tab";
    let account: Account;
    try {
      account = await this.#account();
    } catch (problem) {
      if (passes(problem)) return "lost";
      return problem instanceof Problem && problem.status !== 401 ? "none" : "refused";
    }
    try {
      const heard = await navigator.mediaDevices.getUserMedia({ audio: true });
      heard.getTracks().forEach((track) => track.stop());
    } catch {
      return "microphone";
    }
    const loaded = (await import("jssip")) as unknown as Jssip & { default?: Jssip };
    if (run === this.#run) this.#register(loaded.default ?? loaded, account);
    return null;
  }

  #account(): Promise<Account> {
    return request<Account>("/agents/me/softphone", this.token);
  }

  #register(jssip: Jssip, account: Account): void {
    const line = new Line(location.origin.replace(/^http/, "ws") + LINE, this.token);
    const ua = new jssip.UA({
      sockets: [line],
      uri: `sip:${account.user}@${location.hostname}`,
      authorization_user: account.user,
      realm: account.realm,
      ha1: account.digest,
      register_expires: REGISTER_SECONDS,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 10,
      user_agent: "cti-softphone",
    });
    // One that was stopped has a last word for two more seconds, and must not be taken for the one that is here.
    const here = (): boolean => this.#ua === ua;
    line.onend = (code) => here() && this.#later(code === FINAL.elsewhere ? "elsewhere" : code === FINAL.noPhone ? "none" : "refused");
    ua.on("registered", () => here() && this.#registered(account.device));
    ua.on("disconnected", () => here() && this.#away(account.device));
    ua.on("registrationFailed", ({ response }: { response?: { status_code: number } | null }) => {
      if (!here()) return;
      this.#away(account.device);
      this.#retry(jssip, ua, account, response?.status_code ?? null);
    });
    ua.on("newRTCSession", (news: Incoming) => here() && news.originator === "remote" && this.#rings(news));
    this.#line = line;
    this.#ua = ua;
    ua.start();
  }

  #registered(device: string): void {
    this.#failures = 0;
    this.#tell("ready", device);
    const session = this.#session;
    // Without it a BYE of Asterisk would look for the line that is gone; and sound may have to find another way.
    if (this.#lost && session) this.#renegotiate(session, session.connection?.connectionState !== "connected");
    this.#lost = false;
  }

  #renegotiate(session: Session, iceRestart: boolean): void {
    if (!session.isEstablished()) return;
    if (iceRestart) session._iceReady = false;
    session.renegotiate({ useUpdate: false, ...(iceRestart ? { rtcOfferConstraints: { iceRestart } } : {}) });
  }

  #away(device: string): void {
    this.#lost = true;
    this.#tell("lost", device);
    // What rings has lost the way to its answer; the caller is offered to somebody else.
    if (this.#session && !this.#session.isEstablished()) this.#abandon(this.#session);
  }

  /** JsSIP leaves a refused REGISTER at that. Without an answer the line itself is no good. */
  #retry(jssip: Jssip, ua: Agent, account: Account, status: number | null): void {
    if (status === null) return this.drop();
    this.#failures++;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      if (this.#ua !== ua) return;
      if (this.#failures < SAME_ACCOUNT || this.talking) return ua.register();
      this.#account().then(
        (fresh) => {
          if (this.#ua !== ua) return;
          if (fresh.digest === account.digest && fresh.user === account.user) return ua.register();
          this.#ua = null;
          ua.stop();
          this.#register(jssip, fresh);
        },
        (problem: unknown) => this.#ua === ua && (passes(problem) ? ua.register() : this.#later("none")),
      );
    }, this.#pause());
  }

  #pause(): number {
    return Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** Math.min(this.#failures, 4));
  }

  #rings({ session, request: invite }: Incoming): void {
    if (this.#session) return session.terminate({ status_code: 486 });
    this.#session = session;
    this.#answering = false;
    session.on("peerconnection", ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      peerconnection.addEventListener("track", (event) => (this.#sound.srcObject = event.streams[0] ?? new MediaStream([event.track])));
    });
    // Asterisk takes no later ones, and the first may be none that it can use: TCP, or IPv6 where it has none.
    session.on("icecandidate", ({ ready }: { ready: () => void }) => setTimeout(ready, GATHER_MS));
    session.on("accepted", () => this.#session === session && this.#talks(session));
    const terminate = session.terminate.bind(session);
    session.terminate = (how) => (session.isEstablished() && NO_END.has(how?.cause ?? "") ? undefined : terminate(how));
    for (const end of ["ended", "failed"]) session.on(end, () => this.#over(session));
    this.#show({ call: invite.getHeader("X-Cti-Call") ?? null, state: "ringing", silent: false });
    if (/answer-after=0/i.test(invite.getHeader("Call-Info") ?? "")) this.answer();
    else this.#ringer.start();
  }

  #talks(session: Session): void {
    const show = (silent: boolean): void => this.#show({ call: this.#current?.call ?? null, state: "talking", silent });
    show(false);
    if (session.connection === null) return;
    this.#heard = new Sound(session.connection, show, () => this.#search(session));
  }

  #search(session: Session): void {
    const carries = this.#line?.isConnected() ?? false;
    if (carries && !this.#lost) this.#renegotiate(session, true);
    // A line that is lost comes back, and `#registered` sees to it. One that has ended does not, and Asterisk cannot even
    // say any more that the call is over.
    else if (!carries && this.#ending !== null) this.#abandon(session);
  }

  #abandon(session: Session): void {
    this.#over(session);
    try {
      session.terminate();
    } catch {
      /* it had ended by itself */
    }
  }

  #over(session: Session): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#answering = false;
    this.#quiet();
    if (this.#ending !== null) this.#end(this.#ending);
  }

  /** The phone is to go: at once, or when the call is over, whose sound needs no line. */
  #later(state: PhoneState): void {
    if (!this.talking) return this.#end(state);
    this.#ending = state;
    this.#tell(state);
  }

  #end(state: PhoneState): void {
    const ua = this.#ua;
    const session = this.#session;
    this.#ua = this.#line = this.#session = null;
    this.#ending = null;
    this.#lost = this.#answering = false;
    clearTimeout(this.#again);
    this.#queued?.abort();
    this.#queued = null;
    ua?.stop();
    if (session) this.#quiet();
    this.#release?.();
    this.#release = null;
    this.#tell(state);
  }

  #quiet(): void {
    this.#ringer.stop();
    this.#heard?.close();
    this.#heard = null;
    this.#sound.srcObject = null;
    this.#show(null);
  }

  #show(call: PhoneCall | null): void {
    this.#current = call;
    this.listener.call(call);
  }

  #tell(state: PhoneState, device: string | null = null): void {
    this.#state = state;
    this.listener.state(state, device);
  }

  /** Two tabs of one agent would take the phone from one another at every refresh. */
  #lock(): Promise<boolean> {
    return new Promise((got) => {
      void navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
        got(lock !== null);
        return lock === null ? undefined : new Promise<void>((done) => (this.#release = done));
      });
    });
  }

  /** Begin when the other tab lets go. */
  #wait(): void {
    const queued = (this.#queued = new AbortController());
    navigator.locks.request(LOCK, { signal: queued.signal }, () => {}).then(
      () => queued === this.#queued && void this.start(),
      () => null,
    );
  }
}
