// What needs no network: evaluations per second inside one process, and memory of what is compiled. Started by bench.ts;
// tells it what came out as one message.

import { createBodies } from '../apps/edge/src/bodies.ts';
import { createPublication, flagList } from '../apps/edge/src/publication.ts';
import { headerSets } from '../apps/edge/src/responses.ts';
import { type Rates, rateOf, takeTurns } from './measure.ts';
import { flagsmith, growthbook, type Peer, unleash } from './peers.ts';
import { documentOf, person, publishedOf, range, workload } from './workload.ts';

export interface EngineResults {
  /** By peer, with ourselves first. */
  names: Record<'flagsmith' | 'unleash' | 'growthbook', string>;
  wireBytes: number;
  all: Record<'bytes' | 'result' | 'flagsmith' | 'unleash' | 'growthbook', Rates>;
  one: Record<'halyard' | 'flagsmith' | 'unleash' | 'growthbook', Rates>;
  /** Bytes of a compiled feature, its document included. */
  bytesPerFeature: number;
}

const people = range(1000).map(person);
const feature = 'feature_42';

async function main(): Promise<void> {
  const { rounds, sliceMs } = JSON.parse(process.argv[2] as string) as { rounds: number; sliceMs: number };
  const bytesPerFeature = memoryOfOneFeature();
  const w = workload();
  const publication = createPublication(publishedOf(documentOf(w)), headerSets('bench'));
  const { engine } = publication;
  const peers = { flagsmith: await flagsmith(w), unleash: await unleash(w), growthbook: await growthbook(w) };

  const identityOf = (n: number) => {
    const { identifier, traits } = people[n % people.length] as (typeof people)[number];
    return { identifier, traits: new Map(Object.entries(traits)) };
  };
  const bodies = createBodies();
  const bytes = (n: number) => {
    const flags = flagList(publication, engine.decide(identityOf(n)), 'client');
    const body = bodies.lease(flags.length);
    flags.write(body.bytes, 0);
    body.release();
    return body.bytes;
  };
  const all = (peer: Peer) => (n: number) => {
    const { identifier, traits } = people[n % people.length] as (typeof people)[number];
    return peer.all(identifier, traits);
  };
  const one = (peer: Peer) => (n: number) => {
    const { identifier, traits } = people[n % people.length] as (typeof people)[number];
    return peer.one(identifier, traits, feature);
  };

  const results: EngineResults = {
    names: { flagsmith: peers.flagsmith.name, unleash: peers.unleash.name, growthbook: peers.growthbook.name },
    wireBytes: bytes(0).length,
    all: await takeTurns(rounds, {
      bytes: () => rateOf(sliceMs, bytes),
      result: () => rateOf(sliceMs, (n) => engine.evaluate(identityOf(n))),
      flagsmith: () => rateOf(sliceMs, all(peers.flagsmith)),
      unleash: () => rateOf(sliceMs, all(peers.unleash)),
      growthbook: () => rateOf(sliceMs, all(peers.growthbook)),
    }),
    one: await takeTurns(rounds, {
      halyard: () => rateOf(sliceMs, (n) => engine.decideOne(feature, identityOf(n))),
      flagsmith: () => rateOf(sliceMs, one(peers.flagsmith)),
      unleash: () => rateOf(sliceMs, one(peers.unleash)),
      growthbook: () => rateOf(sliceMs, one(peers.growthbook)),
    }),
    bytesPerFeature,
  };
  for (const peer of Object.values(peers)) peer.stop();
  process.send?.(results);
  if (process.send === undefined) console.log(JSON.stringify(results, null, 1));
}

/** Heap that environments of 1,000 features keep once they have answered. */
function memoryOfOneFeature(): number {
  const environments = 20;
  const text = JSON.stringify(publishedOf(documentOf(workload({ features: 1000 }))));
  const heap = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const held = range(environments).map(() => {
    const publication = createPublication(JSON.parse(text), headerSets('bench'));
    publication.engine.decide(null);
    return publication;
  });
  const bytes = (heap() - before) / environments / 1000;
  return held.length === environments ? bytes : Number.NaN;
}

await main();
process.disconnect?.();
