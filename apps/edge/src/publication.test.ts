import { aDocument, aFeatureState, aPublished, aSegment } from '@halyard/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPublication, flagList, type KeyKind } from './publication.ts';
import { headerSets } from './responses.ts';

test('a list of flags is what each flag says, joined, whichever features are hidden or overridden', () => {
  const feature = fc.record({ enabled: fc.boolean(), serverOnly: fc.boolean(), overridden: fc.boolean() });
  const cases = fc.record({
    features: fc.array(feature, { maxLength: 8 }),
    hidesDisabled: fc.boolean(),
    kind: fc.constantFrom<KeyKind>('client', 'server'),
    start: fc.nat(10),
  });

  fc.assert(
    fc.property(cases, ({ features, hidesDisabled, kind, start }) => {
      const named = features.map((one, i) => ({ ...one, name: `f${i}`, featureId: i + 1 }));
      const overrides = named
        .filter((one) => one.overridden)
        .map(({ name, featureId, enabled }) =>
          aFeatureState({ name, featureId, enabled: !enabled, value: 'other', priority: 0 }),
        );
      const published = aPublished({
        document: aDocument({
          hide_disabled_flags: hidesDisabled,
          feature_states: named.map(({ name, featureId, enabled }) => aFeatureState({ name, featureId, enabled })),
          project: {
            segments: [aSegment({ overrides })],
            server_key_only_feature_ids: named.filter((one) => one.serverOnly).map((one) => one.featureId),
          },
        }),
      });
      const publication = createPublication(published, headerSets('1.2.3'));
      const decided = publication.engine.decide({ identifier: 'u' });

      const list = flagList(publication, decided, kind);
      const target = Buffer.alloc(start + list.length);
      const end = list.write(target, start);

      const flags = decided.map((served) => served[kind]).filter((json) => json !== '');
      expect(target.toString('latin1', start)).toBe(`[${flags.join(',')}]`);
      expect(end).toBe(target.length);
    }),
  );
});
