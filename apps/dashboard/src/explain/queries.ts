import { keepPreviousData } from '@tanstack/react-query';
import type { Input } from '../api/client.ts';
import { read } from '../api/query.ts';
import { type Asked, personOf } from './person.ts';

/** What somebody gets of some features, and every step that led there. */
export const explanation = (environment: string, asked: Asked, features: number[]) =>
  read('explainFeatures', {
    params: { environment_api_key: environment },
    body: { ...personOf(asked), features },
  });

/** What several people get in several environments. What was shown stays while it is asked again. */
export const playground = (project: number, people: Asked[], environments: number[] | undefined) => ({
  ...read('runPlayground', {
    params: { project_id: project },
    body: { people: people.map(personOf), ...(environments && { environments }) },
  }),
  placeholderData: keepPreviousData,
});

type Rules = Input<'testSegment'>['body']['rules'];

/** Whether somebody is in a segment with these rules, which need not be saved. */
export const segmentTest = (
  project: number,
  environment: number,
  trial: { rules: Rules; segment?: number },
  asked: Asked,
) => ({
  ...read('testSegment', {
    params: { project_id: project },
    body: { ...trial, environment, ...personOf(asked) },
  }),
  placeholderData: keepPreviousData,
});

/** How many of the newest identities are in a segment with these rules. */
export const segmentSample = (project: number, environment: number, trial: { rules: Rules; segment?: number }) => ({
  ...read('sampleSegment', { params: { project_id: project }, body: { ...trial, environment } }),
  placeholderData: keepPreviousData,
});

/** Traits of an environment with their types and some values. */
export const traitSamples = (environment: string) => ({
  ...read('listTraitSamples', { params: { environment_api_key: environment } }),
  staleTime: 300_000,
});

/** Identities whose identifier contains what was typed, for completing it. */
export const suggestions = (environment: string, q: string) => ({
  ...read('listIdentities', { params: { environment_api_key: environment }, query: { q, page: 1, page_size: 8 } }),
  placeholderData: keepPreviousData,
});
