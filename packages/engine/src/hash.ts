export function splitPercentage(_ids: readonly string[]): number {
  throw new Error('not written yet');
}
