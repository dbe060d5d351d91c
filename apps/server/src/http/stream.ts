import type { ServerResponse } from 'node:http';
import type { EventStream, StreamEvent } from './route.ts';

/** A client that has this much unread is cut off; it comes back and says what it has. */
const maxWaitingBytes = 262_144;

/** Sends a stream's events until one of both sides ends it. The answer's common headers are set already. */
export function sendEvents(
  response: ServerResponse,
  stream: EventStream,
  options: {
    checkMs: number;
    /** @throws where the client may not listen any more */
    check: () => Promise<void>;
    checkEvent?: (data: unknown) => void;
  },
): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  let open = true;
  let stop: (() => void) | null = null;
  const close = () => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    response.end();
    stop?.();
  };
  const write = (text: string) => {
    if (!open) return;
    response.write(text);
    if (response.writableLength <= maxWaitingBytes) return;
    close();
    response.destroy();
  };
  const timer = setInterval(() => {
    write(': keep-alive\n\n');
    // Whatever the reason, a client that comes back is asked anew.
    options.check().catch(close);
  }, options.checkMs);
  timer.unref();
  response.on('close', close);
  response.on('error', close);

  // Proxies and clients wait for a first byte.
  write(': connected\n\n');
  stop = stream.open({
    send({ id, event, data }: StreamEvent) {
      if (event === 'change') options.checkEvent?.(data);
      write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close,
  });
  if (!open) stop();
}
