/** The softphone of a page: registers as the agent's browser phone, rings, answers. Everything else that is done to a
 *  call goes through the server, as with any other phone. JsSIP is fetched when the phone is switched on, not before. */

import { Problem, request } from "@/lib/api";

import { FINAL, LINE, Line } from "./line";
import { Ringer } from "./ringer";

/** `ready` is registered; `lost` comes back by itself; the others wait for a person. */
export type PhoneState = "off" | "starting" | "ready" | "lost" | "elsewhere" | "other_tab" | "microphone" | "insecure" | "none" | "refused";

/** The one call of this phone. `call` is the server's id, where Asterisk has told it. */
export interface PhoneCall {
  call: string | null;
  state: "ringing" | "talking";
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
  answer(options: object): void;
  terminate(options?: object): void;
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
  on(event: string, listener: (told: never) => void): void;
}

type Jssip = { UA: new (settings: object) => Agent };

/** Refreshed often enough that nothing on the way takes the line for idle, and a page that is gone is soon missed. */
const REGISTER_SECONDS = 60;
const LOCK = "cti.softphone";

export class Softphone {
  #state: PhoneState = "off";
  #ua: Agent | null = null;
  #session: Session | null = null;
  #current: PhoneCall | null = null;
  #lost = false;
  #release: (() => void) | null = null;
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
    this.#tell("starting");
    const failed = await this.#open(run);
    if (run === this.#run && failed) this.#end(failed);
  }

  /** Hangs up, signs off, and lets other tabs have the phone. */
  stop(): void {
    this.#run++;
    this.#end("off");
  }

  /** False when nothing rings here. */
  answer(): boolean {
    if (this.#current?.state !== "ringing" || !this.#session) return false;
    this.#ringer.stop();
    this.#session.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } });
    return true;
  }

  get talking(): boolean {
    return this.#current?.state === "talking";
  }

  async #open(run: number): Promise<PhoneState | null> {
    if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
    if (!(await this.#lock())) return "other_tab";
    let account: Account;
    try {
      account = await request<Account>("/agents/me/softphone", this.token);
    } catch (problem) {
      return problem instanceof Problem && [403, 404, 409, 503].includes(problem.status) ? "none" : "refused";
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

  #register(jssip: Jssip, account: Account): void {
    const line = new Line(location.origin.replace(/^http/, "ws") + LINE, this.token);
    line.onend = (code) => this.#end(code === FINAL.elsewhere ? "elsewhere" : code === FINAL.noPhone ? "none" : "refused");
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
    ua.on("registered", () => this.#registered(account.device));
    ua.on("disconnected", () => this.#away(account.device));
    ua.on("registrationFailed", () => this.#away(account.device));
    ua.on("newRTCSession", (news: Incoming) => news.originator === "remote" && this.#rings(news));
    this.#ua = ua;
    ua.start();
  }

  #registered(device: string): void {
    this.#tell("ready", device);
    // Without it a BYE of Asterisk would look for the line that is gone.
    if (this.#lost && this.#session?.isEstablished()) this.#session.renegotiate({ useUpdate: false });
    this.#lost = false;
  }

  #away(device: string): void {
    if (!this.#ua) return;
    this.#lost = true;
    this.#tell("lost", device);
  }

  #rings({ session, request: invite }: Incoming): void {
    if (this.#session) return session.terminate({ status_code: 486 });
    this.#session = session;
    session.on("peerconnection", ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      peerconnection.addEventListener("track", (event) => (this.#sound.srcObject = event.streams[0] ?? new MediaStream([event.track])));
    });
    session.on("icecandidate", ({ ready }: { ready: () => void }) => ready()); // Asterisk takes no later ones
    session.on("accepted", () => this.#show({ call: this.#current?.call ?? null, state: "talking" }));
    for (const end of ["ended", "failed"]) session.on(end, () => this.#over(session));
    this.#show({ call: invite.getHeader("X-Cti-Call") ?? null, state: "ringing" });
    if (/answer-after=0/i.test(invite.getHeader("Call-Info") ?? "")) this.answer();
    else this.#ringer.start();
  }

  #over(session: Session): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#ringer.stop();
    this.#sound.srcObject = null;
    this.#show(null);
  }

  #end(state: PhoneState): void {
    const ua = this.#ua;
    this.#ua = null;
    this.#lost = false;
    ua?.stop();
    if (this.#session) this.#over(this.#session);
    this.#release?.();
    this.#release = null;
    this.#tell(state);
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
}
