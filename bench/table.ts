import { median, type Rates, type Ratio, ratioOf } from './measure.ts';

/** One line of the table. */
export interface Row {
  what: string;
  halyard: string;
  peer: string;
  ratio: string;
  target: string;
  met: string;
}

export interface Target {
  atLeast: number;
  moonshot?: number;
}

/** A comparison of rates: the ratio is the median of the rounds, with the lowest and the highest behind it. */
export function rateRow(what: string, ours: Rates, peer: { name: string; rates: Rates }, target?: Target): Row {
  const ratio = ratioOf(ours, peer.rates);
  return {
    what,
    halyard: perSecond(ours),
    peer: `${peer.name}: ${perSecond(peer.rates)}`,
    ratio: `${times(ratio.median)} (${times(ratio.min)} to ${times(ratio.max)})`,
    ...judged(ratio, target),
  };
}

/** A figure of its own, which must not be above its targets. */
export function figureRow(
  what: string,
  value: number,
  unit: string,
  target: { atLeast: number | null; moonshot: number } | null = null,
): Row {
  const row = { what, halyard: `${number(value)} ${unit}`, peer: '', ratio: '', target: '', met: '' };
  if (target === null) return row;
  const { atLeast, moonshot } = target;
  const met = value <= moonshot ? 'moonshot' : atLeast !== null && value <= atLeast ? 'yes' : 'no';
  const limits = [atLeast, moonshot].map((limit) => (limit === null ? '–' : `${number(limit)} ${unit}`));
  return { ...row, target: `≤ ${limits.join(' / ')}`, met };
}

function judged(ratio: Ratio, target: Target | undefined): { target: string; met: string } {
  if (target === undefined) return { target: '', met: '' };
  const { atLeast, moonshot } = target;
  const met = ratio.median < atLeast ? 'no' : moonshot !== undefined && ratio.median >= moonshot ? 'moonshot' : 'yes';
  return { target: `${times(atLeast)}${moonshot === undefined ? '' : ` / ${times(moonshot)}`}`, met };
}

export function printTable(rows: Row[]): void {
  const headings: Row = {
    what: 'what',
    halyard: 'Halyard',
    peer: 'peer',
    ratio: 'ratio, median (spread)',
    target: 'at least / moonshot',
    met: 'met',
  };
  const columns = Object.keys(headings) as (keyof Row)[];
  printLines([headings, ...rows].map((row) => columns.map((column) => row[column])));
}

/** A table whose first line is its headings. */
export function printLines(lines: string[][]): void {
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0))) ?? [];
  for (const [n, line] of lines.entries()) {
    console.log(`| ${line.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`.trimEnd());
    if (n === 0) console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  }
}

function perSecond(rates: Rates): string {
  return `${number(median(rates))}/s`;
}

function times(ratio: number): string {
  return `${number(ratio)}×`;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(1)}M`;
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)}k`;
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(2).replace(/\.?0+$/, '');
}
