import { parseDocument } from 'yaml';
import type { Scalar } from './shown.ts';

export const formats = ['text', 'number', 'boolean', 'json', 'yaml', 'xml'] as const;
export type Format = (typeof formats)[number];

export const formatNames: Record<Format, string> = {
  text: 'Text',
  number: 'Number',
  boolean: 'Boolean',
  json: 'JSON',
  yaml: 'YAML',
  xml: 'XML',
};

/** The format in which a value is probably meant. */
export function formatOf(value: Scalar): Format {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  const text = value?.trim() ?? '';
  if (/^[[{]/.test(text) && problemOf('json', text) === undefined) return 'json';
  if (/^<[\w?!]/.test(text)) return 'xml';
  if (/^[\w-]+:\s/m.test(text) && text.includes('\n') && problemOf('yaml', text) === undefined) return 'yaml';
  return 'text';
}

/** The scalar for what stands in the editor, or what is wrong with it. */
export function scalarFrom(format: Format, text: string): { value: Scalar } | { problem: string } {
  if (format === 'boolean') return { value: text === 'true' };
  if (format === 'number') {
    const number = Number(text);
    if (text.trim() === '') return { value: null };
    if (!Number.isInteger(number)) return { problem: 'Enter a whole number; fractions are kept as text.' };
    if (Math.abs(number) >= 2_147_483_647) return { problem: 'Numbers have 32 bits; keep a larger one as text.' };
    return { value: number };
  }
  const problem = problemOf(format, text);
  return problem === undefined ? { value: text === '' ? null : text } : { problem };
}

/** What is wrong with a text of that format; undefined where nothing is. */
export function problemOf(format: Format, text: string): string | undefined {
  if (text.trim() === '') return undefined;
  if (format === 'json') {
    try {
      JSON.parse(text);
      return undefined;
    } catch (error) {
      return `Not valid JSON: ${(error as Error).message}`;
    }
  }
  if (format === 'yaml') {
    const [first] = parseDocument(text).errors;
    return first && `Not valid YAML: ${first.message.split('\n')[0]}`;
  }
  if (format === 'xml') {
    const failure = new DOMParser().parseFromString(text, 'application/xml').querySelector('parsererror');
    return failure ? `Not valid XML: ${failure.textContent?.trim().split('\n')[1] ?? 'check the tags'}` : undefined;
  }
  return undefined;
}

/** The text laid out for reading; unchanged where it is not valid. */
export function formatted(format: Format, text: string): string {
  if (problemOf(format, text) !== undefined || text.trim() === '') return text;
  if (format === 'json') return JSON.stringify(JSON.parse(text), null, 2);
  if (format === 'yaml') return parseDocument(text).toString();
  return text;
}
