import type { Context } from '../context.ts';
import { liveStates } from '../feature-states/service.ts';
import { environmentIdsOf, namesOf, type PlacedResource } from './store.ts';

/** A sentence, and what the feature serves in every environment, in Markdown. */
export async function commentOf(ctx: Context, resource: PlacedResource, sentence: string): Promise<string> {
  const environmentIds = await environmentIdsOf(ctx.db, resource.project_id);
  const states = await liveStates(ctx, { environmentIds, featureId: resource.feature_id });
  const environments = await namesOf(ctx.db, 'environments', environmentIds);
  const segmentIds = [...new Set(states.flatMap((state) => state.segmentId ?? []))];
  const segments = await namesOf(ctx.db, 'segments', segmentIds);
  const rows = states.map(({ environmentId, segmentId, enabled, value }) => {
    const segment = segmentId === null ? 'everybody' : literal(segments.get(segmentId) ?? '');
    const shown = value === null ? '' : literal(String(value));
    return `| ${literal(environments.get(environmentId) ?? '')} | ${segment} | ${enabled ? 'on' : 'off'} | ${shown} |`;
  });
  const address = `${ctx.config.publicUrl}/projects/${resource.project_id}/features/${resource.feature_id}`;
  const name = literal(resource.feature_name);
  return [
    `The feature [${name}](${address}) ${sentence}`,
    '',
    '| Environment | For | State | Value |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Text as it is: no markup, and nobody is called by it. */
export function literal(text: string): string {
  const points = [...text.replaceAll(/\s+/g, ' ').trim()];
  const cut = points.length > 100 ? `${points.slice(0, 100).join('')}…` : points.join('');
  if (cut === '') return '';
  const longest = Math.max(0, ...(cut.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = cut.startsWith('`') || cut.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${cut.replaceAll('|', String.raw`\|`)}${pad}${fence}`;
}
