/** Time as an argument, so that tests do not wait for it. */
export interface Timers {
  set(ms: number, ring: () => void): Timer;
}

export interface Timer {
  /** From now on again, also after it rang. */
  refresh(): void;
  cancel(): void;
}

export const systemTimers: Timers = {
  set(ms, ring) {
    const timer = setTimeout(ring, ms);
    timer.unref();
    return { refresh: () => void timer.refresh(), cancel: () => clearTimeout(timer) };
  },
};

export interface Watchdog {
  /** Someone waits for the other side from now on. */
  waiting(): void;
  /** The other side moved. */
  moved(): void;
  stop(): void;
}

/**
 * Barks once when the other side lets us wait for `ms` without a sign of life. Time in which nobody waits for it (a
 * slow disk of ours) does not count, and the whole may take as long as it likes.
 */
export function watchdog(ms: number, timers: Timers, bark: () => void): Watchdog {
  let timer: Timer | undefined;
  let waits = false;
  const ring = () => {
    if (waits) bark();
  };
  return {
    waiting() {
      waits = true;
      if (timer === undefined) timer = timers.set(ms, ring);
      else timer.refresh();
    },
    moved() {
      waits = false;
    },
    stop() {
      waits = false;
      timer?.cancel();
    },
  };
}
