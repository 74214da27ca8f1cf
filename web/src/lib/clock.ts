/** The server's time, as far as a page can know it: PCs in call centres are minutes wrong, durations must not be.
 *
 *  Every stamp the server sends was made before it arrived, so it is a lower bound for "now over there". The highest bound
 *  seen is off by no more than the fastest delivery. A resumed, old event bounds nothing and does no harm. */

export interface Clock {
  /** Server time in milliseconds since 1970. */
  now(): number;
  /** The server's clock showed at least `serverMs` just now. */
  atLeast(serverMs: number): void;
  /** Forget what is known: the server's own clock may have been set back. */
  restart(serverMs: number): void;
}

export function makeClock(ticks: () => number = () => performance.now(), wall: () => number = Date.now): Clock {
  let offset = wall() - ticks();
  let known = false;
  return {
    now: () => ticks() + offset,
    atLeast(serverMs) {
      const bound = serverMs - ticks();
      if (!Number.isFinite(bound)) return;
      if (!known || bound > offset) offset = bound;
      known = true;
    },
    restart(serverMs) {
      const bound = serverMs - ticks();
      if (Number.isFinite(bound)) offset = bound;
      known = true;
    },
  };
}

/** An RFC 3339 stamp in milliseconds; null for none. */
export function ms(stamp: string | null | undefined): number | null {
  if (!stamp) return null;
  const value = Date.parse(stamp);
  return Number.isNaN(value) ? null : value;
}
