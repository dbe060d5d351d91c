/**
 * `npm run contract -- CSV`: compares what our OpenAPI document offers with a list of operations (columns method, path,
 * edition and priority, in any order), says by priority and edition what is there and what is missing, and ends with
 * `N of M implemented`. A measure, not a check: it fails only where there is nothing to compare with.
 */
import { readFileSync } from 'node:fs';
import { routes } from '../apps/server/src/app.ts';
import { buildOpenApi } from '../apps/server/src/http/openapi.ts';
import { sdkEndpoints } from '../packages/contract/src/sdk.ts';

interface Operation {
  method: string;
  path: string;
  edition: string;
  priority: string;
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.log('Nothing to compare with: name a CSV file of operations. Usage: npm run contract -- CSV');
} else {
  const wanted = readOperations(file);
  if (wanted !== null) report(wanted);
}

function report(wanted: Operation[]): void {
  const offered = ourOperations();
  const isThere = (operation: Operation) => offered.has(shapeOf(operation.method, operation.path));
  const groups = Map.groupBy(wanted, (operation) => `${operation.priority} ${operation.edition}`);
  for (const [name, operations] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const missing = operations.filter((operation) => !isThere(operation));
    console.log(`${name}: ${operations.length - missing.length} of ${operations.length}`);
    for (const { method, path } of missing) console.log(`  missing ${method} ${path}`);
  }
  const listed = new Set(wanted.map((operation) => shapeOf(operation.method, operation.path)));
  const ours = [...offered].filter((shape) => !listed.has(shape));
  console.log(`${ours.length} of our ${offered.size} operations are not on the list`);
  for (const shape of ours) console.log(`  ours ${shape}`);
  console.log(`${wanted.filter(isThere).length} of ${wanted.length} implemented`);
}

function ourOperations(): Set<string> {
  const endpoints = [...routes.map((route) => route.endpoint), ...sdkEndpoints];
  const { paths } = buildOpenApi(endpoints, { version: '' }) as { paths: Record<string, object> };
  return new Set(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => shapeOf(method, path)),
    ),
  );
}

/** Names of parameters and the slash at the end do not count. */
function shapeOf(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}').replace(/\/+$/, '')}`;
}

/** Null where the file cannot be read or has not the columns; the reason is printed. */
function readOperations(file: string): Operation[] | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    console.log(`Nothing to compare with: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
    return null;
  }
  const [header = [], ...rows] = readCsv(text);
  const cell = (row: string[], name: keyof Operation) => row[header.indexOf(name)] ?? '';
  const columns = ['method', 'path', 'edition', 'priority'] as const;
  const absent = columns.filter((name) => !header.includes(name));
  if (absent.length > 0) {
    console.log(`Nothing to compare with: ${file} has no column ${absent.join(', ')}.`);
    return null;
  }
  return rows
    .map((row) => Object.fromEntries(columns.map((name) => [name, cell(row, name)])) as unknown as Operation)
    .filter((operation) => operation.method !== '');
}

/** Rows of cells; a cell in quotes may hold commas, quotes in pairs and line ends. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)?.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}
