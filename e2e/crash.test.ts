import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { type Platform, setUpWorkplace, startPlatform, until, type Workplace } from './platform.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'halyard-crash-'));
const rounds = 50;
let platform: Platform | undefined;

afterAll(async () => {
  await platform?.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

test(`${rounds} power cuts during writes lose nothing that was acknowledged, and no version goes back`, async () => {
  platform = await startPlatform({ dataDir });
  const place = await setUpWorkplace(platform.origin);
  await place.client.call('POST', `projects/${place.projectId}/features/`, { name: 'counter', initial_value: 0 });
  const stateId = await stateOf(place, platform.origin);
  const newest = { version: 0 };
  let value = 0;
  let acknowledgedValue = 0;
  let acknowledgedTrait = 0;

  for (let round = 1; round <= rounds; round++) {
    const { origin } = platform;
    let alive = true;
    const writer = (async () => {
      while (alive) {
        const next = ++value;
        const status = await putValue(origin, place, stateId, next);
        if (status === 200) acknowledgedValue = next;
      }
    })();
    const traitWriter = (async () => {
      for (let next = acknowledgedTrait + 1; alive; next++) {
        const status = await postTrait(origin, place, next);
        if (status === 200) acknowledgedTrait = next;
      }
    })();
    const reader = (async () => {
      while (alive) await observeVersion(origin, place, newest);
    })();

    await new Promise((resolve) => setTimeout(resolve, 60 + ((round * 37) % 240)));
    await platform.kill();
    alive = false;
    await Promise.all([writer, traitWriter, reader]);
    platform = await startPlatform({ dataDir });

    const stored = await storedValue(platform.origin, place, stateId);
    expect(stored).toBeGreaterThanOrEqual(acknowledgedValue);
    expect(stored).toBeLessThanOrEqual(value);
    expect(await storedTrait(platform.origin, place)).toBeGreaterThanOrEqual(acknowledgedTrait);
    const restarted = platform.origin;
    await until(async () => (await servedValue(restarted, place)) === stored, 'the document catching up');
    await observeVersion(restarted, place, newest);
  }

  expect(acknowledgedValue).toBeGreaterThan(rounds);
  expect(acknowledgedTrait).toBeGreaterThan(rounds);
  await platform.kill();
  expectWholeDatabase(join(dataDir, 'halyard.db'));
}, 600_000);

async function stateOf(place: Workplace, origin: string): Promise<number> {
  const response = await fetch(`${origin}/api/v1/environments/${place.environment.api_key}/featurestates/`, {
    headers: { Authorization: `Token ${place.client.token}` },
  });
  const { results } = (await response.json()) as { results: { id: number }[] };
  return (results[0] as { id: number }).id;
}

async function putValue(origin: string, place: Workplace, stateId: number, value: number): Promise<number> {
  return statusOf(`${origin}/api/v1/environments/${place.environment.api_key}/featurestates/${stateId}/`, {
    method: 'PUT',
    headers: { Authorization: `Token ${place.client.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ feature_state_value: value }),
  });
}

async function postTrait(origin: string, place: Workplace, value: number): Promise<number> {
  return statusOf(`${origin}/api/v1/identities/`, {
    method: 'POST',
    headers: { 'X-Environment-Key': place.environment.api_key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ identifier: 'writer', traits: [{ trait_key: 'n', trait_value: value }] }),
  });
}

/** 0 where the connection broke: the write may or may not have happened. */
async function statusOf(url: string, init: RequestInit): Promise<number> {
  try {
    const response = await fetch(url, init);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** Reads the environment's version off its document's time, which stands for it, and compares with the newest one seen. */
async function observeVersion(origin: string, place: Workplace, newest: { version: number }): Promise<void> {
  try {
    const response = await fetch(`${origin}/api/v1/environment-document/`, {
      headers: { 'X-Environment-Key': place.serverKey },
    });
    await response.arrayBuffer();
    const version = Number(response.headers.get('x-flagsmith-document-updated-at'));
    if (!response.ok) return;
    expect(version).toBeGreaterThanOrEqual(newest.version);
    newest.version = version;
  } catch (error) {
    if (error instanceof TypeError) return; // The connection broke.
    throw error;
  }
}

async function storedValue(origin: string, place: Workplace, stateId: number): Promise<number> {
  const response = await fetch(`${origin}/api/v1/environments/${place.environment.api_key}/featurestates/${stateId}/`, {
    headers: { Authorization: `Token ${place.client.token}` },
  });
  return ((await response.json()) as { feature_state_value: number }).feature_state_value;
}

async function storedTrait(origin: string, place: Workplace): Promise<number> {
  const response = await fetch(`${origin}/api/v1/identities/?identifier=writer`, {
    headers: { 'X-Environment-Key': place.environment.api_key },
  });
  const { traits } = (await response.json()) as { traits: { trait_value: number }[] };
  return traits[0]?.trait_value ?? 0;
}

async function servedValue(origin: string, place: Workplace): Promise<number> {
  const response = await fetch(`${origin}/api/v1/flags/?feature=counter`, {
    headers: { 'X-Environment-Key': place.environment.api_key },
  });
  return ((await response.json()) as { feature_state_value: number }).feature_state_value;
}

/** No damaged page, no orphan, no gap between versions, and each step starts where the one before it ended. */
function expectWholeDatabase(file: string): void {
  const db = new DatabaseSync(file);
  expect(db.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' });
  expect(db.prepare('pragma foreign_key_check').all()).toEqual([]);
  const { version } = db.prepare('select version from environments').get() as { version: number };
  const versions = db.prepare('select version from environment_versions order by version').all() as {
    version: number;
  }[];
  expect(versions.map((row) => row.version)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
  const steps = db
    .prepare("select before, after from changes where object_type = 'FEATURE_STATE' order by id")
    .all() as { before: string; after: string }[];
  for (const [index, step] of steps.entries()) {
    const previous = steps[index - 1];
    if (previous !== undefined) expect(step.before).toBe(previous.after);
  }
  db.close();
}
