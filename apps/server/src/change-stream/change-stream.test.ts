import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type App, createApp } from '../app.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let app: App;
let address: string;
let tenant: Tenant;
const open: AbortController[] = [];

beforeAll(async () => {
  // The same application as the context's, whose streams look at their clients all the time.
  const { config, db } = context;
  app = await createApp({ config, db, log: pino({ level: 'error' }), checkResponses: true, streamCheckMs: 50 });
  await app.http.listen({ port: 0, host: '127.0.0.1' });
  address = `http://127.0.0.1:${(app.http.server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close();
});

beforeEach(async () => {
  tenant = await seedTenant(context.db);
});

afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
});

describe('following changes', () => {
  test('a committed change is told with what to read again', async () => {
    const stream = await follow();

    const feature = await createFeature('checkout');

    expect(await stream.next()).toEqual({
      id: expect.stringMatching(/^\d+$/),
      event: 'change',
      data: {
        id: expect.any(Number),
        object_type: 'FEATURE',
        object_id: feature.id,
        change_type: 'CREATE',
        environment: null,
        author_id: tenant.adminId,
        created_date: expect.any(String),
      },
    });
  });

  test('a change that another process commits is told too', async () => {
    const stream = await follow();

    await createFeature('elsewhere', context.app);

    expect((await stream.next()).data).toMatchObject({ object_type: 'FEATURE', change_type: 'CREATE' });
  });

  test('a change of one environment names it', async () => {
    const stream = await follow();

    await request(app, 'PATCH', `environments/${tenant.production.apiKey}/`, { description: 'ours' });

    expect((await stream.next()).data.environment).toBe(tenant.production.id);
  });

  test('changes of other projects are not told', async () => {
    const rival = await seedTenant(context.db);
    const stream = await follow();

    await request(app, 'POST', `projects/${rival.projectId}/features/`, { name: 'theirs' }, rival.admin);
    const own = await createFeature('own');

    expect((await nextFeature(stream)).object_id).toBe(own.id);
  });

  test('who comes back gets what they missed', async () => {
    const first = await follow();
    await createFeature('first');
    const { id } = await first.next();
    const second = await createFeature('second');
    const third = await createFeature('third');

    const stream = await follow({ 'Last-Event-ID': id });

    const told = [(await nextFeature(stream)).object_id, (await nextFeature(stream)).object_id];
    expect(told).toEqual([second.id, third.id]);
  });

  test('too much to tell is a reset', async () => {
    await createFeature('first');
    const { id } = await context.db
      .selectFrom('changes')
      .where('project_id', '=', tenant.projectId)
      .select('id')
      .orderBy('id')
      .executeTakeFirstOrThrow();
    const many = Array.from({ length: 1100 }, (_, index) => ({
      name: `feature ${index}`,
      value: null,
      type: 'unicode',
      enabled: false,
    }));
    await request(app, 'POST', `features/feature-import/${tenant.production.id}`, {
      strategy: 'SKIP',
      file: JSON.stringify(many),
    });

    const stream = await follow({ 'Last-Event-ID': String(id) });

    expect(await stream.next()).toMatchObject({ event: 'reset', data: {} });
  });

  test('a client that only asks what it missed is answered and let go', async () => {
    const answer = await fetch(`${streamAddress()}?follow=false`, { headers: { authorization: tenant.admin } });

    expect(await answer.text()).toBe(': connected\n\n');
  });

  test('a quiet stream shows that it is alive', async () => {
    const stream = await follow();

    expect(await stream.nextComment()).toBe(': keep-alive');
  });
});

describe('the end of a stream', () => {
  test('comes when the token is revoked', async () => {
    const stream = await follow();

    await context.db.deleteFrom('user_tokens').where('user_id', '=', tenant.adminId).execute();

    expect(await stream.ended()).toBe(true);
  });

  test('comes when access is withdrawn', async () => {
    const stream = await follow();

    await context.db.deleteFrom('organisation_members').where('user_id', '=', tenant.adminId).execute();

    expect(await stream.ended()).toBe(true);
  });

  test('comes when the process stops', async () => {
    const { config, db } = context;
    const other = await createApp({ config, db, log: pino({ level: 'error' }) });
    await other.http.listen({ port: 0, host: '127.0.0.1' });
    const port = (other.http.server.address() as AddressInfo).port;
    const stream = await follow({}, `http://127.0.0.1:${port}`);

    await other.close();

    expect(await stream.ended()).toBe(true);
  });
});

describe('who may follow', () => {
  test.each([
    ['another tenant', 404, async () => (await seedTenant(context.db)).admin],
    ['a member without permission', 403, async () => tenant.member],
    ['nobody', 401, async () => ''],
  ])('%s may not', async (_, status, whoever) => {
    const answer = await fetch(streamAddress(), { headers: { authorization: await whoever() } });

    expect(answer.status).toBe(status);
    await answer.body?.cancel();
  });

  test('twenty streams of one caller are the most, until one ends', async () => {
    for (let i = 0; i < 20; i++) await follow();

    const refused = await fetch(streamAddress(), { headers: { authorization: tenant.admin } });
    open.pop()?.abort();
    const isFree = async () => {
      const answer = await fetch(`${streamAddress()}?follow=false`, { headers: { authorization: tenant.admin } });
      await answer.text();
      return answer.status;
    };

    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    await expect.poll(isFree).toBe(200);
  });
});

async function nextFeature(stream: Awaited<ReturnType<typeof follow>>) {
  for (;;) {
    const { data } = await stream.next();
    if (data.object_type === 'FEATURE') return data;
  }
}

function streamAddress(base = address) {
  return `${base}/api/v1/projects/${tenant.projectId}/changes/stream/`;
}

async function follow(headers: Record<string, string> = {}, base = address) {
  const controller = new AbortController();
  open.push(controller);
  const answer = await fetch(streamAddress(base), {
    headers: { authorization: tenant.admin, ...headers },
    signal: controller.signal,
  });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = '';
  const nextBlock = async (): Promise<string | null> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        return block;
      }
      const { value, done } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  const firstOf = async (wanted: (block: string) => boolean) => {
    for (;;) {
      const block = await nextBlock();
      if (block === null) throw new Error('the stream ended');
      if (wanted(block)) return block;
    }
  };
  expect(await nextBlock()).toBe(': connected');
  return {
    async next(): Promise<{ id: string; event: string; data: any }> {
      const block = await firstOf((candidate) => !candidate.startsWith(':'));
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      return { id: fields.id ?? '', event: fields.event ?? '', data: JSON.parse(fields.data ?? '') };
    },
    nextComment: () => firstOf((block) => block.startsWith(':')),
    async ended() {
      for (;;) if ((await nextBlock()) === null) return true;
    },
  };
}

async function createFeature(name: string, on = app) {
  return request(on, 'POST', `projects/${tenant.projectId}/features/`, { name });
}

async function request(on: App, method: 'POST' | 'PATCH', path: string, body: unknown, as = tenant.admin) {
  const answer = await on.http.inject({
    method,
    url: `/api/v1/${path}`,
    headers: { authorization: as, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  if (answer.statusCode >= 300) throw new Error(`${answer.statusCode} ${answer.body}`);
  return answer.json();
}
