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
  const widths = columns.map((column) => Math.max(...[headings, ...rows].map((row) => row[column].length)));
  const line = (row: Row) =>
    `| ${columns.map((column, i) => row[column].padEnd(widths[i] as number)).join(' | ')} |`.trimEnd();
  console.log(line(headings));
  console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  for (const row of rows) console.log(line(row));
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
