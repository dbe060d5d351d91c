export function checkCondition(_condition: { operator: string; property: string | null; value: string | null }): {
  errors: string[];
  warnings: string[];
} {
  throw new Error('not written yet');
}
