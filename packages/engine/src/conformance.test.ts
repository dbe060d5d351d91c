import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkCase, readCases } from './testing/cases.ts';

describe.each(['conformance', 'conformance/documents'])('%s', (folder) => {
  const cases = readCases(fileURLToPath(new URL(`../../../${folder}`, import.meta.url)));

  test.each(cases)('$name', (engineCase) => {
    expect(checkCase(engineCase)).toEqual([]);
  });
});
