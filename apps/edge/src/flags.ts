import type { Opened } from './environments.ts';
import { jsonAnswer, type KeyKind, type Publication, readyAnswer } from './publication.ts';
import { type EdgeRequest, readQuery } from './request.ts';
import { type Answer, asciiBytes, type HeaderSets, matchesEtag, nothing, Refusal } from './responses.ts';

/** `GET /api/v1/flags/`: the environment's own state of each feature, or of the one that `feature` names. */
export function answerFlags({ environment, kind }: Opened, request: EdgeRequest, headers: HeaderSets): Answer {
  const { publication } = environment;
  if (request.query !== '') {
    const feature = readQuery(request).get('feature');
    if (feature !== null && feature !== '') return oneFlag(publication, kind, feature, headers);
  }
  const answer = allFlags(publication, kind);
  const tags = request.header('if-none-match');
  if (tags !== undefined && matchesEtag(tags, etagOf(publication, kind))) {
    return { status: 304, headers: answer.headers, body: nothing };
  }
  return answer;
}

function allFlags(publication: Publication, kind: KeyKind): Answer {
  return readyAnswer(publication, kind === 'client' ? 'flags client' : 'flags server', () => {
    const flags = publication.engine.decide(null).map((served) => publication.flagJson(served, kind));
    const answer = jsonAnswer(publication, `[${flags.filter((json) => json !== '').join(',')}]`);
    return { ...answer, headers: [...answer.headers, 'ETag', etagOf(publication, kind)] };
  });
}

/** Unlike on `/identities/`, upper and lower case are the same here. */
function oneFlag(publication: Publication, kind: KeyKind, feature: string, headers: HeaderSets): Answer {
  const byName = publication.once(`flags by name ${kind}`, () => {
    const answers = new Map<string, string>();
    for (const served of publication.engine.decide(null)) {
      const json = publication.flagJson(served, kind);
      const name = served.outcome.feature.name.toLowerCase();
      if (json !== '' && !answers.has(name)) answers.set(name, json);
    }
    return answers;
  });
  const json = byName.get(feature.toLowerCase());
  if (json === undefined) throw new Refusal(404, { detail: 'Given feature not found' });
  return { status: 200, headers: headers.json, body: asciiBytes(json) };
}

function etagOf(publication: Publication, kind: KeyKind): string {
  return `"${publication.token}-${kind}"`;
}
