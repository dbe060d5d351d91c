import type { EnvironmentDocument } from '@halyard/contract';
import type { Opened } from './environments.ts';
import { type Publication, readyAnswer } from './publication.ts';
import type { EdgeRequest } from './request.ts';
import { type Answer, asciiBytes, asciiJson, type HeaderSets, matchesEtag, nothing, Refusal } from './responses.ts';

/** `GET /api/v1/environment-document/`: everything a local-evaluation SDK needs, for server-side keys only. */
export function answerDocument({ environment }: Opened, request: EdgeRequest, headers: HeaderSets): Answer {
  const { publication } = environment;
  const answer = wholeDocument(publication, headers);
  const unmodifiedSince = httpDate(request.header('if-unmodified-since'));
  if (unmodifiedSince !== null && unmodifiedSince < wholeSeconds(publication)) {
    throw new Refusal(412, { detail: 'The document changed since then.' });
  }
  return isUnchanged(publication, request) ? { status: 304, headers: answer.headers, body: nothing } : answer;
}

/** A tag is exact and wins over a time, of which two changes in one second are the same: RFC 9110 section 13.2.2. */
function isUnchanged(publication: Publication, request: EdgeRequest): boolean {
  const tags = request.header('if-none-match');
  if (tags !== undefined) return matchesEtag(tags, etagOf(publication));
  const since = httpDate(request.header('if-modified-since'));
  return since !== null && since >= wholeSeconds(publication);
}

function wholeDocument(publication: Publication, headers: HeaderSets): Answer {
  return readyAnswer(publication, 'document', () => ({
    status: 200,
    headers: [
      ...headers.json,
      'X-Flagsmith-Document-Updated-At',
      publication.updatedAt,
      'Last-Modified',
      new Date(wholeSeconds(publication)).toUTCString(),
      'ETag',
      etagOf(publication),
    ],
    body: asciiBytes(asciiJson(servedDocument(publication))),
  }));
}

/** The publisher always hands over identity overrides, because we evaluate with them; SDKs get them where they may. */
function servedDocument({ published: { document } }: Publication): EnvironmentDocument {
  return document.use_identity_overrides_in_local_eval ? document : { ...document, identity_overrides: [] };
}

function etagOf(publication: Publication): string {
  return `"${publication.token}"`;
}

function wholeSeconds(publication: Publication): number {
  return Math.floor(publication.updatedAtMs / 1000) * 1000;
}

function httpDate(header: string | undefined): number | null {
  if (header === undefined) return null;
  const time = Date.parse(header);
  return Number.isNaN(time) ? null : time;
}
