import type { Environment } from './environments.ts';
import type { Publication } from './publication.ts';
import { asciiBytes, type EventSink, type EventStream, type HeaderSets } from './responses.ts';

/** `sdk`: the events of our own SDKs; `ofrep`: those of the OpenFeature Remote Evaluation Protocol, ADR-0008. */
export type EventFormat = 'sdk' | 'ofrep';

/** The open streams of all environments. */
export interface Streams {
  /** A stream of an environment's changes. Starts with the latest one where the client cannot know it. */
  stream(environment: Environment, request: { format: EventFormat; lastEventId: string | null }): EventStream;
  /** Tells the streams of an environment that a newer version is served. */
  tell(environment: Environment): void;
  /** Ends the streams of an environment that is gone. */
  end(environmentId: number): void;
  /** Ends all streams. */
  close(): void;
}

interface Client {
  sink: EventSink;
  format: EventFormat;
  open: boolean;
}

const keepAliveMs = 15_000;
const replayMs = 3_600_000;
/** Streams served before other requests get their turn. */
const streamsPerTurn = 500;
/** A client that has this much unread is cut off; it comes back and asks for the newest state. */
const maxWaitingBytes = 65_536;
const keepAlive = asciiBytes(': keep-alive\n\n');

export function createStreams(options: { headers: HeaderSets; now: () => number }): Streams {
  const clientsById = new Map<number, Set<Client>>();
  const timer = setInterval(() => {
    send(
      [...clientsById.values()].flatMap((clients) => [...clients]),
      () => keepAlive,
    );
  }, keepAliveMs);
  timer.unref?.();

  function drop(environmentId: number, client: Client): void {
    if (!client.open) return;
    client.open = false;
    const clients = clientsById.get(environmentId);
    clients?.delete(client);
    if (clients?.size === 0) clientsById.delete(environmentId);
  }

  function end(environmentId: number): void {
    for (const client of [...(clientsById.get(environmentId) ?? [])]) {
      drop(environmentId, client);
      client.sink.close();
    }
  }

  return {
    stream: (environment, { format, lastEventId }) => ({
      status: 200,
      headers: options.headers.eventStream,
      open(sink) {
        const client = { sink, format, open: true };
        const clients = clientsById.get(environment.id) ?? new Set();
        clientsById.set(environment.id, clients.add(client));
        const { publication } = environment;
        const isMissing =
          lastEventId === null ? options.now() - publication.updatedAtMs < replayMs : lastEventId !== publication.token;
        // Something is sent at once in any case: proxies and clients wait for a first byte.
        sink.write(isMissing && hasRealtime(publication) ? eventOf(publication, format) : keepAlive);
        return () => drop(environment.id, client);
      },
    }),
    tell(environment) {
      const { publication } = environment;
      const clients = clientsById.get(environment.id);
      if (clients === undefined || !hasRealtime(publication)) return;
      send([...clients], (client) => eventOf(publication, client.format));
    },
    end,
    close() {
      clearInterval(timer);
      for (const environmentId of [...clientsById.keys()]) end(environmentId);
    },
  };
}

/** Writes to many clients in turns, so that a broadcast does not hold up the requests that it causes. */
function send(clients: readonly Client[], bytesFor: (client: Client) => Uint8Array, start = 0): void {
  const stop = Math.min(start + streamsPerTurn, clients.length);
  for (let i = start; i < stop; i++) {
    const client = clients[i] as Client;
    if (!client.open) continue;
    if (client.sink.waitingBytes > maxWaitingBytes) client.sink.close();
    else client.sink.write(bytesFor(client));
  }
  if (stop < clients.length) setImmediate(() => send(clients, bytesFor, stop));
}

function hasRealtime(publication: Publication): boolean {
  return publication.published.document.project.enable_realtime_updates;
}

/** The same instant in the event, the document and the header: a client that compares them would loop or miss otherwise. */
function eventOf(publication: Publication, format: EventFormat): Uint8Array {
  return publication.once(`event ${format}`, () => {
    const id = publication.token;
    if (format === 'sdk') {
      return asciiBytes(`id: ${id}\nevent: environment_updated\ndata: {"updated_at": ${publication.updatedAt}}\n\n`);
    }
    const lastModified = Math.floor(publication.updatedAtMs / 1000);
    const data = JSON.stringify({ type: 'refetchEvaluation', etag: `"${id}"`, lastModified });
    return asciiBytes(`id: ${id}\ndata: ${data}\n\n`);
  });
}
