import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A LaunchDarkly of a test's own: what it holds is answered page by page, a few items each, to whoever has the token. */
export interface FakeLaunchDarkly {
  url: string;
  project: FakeProject;
  /** Paths that were asked for, with their queries. */
  asked: string[];
  /** Answers of these come first, one for each request. */
  first: { status: number; headers?: Record<string, string> }[];
  stop: () => Promise<void>;
}

export interface FakeProject {
  key: string;
  token: string;
  environments: object[];
  flags: { key: string; archived?: boolean; environments?: Record<string, unknown>; [more: string]: unknown }[];
  /** By environment. */
  segments: Record<string, object[]>;
}

export async function startLaunchDarkly(): Promise<FakeLaunchDarkly> {
  const fake = {
    asked: [],
    first: [],
    project: { key: 'shop', token: 'api-token', environments: [], flags: [], segments: {} },
  } as unknown as FakeLaunchDarkly;
  const server: Server = createServer((request, response) => answer(fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fake.stop = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return fake;
}

function answer(fake: FakeLaunchDarkly, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  fake.asked.push(`${url.pathname}${url.search}`);
  const send = (status: number, body: object, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const instead = fake.first.shift();
  if (instead !== undefined) return void send(instead.status, { code: 'busy' }, instead.headers);
  const { project } = fake;
  if (request.headers.authorization !== project.token) return void send(401, { code: 'unauthorized' });
  const items = itemsAt(project, url);
  if (items === null) return void send(404, { code: 'not_found' });
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const limit = Math.min(2, Number(url.searchParams.get('limit') ?? 20));
  return void send(200, { items: items.slice(offset, offset + limit), totalCount: items.length });
}

function itemsAt(project: FakeProject, { pathname, searchParams }: URL): object[] | null {
  if (pathname === `/api/v2/projects/${project.key}/environments`) return project.environments;
  const [, segmentsOf] = new RegExp(`^/api/v2/segments/${project.key}/([^/]+)$`).exec(pathname) ?? [];
  if (segmentsOf !== undefined) return project.segments[segmentsOf] ?? [];
  if (pathname !== `/api/v2/flags/${project.key}`) return null;
  const wantsArchived = searchParams.get('filter') === 'state:archived';
  const environment = searchParams.get('env') ?? '';
  return project.flags
    .filter((flag) => (flag.archived ?? false) === wantsArchived)
    .map((flag) => ({
      ...flag,
      environments:
        flag.environments?.[environment] === undefined ? {} : { [environment]: flag.environments[environment] },
    }));
}
