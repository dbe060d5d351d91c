/** Remembers a text for each key for a while, and forgets the oldest when there are too many. */
export interface ToldLately {
  get(key: string): string | undefined;
  set(key: string, text: string): void;
}

/**
 * What was told stays for between half of `forMs` and all of it. Two maps that take turns do without a time for each key.
 * @param maxKeys at most this many are kept
 */
export function createToldLately(options: { maxKeys: number; forMs: number; nowMs?: () => number }): ToldLately {
  const nowMs = options.nowMs ?? (() => performance.now());
  let newer = new Map<string, string>();
  let older = new Map<string, string>();
  let turnedAtMs = nowMs();

  function turn(): void {
    const sinceMs = nowMs() - turnedAtMs;
    if (sinceMs < options.forMs / 2 && newer.size < options.maxKeys / 2) return;
    older = sinceMs < options.forMs ? newer : new Map();
    newer = new Map();
    turnedAtMs = nowMs();
  }

  return {
    get(key) {
      turn();
      return newer.get(key) ?? older.get(key);
    },
    set(key, text) {
      turn();
      newer.set(key, text);
    },
  };
}
