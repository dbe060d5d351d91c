import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { onSessionLost } from './api/client.ts';
import { token } from './api/token.ts';
import { tableSearch } from './features/filters.ts';
import { NotFound } from './ui/NotFound.tsx';

/** Only paths of our own: an address elsewhere never comes from a link. */
const nextOf = (search: Record<string, unknown>): { next?: string } =>
  typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? { next: search.next } : {};

const root = createRootRoute({ notFoundComponent: NotFound });

const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, validateSearch: nextOf, component });

const login = page(
  '/login',
  lazyRouteComponent(() => import('./sign-in/LoginPage.tsx'), 'LoginPage'),
);

/** Everything behind the login. Who comes without one returns to the same place after it. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: ({ location }) => {
    if (token() === null)
      throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } });
  },
  component: lazyRouteComponent(() => import('./shell/Shell.tsx'), 'Shell'),
});

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: lazyRouteComponent(() => import('./shell/HomePage.tsx'), 'HomePage'),
});

const organisation = createRoute({ getParentRoute: () => app, path: '/organisations/$organisation' });
const projects = createRoute({
  getParentRoute: () => organisation,
  path: '/projects',
  component: lazyRouteComponent(() => import('./organisations/ProjectsPage.tsx'), 'ProjectsPage'),
});

const project = createRoute({ getParentRoute: () => app, path: '/projects/$project' });
const features = createRoute({
  getParentRoute: () => project,
  path: '/features',
  validateSearch: tableSearch,
  component: lazyRouteComponent(() => import('./features/FeaturesPage.tsx'), 'FeaturesPage'),
});
const feature = createRoute({
  getParentRoute: () => project,
  path: '/features/$feature',
  component: lazyRouteComponent(() => import('./features/FeaturePage.tsx'), 'FeaturePage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    app.addChildren([home, organisation.addChildren([projects]), project.addChildren([features, feature])]),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

onSessionLost(() => {
  const { href, pathname } = router.state.location;
  if (pathname !== '/login') void router.navigate({ to: '/login', search: { next: href } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
