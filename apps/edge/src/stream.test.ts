import { aDocument, aPublished } from '@halyard/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testEdge } from './testing/edge.ts';

const path = '/sse/environments/clientkey/stream';
const updatedAtMs = Date.parse('2026-01-02T03:04:05.678Z');
const minutes = 60_000;

const version = (number: number, parts: Parameters<typeof aDocument>[0] = {}) =>
  aPublished({
    version: number,
    document: aDocument({ updated_at: `2026-01-02T03:04:0${4 + number}.678901+00:00`, ...parts }),
  });
const event = (number: number) => {
  const seconds = `${1767323044 + number}`;
  return `id: ${number}-${seconds}678901\nevent: environment_updated\ndata: {"updated_at": ${seconds}.678901}\n\n`;
};
/** An Edge a day after the document was made, so that nothing is replayed. */
const serve = (published = version(1), ageMs = 24 * 60 * minutes) =>
  testEdge([published], { now: () => updatedAtMs + ageMs });
const keepAlive = ': keep-alive\n\n';

describe('GET /sse/environments/{key}/stream', () => {
  test('a newer publication is told with its time in seconds and an id', async () => {
    const { stream, documents } = serve();
    const { events } = await stream(path);

    documents.publish(version(2));

    expect(events).toEqual([keepAlive, event(2)]);
  });

  test('the event, the header and the document name the same instant', async () => {
    const { stream, documents, get } = serve();
    const { events } = await stream(path);
    documents.publish(version(2));

    const header = (await get('/api/v1/flags/')).header('X-Flagsmith-Document-Updated-At');
    const document = (await get('/api/v1/environment-document/', { key: 'ser.key' })).json.updated_at;

    expect(events[1]).toContain(`{"updated_at": ${header}}`);
    expect(document).toBe('2026-01-02T03:04:06.678901+00:00');
    expect(Number(header)).toBe(1767323046.678901);
  });

  test('an older publication is not told', async () => {
    const { stream, documents } = serve(version(2));
    const { events } = await stream(path);

    documents.publish(version(1));
    documents.publish(version(2));

    expect(events).toEqual([keepAlive]);
  });

  test('streams of another environment are not told', async () => {
    const { stream, documents } = serve();
    const { events } = await stream(path);

    documents.publish({ ...version(2, { api_key: 'other' }), environmentId: 8 });

    expect(events).toEqual([keepAlive]);
  });

  test('nothing is told where the project has no realtime updates', async () => {
    const off = { project: { enable_realtime_updates: false } };
    const { stream, documents } = serve(version(1, off), 0);
    const { events } = await stream(path);

    documents.publish(version(2, off));

    expect(events).toEqual([keepAlive]);
  });

  test('it is an event stream that nobody buffers and any origin may read', async () => {
    const { header } = await serve().stream(path);

    expect(header('Content-Type')).toBe('text/event-stream');
    expect(header('Access-Control-Allow-Origin')).toBe('*');
    expect(header('Cache-Control')).toContain('no-cache');
    expect(header('X-Accel-Buffering')).toBe('no');
  });

  test.each(['/sse/environments/nobody/stream', '/sse/environments/ser.key/stream', '/sse/environments/%/stream'])(
    '%s is not there',
    async (unknown) => {
      expect((await serve().get(unknown, { key: null })).status).toBe(404);
    },
  );

  test('a client that is gone is not written to', async () => {
    const { stream, documents } = serve();
    const client = await stream(path);

    client.close();
    documents.publish(version(2));

    expect(client.events).toEqual([keepAlive]);
  });

  test('a client that does not read is cut off, and the others are told', async () => {
    const { stream, documents } = serve();
    const slow = await stream(path);
    const other = await stream(path);
    slow.waitingBytes = 100_000;

    documents.publish(version(2));

    expect([slow.closed, slow.events, other.events]).toEqual([true, [keepAlive], [keepAlive, event(2)]]);
  });

  test('streams end when their environment is gone', async () => {
    const { stream, documents } = serve();
    const client = await stream(path);

    documents.remove(7);

    expect(client.closed).toBe(true);
  });

  test('streams end when the Edge closes', async () => {
    const { stream, edge } = serve();
    const client = await stream(path);

    edge.close();

    expect(client.closed).toBe(true);
  });

  test('a broadcast to very many streams reaches each of them once', async () => {
    const { stream, documents } = serve();
    const clients = await Promise.all(Array.from({ length: 1200 }, () => stream(path)));

    documents.publish(version(2));

    await vi.waitFor(() => expect(clients.at(-1)?.events).toHaveLength(2));
    expect(clients.every((client) => client.events.length === 2)).toBe(true);
  });
});

describe('what a client missed', () => {
  test('the latest update is told again while it is younger than one hour', async () => {
    expect((await serve(version(1), 59 * minutes).stream(path)).events).toEqual([event(1)]);
    expect((await serve(version(1), 61 * minutes).stream(path)).events).toEqual([keepAlive]);
  });

  test.each([
    ['header', { headers: { 'last-event-id': '1-1767323045678901' } }, ''],
    ['query', {}, '?lastEventId=1-1767323045678901'],
  ])('a client that has it already is not told again (%s)', async (_, options, query) => {
    expect((await serve(version(1), 0).stream(path + query, options)).events).toEqual([keepAlive]);
  });

  test('a client that names an older one is told, however long ago it was', async () => {
    const { events } = await serve(version(2)).stream(`${path}?lastEventId=1-1767323045678901`);

    expect(events).toEqual([event(2)]);
  });
});

describe('while nothing happens', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('a comment keeps the stream open every 15 seconds', async () => {
    const { stream } = serve();
    const { events } = await stream(path);

    await vi.advanceTimersByTimeAsync(45_000);

    expect(events).toEqual([keepAlive, keepAlive, keepAlive, keepAlive]);
  });
});

describe('GET /ofrep/v1/streams/{key}', () => {
  test('a newer publication asks for a new evaluation', async () => {
    const { stream, documents } = serve();
    const { events } = await stream('/ofrep/v1/streams/clientkey');

    documents.publish(version(2));

    expect(events[1]).toBe(
      'id: 2-1767323046678901\n' +
        'data: {"type":"refetchEvaluation","etag":"\\"2-1767323046678901\\"","lastModified":1767323046}\n\n',
    );
  });
});
