import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { onSessionLost } from './api/client.ts';
import { token } from './api/token.ts';
import { playgroundSearch } from './explain/search.ts';
import { tableSearch } from './features/filters.ts';
import { arrivedAt, consentPath } from './sign-in/arrival.ts';
import type { HistorySearch } from './history/search.ts';
import { peopleSearch } from './people/search.ts';
import { NotFound } from './ui/NotFound.tsx';

/** Only paths of our own: an address elsewhere never comes from a link. */
const nextOf = (search: Record<string, unknown>): { next?: string } =>
  typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? { next: search.next } : {};

const root = createRootRoute({ notFoundComponent: NotFound });

/** A page before the login; `next` is where to go after it. */
const entrance = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, validateSearch: nextOf, component });

const entrances = [
  entrance(
    '/login',
    lazyRouteComponent(() => import('./sign-in/LoginPage.tsx'), 'LoginPage'),
  ),
  entrance(
    '/signup',
    lazyRouteComponent(() => import('./sign-in/SignUpPage.tsx'), 'SignUpPage'),
  ),
  entrance(
    '/password-reset',
    lazyRouteComponent(() => import('./sign-in/ResetPages.tsx'), 'ForgotPasswordPage'),
  ),
  entrance(
    '/password-reset/confirm/$uid/$token',
    lazyRouteComponent(() => import('./sign-in/ResetPages.tsx'), 'NewPasswordPage'),
  ),
  entrance(
    '/email-reset/confirm/$uid/$token',
    lazyRouteComponent(() => import('./sign-in/ResetPages.tsx'), 'NewAddressPage'),
  ),
  entrance(
    '/activate/$uid/$token',
    lazyRouteComponent(() => import('./sign-in/ResetPages.tsx'), 'ActivatePage'),
  ),
  entrance(
    '/invite/$hash',
    lazyRouteComponent(() => import('./sign-in/InvitePage.tsx'), 'InvitePage'),
  ),
  entrance(
    '/invite-link/$hash',
    lazyRouteComponent(() => import('./sign-in/InvitePage.tsx'), 'InvitePage'),
  ),
] as const;

/** Where applications send people to be asked. It comes back here after the login with every letter that it came with. */
const consent = createRoute({
  getParentRoute: () => root,
  path: consentPath,
  beforeLoad: () => {
    if (token() === null) throw redirect({ to: '/login', search: { next: arrivedAt } });
  },
  component: lazyRouteComponent(() => import('./sign-in/ConsentPage.tsx'), 'ConsentPage'),
});

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
  validateSearch: (search: Record<string, unknown>): { tab?: string | undefined } => said({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import('./features/FeaturePage.tsx'), 'FeaturePage'),
});

const text = (value: unknown) =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
const number = (value: unknown) => (Number(value) > 0 ? Number(value) : undefined);
/** Leaves out what an address does not say. */
const said = <T extends object>(search: T) =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Partial<T>;

const segments = createRoute({
  getParentRoute: () => project,
  path: '/segments',
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined; page?: number | undefined } =>
    said({ q: text(search.q), page: number(search.page) }),
  component: lazyRouteComponent(() => import('./segments/SegmentsPage.tsx'), 'SegmentsPage'),
});
const segment = createRoute({
  getParentRoute: () => project,
  path: '/segments/$segment',
  component: lazyRouteComponent(() => import('./segments/SegmentPage.tsx'), 'SegmentPage'),
});
const identities = createRoute({
  getParentRoute: () => project,
  path: '/identities',
  validateSearch: (
    search: Record<string, unknown>,
  ): { q?: string | undefined; page?: number | undefined; environment?: string | undefined } =>
    said({ q: text(search.q), page: number(search.page), environment: text(search.environment) }),
  component: lazyRouteComponent(() => import('./identities/IdentitiesPage.tsx'), 'IdentitiesPage'),
});
const identity = createRoute({
  getParentRoute: () => project,
  path: '/environments/$environment/identities/$identity',
  validateSearch: (search: Record<string, unknown>): { with?: number | undefined } =>
    said({ with: number(search.with) }),
  component: lazyRouteComponent(() => import('./identities/IdentityPage.tsx'), 'IdentityPage'),
});
const compare = createRoute({
  getParentRoute: () => project,
  path: '/compare',
  validateSearch: (search: Record<string, unknown>): { from?: number | undefined; to?: number | undefined } =>
    said({ from: number(search.from), to: number(search.to) }),
  component: lazyRouteComponent(() => import('./compare/ComparePage.tsx'), 'ComparePage'),
});
const historySearch = (search: Record<string, unknown>): HistorySearch =>
  said({
    q: text(search.q),
    type: text(search.type),
    project: number(search.project),
    environment: number(search.environment),
    feature: number(search.feature),
    actor: number(search.actor),
    from: text(search.from),
    to: text(search.to),
    page: number(search.page),
    step: number(search.step),
  });
interface UsageSearch {
  days?: number | undefined;
  project?: number | undefined;
  environment?: number | undefined;
}
const history = createRoute({
  getParentRoute: () => project,
  path: '/history',
  validateSearch: historySearch,
  component: lazyRouteComponent(() => import('./history/HistoryPage.tsx'), 'HistoryPage'),
});
const playground = createRoute({
  getParentRoute: () => project,
  path: '/playground',
  validateSearch: playgroundSearch,
  component: lazyRouteComponent(() => import('./explain/PlaygroundPage.tsx'), 'PlaygroundPage'),
});
const connect = createRoute({
  getParentRoute: () => project,
  path: '/connect',
  validateSearch: (search: Record<string, unknown>): { environment?: number | undefined; sdk?: string | undefined } =>
    said({ environment: number(search.environment), sdk: text(search.sdk) }),
  component: lazyRouteComponent(() => import('./connect/ConnectPage.tsx'), 'ConnectPage'),
});
/** Which environment, or which integration, is open in a tab of the settings. */
const settingsSearch = (
  search: Record<string, unknown>,
): { environment?: number | undefined; vendor?: string | undefined } =>
  said({ environment: number(search.environment), vendor: text(search.vendor) });
const ProjectSettingsPage = lazyRouteComponent(
  () => import('./settings/ProjectSettingsPage.tsx'),
  'ProjectSettingsPage',
);
const projectSettings = [
  createRoute({ getParentRoute: () => project, path: '/settings', component: ProjectSettingsPage }),
  createRoute({
    getParentRoute: () => project,
    path: '/settings/$tab',
    validateSearch: settingsSearch,
    component: ProjectSettingsPage,
  }),
] as const;
const people = createRoute({
  getParentRoute: () => organisation,
  path: '/people',
  validateSearch: peopleSearch,
  component: lazyRouteComponent(() => import('./people/PeoplePage.tsx'), 'PeoplePage'),
});
const usage = createRoute({
  getParentRoute: () => organisation,
  path: '/usage',
  validateSearch: (search: Record<string, unknown>): UsageSearch =>
    said({ days: number(search.days), project: number(search.project), environment: number(search.environment) }),
  component: lazyRouteComponent(() => import('./usage/UsagePage.tsx'), 'UsagePage'),
});
const organisationHistory = createRoute({
  getParentRoute: () => organisation,
  path: '/history',
  validateSearch: historySearch,
  component: lazyRouteComponent(() => import('./history/HistoryPage.tsx'), 'OrganisationHistoryPage'),
});
const OrganisationSettingsPage = lazyRouteComponent(
  () => import('./settings/OrganisationSettingsPage.tsx'),
  'OrganisationSettingsPage',
);
const organisationSettings = [
  createRoute({ getParentRoute: () => organisation, path: '/settings', component: OrganisationSettingsPage }),
  createRoute({
    getParentRoute: () => organisation,
    path: '/settings/$tab',
    validateSearch: settingsSearch,
    component: OrganisationSettingsPage,
  }),
] as const;
const account = createRoute({
  getParentRoute: () => app,
  path: '/account',
  component: lazyRouteComponent(() => import('./account/AccountPage.tsx'), 'AccountPage'),
});

/** Everything that screens are made of: for those who work on the dashboard, and in no build. */
const styleguide = import.meta.env.DEV
  ? [
      createRoute({
        getParentRoute: () => root,
        path: '/styleguide',
        component: lazyRouteComponent(() => import('./styleguide/StyleguidePage.tsx'), 'StyleguidePage'),
      }),
    ]
  : [];

export const router = createRouter({
  routeTree: root.addChildren([
    ...entrances,
    consent,
    ...styleguide,
    app.addChildren([
      home,
      account,
      organisation.addChildren([projects, people, usage, organisationHistory, ...organisationSettings]),
      project.addChildren([
        features,
        feature,
        segments,
        segment,
        identities,
        identity,
        compare,
        history,
        playground,
        connect,
        ...projectSettings,
      ]),
    ]),
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

onSessionLost(() => {
  const { href, pathname } = router.state.location;
  const next = pathname === consentPath ? arrivedAt : href;
  if (pathname !== '/login') void router.navigate({ to: '/login', search: { next } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
