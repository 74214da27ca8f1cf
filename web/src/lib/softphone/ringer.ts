/** The ring of a browser phone: 450 Hz, one second in five, as Chinese exchanges send it (ITU-T E.180). No file to fetch. */

const HERTZ = 450;
const CYCLE_MS = 5_000;
const BURST_SECONDS = 1;

export class Ringer {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  start(): void {
    if (this.#timer !== undefined) return;
    this.#context ??= new AudioContext();
    void this.#context.resume();
    this.#burst();
    this.#timer = setInterval(() => this.#burst(), CYCLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#context?.suspend();
  }

  #burst(): void {
    const context = this.#context;
    if (!context) return;
    const tone = context.createOscillator();
    const level = context.createGain();
    tone.frequency.value = HERTZ;
    level.gain.value = 0.15;
    tone.connect(level).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + BURST_SECONDS);
  }
}
