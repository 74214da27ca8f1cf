/** The sound of one call: whether it has found its way to Asterisk, and the search for another way where it has not. */

/** How long a call may be without a way for its sound before the agent is told, and before the next is searched for. */
export const SILENT_MS = 4_000;
/** So long is the first search given too, each further one twice the time of the one before it, up to this: one that is only slow must not be broken off. */
export const SEARCH_MOST_MS = 16_000;

/** The part of an RTCPeerConnection that is used here; tests bring their own. */
export interface Carrier {
  readonly connectionState: string;
  addEventListener(event: "connectionstatechange", listener: () => void): void;
}

export class Sound {
  #lost = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #patience = SILENT_MS;

  /** `told`: it is lost, or there again. `search`: begin anew (RFC 8839, 4.4.1.1.1: an ICE restart). */
  constructor(
    private readonly carrier: Carrier,
    private readonly told: (lost: boolean) => void,
    private readonly search: () => void,
  ) {
    carrier.addEventListener("connectionstatechange", () => this.#look());
    this.#look();
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** The call has ended. */
  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#over) return;
    if (this.carrier.connectionState !== "connected") {
      this.#timer ??= setTimeout(() => this.#silent(), SILENT_MS);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#patience = SILENT_MS;
    this.#tell(false);
  }

  #silent(): void {
    this.#timer = setTimeout(() => this.#silent(), this.#patience);
    this.#patience = Math.min(this.#patience * 2, SEARCH_MOST_MS);
    this.#tell(true);
    this.search();
  }

  #tell(lost: boolean): void {
    if (lost === this.#lost) return;
    this.#lost = lost;
    this.told(lost);
  }
}
