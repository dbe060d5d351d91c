import type { FastifyInstance } from 'fastify';

/** Serves a first page at `/` that says what runs here and where to go on. */
export function serveWelcome(app: FastifyInstance, { version }: { version: string }): void {
  const html = page(version);
  app.get('/', async (_, reply) => reply.header('content-type', 'text/html; charset=utf-8').send(html));
}

function page(version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Halyard</title>
<style>
  :root { color-scheme: light dark; --ink: #17202a; --soft: #5b6673; --line: #dfe4ea; --page: #f6f8fa; --card: #fff; --accent: #0b6b5d; }
  @media (prefers-color-scheme: dark) {
    :root { --ink: #e7ecf1; --soft: #9aa7b4; --line: #2b3540; --page: #12171d; --card: #1a2129; --accent: #4cc9b0; }
  }
  body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
  main { max-width: 40rem; margin: 0 auto; padding: 3rem 1.25rem; }
  h1 { margin: 0; font-size: 2rem; letter-spacing: -0.02em; }
  p { margin: 0.5rem 0 1.5rem; color: var(--soft); }
  ul { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
  li { padding: 0.9rem 1.1rem; border-top: 1px solid var(--line); }
  li:first-child { border-top: 0; }
  a { color: var(--accent); font-weight: 600; text-underline-offset: 0.2em; }
  span { display: block; color: var(--soft); font-size: 0.925rem; }
  code { font-size: 0.875rem; overflow-wrap: anywhere; }
  footer { margin-top: 1.5rem; color: var(--soft); font-size: 0.875rem; }
</style>
</head>
<body>
<main>
<h1>Halyard is up</h1>
<p>Feature flags and remote configuration. This installation answers its API; its dashboard is not built here, which <code>npm start</code> does.</p>
<ul>
<li><a href="/api/v1/docs/">API documentation</a><span>Every endpoint, with its fields and errors. The document itself: <a href="/api/v1/swagger.json">OpenAPI 3.1</a></span></li>
<li><a href="/health/readiness/">Readiness</a><span>Whether the database answers and is up to date</span></li>
<li>SDKs<span>Give them <code>/api/v1/</code> on this host as their API URL; OpenFeature's OFREP providers take the host itself.</span></li>
</ul>
<footer>Version ${version}. <code>npm run demo</code> fills an empty installation.</footer>
</main>
</body>
</html>
`;
}
