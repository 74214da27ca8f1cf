/** Requests under way on one connection and their answers. A request is never sent twice: whoever asked decides. */

import type { Frame } from "./frames";

const ANSWER_MS = 5_000;

/** A request that was not accepted; `code` is the server's, or `timeout`, or `disconnected`. */
export class CommandRefused extends Error {
  constructor(
    readonly code: string,
    message = code,
  ) {
    super(message);
  }
}

interface Asked {
  done(frame: Frame): void;
  failed(refused: CommandRefused): void;
  deadline: ReturnType<typeof setTimeout>;
}

export class Commands {
  readonly #send: (frame: Record<string, unknown>) => void;
  readonly #asked = new Map<string, Asked>();
  #last = 0;

  constructor(send: (frame: Record<string, unknown>) => void) {
    this.#send = send;
  }

  /** Send with an id of its own. `done` is called before the next frame is read, so order is kept. */
  request(frame: Record<string, unknown>, done: (answer: Frame) => void, failed: (refused: CommandRefused) => void): void {
    const id = String(++this.#last);
    const deadline = setTimeout(() => this.#fail(id, new CommandRefused("timeout")), ANSWER_MS);
    this.#asked.set(id, { done, failed, deadline });
    this.#send({ ...frame, id });
  }

  /** A command of the user; refused at once while there is no connection, since a late one would surprise. */
  ask(live: boolean, frame: Record<string, unknown>): Promise<void> {
    if (!live) return Promise.reject(new CommandRefused("disconnected"));
    return new Promise((done, failed) => this.request(frame, () => done(), failed));
  }

  answered(frame: Frame): void {
    const asked = frame.re === undefined ? undefined : this.#asked.get(frame.re);
    if (!asked || frame.re === undefined) return;
    if (frame.op === "error") return this.#fail(frame.re, new CommandRefused(frame.code ?? "failed", frame.message));
    if (frame.op !== "ok") return;
    this.#asked.delete(frame.re);
    clearTimeout(asked.deadline);
    asked.done(frame);
  }

  /** The connection is gone; nobody will answer. */
  abandon(): void {
    for (const id of [...this.#asked.keys()]) this.#fail(id, new CommandRefused("disconnected"));
  }

  #fail(id: string, refused: CommandRefused): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    clearTimeout(asked.deadline);
    asked.failed(refused);
  }
}
