/** Rates of one subject, one per round. */
export type Rates = number[];

export interface Ratio {
  median: number;
  min: number;
  max: number;
}

/**
 * Runs subjects in turns (A B A B …), because a shared machine is fast in one second and slow in the next: only what was
 * measured side by side may be compared. One round before the first is thrown away.
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  subjects: Record<Name, () => number | Promise<number>>,
): Promise<Record<Name, Rates>> {
  const names = Object.keys(subjects) as Name[];
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Rates>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const rate = await subjects[name]();
      if (round > 0) rates[name].push(rate);
    }
  }
  return rates;
}

/** How many times faster `ours` was than `theirs`, round by round. */
export function ratioOf(ours: Rates, theirs: Rates): Ratio {
  const ratios = ours.map((rate, i) => rate / (theirs[i] as number));
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

export function median(numbers: readonly number[]): number {
  return percentile(numbers, 50);
}

export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** Calls `work` with 0, 1, 2… for that long and answers calls per second of processor time. */
export async function rateOf(sliceMs: number, work: (n: number) => unknown): Promise<number> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let calls = 0;
  while (performance.now() - startedAt < sliceMs) {
    for (let i = 0; i < 20; i++) {
      const result = work(calls++);
      if (result instanceof Promise) await result;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (calls / (user + system)) * 1_000_000;
}
