import { useSyncExternalStore } from 'react';

let reachable = true;
const listeners = new Set<() => void>();

/** Remembers whether the server answered the last time that it was asked. */
export function noteReachable(is: boolean): void {
  if (is === reachable) return;
  reachable = is;
  for (const tell of listeners) tell();
}

/** Whether the server answers, as far as is known; the component follows it. */
export function useReachable(): boolean {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => reachable,
  );
}
