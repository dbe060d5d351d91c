import { useEffect, useState } from 'react';
import { openStream } from '../api/client.ts';
import { ApiError } from '../api/errors.ts';
import { queryClient } from '../api/query.ts';

/**
 * Keeps a project's screens current: whatever somebody changes there is read again. Says whether the connection stands.
 * After a break it goes on from the last change that was heard, so that none is missed.
 */
export function useLiveChanges(project: number | undefined): boolean {
  const [live, setLive] = useState(true);
  useEffect(() => {
    if (project === undefined) return;
    const stop = new AbortController();
    void follow(project, stop.signal, setLive);
    return () => stop.abort();
  }, [project]);
  return live;
}

async function follow(project: number, signal: AbortSignal, setLive: (live: boolean) => void): Promise<void> {
  let lastId: string | undefined;
  let pauseMs = 1000;
  while (!signal.aborted) {
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const response = await openStream(
        'streamChanges',
        { params: { project_id: project }, query: { follow: true } },
        { signal, headers },
      );
      setLive(true);
      pauseMs = 1000;
      for await (const id of eventIds(response, () => readAgain())) lastId = id;
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status < 500 && error.status !== 429)) return;
      setLive(false);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, 30_000);
  }
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Once for changes that come together. */
function readAgain(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void queryClient.invalidateQueries(), 250);
}

/** Reads server-sent events; calls back for each that carries data, and gives its id. */
async function* eventIds(response: Response, onEvent: () => void): AsyncGenerator<string> {
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (/^data:/m.test(block)) onEvent();
      const id = /^id: ?(.*)$/m.exec(block)?.[1];
      if (id) yield id;
    }
  }
}
