import type { AccessChange, AccessGroup, AccessPage, AccessPerson, AccessPlace, GivenAccess } from '@halyard/contract';
import { nameOf } from './names.ts';

/** Somebody to whom something is granted: a row of the matrix. */
export type Subject = { kind: 'user'; person: AccessPerson } | { kind: 'group'; group: AccessGroup };

/** Stands for all permissions of a place. */
export const everything = 'ADMIN';

/** Why somebody may do something. */
export type Reason =
  | { kind: 'organisation' }
  | { kind: 'direct' }
  | { kind: 'group'; group: string }
  /** Everything of the place, or of the project that the environment is in; null where it was given directly. */
  | { kind: 'admin'; of: 'place' | 'project'; group: string | null };

/** What a draft gives or takes, by `switchKey`. */
export type Switches = Record<string, boolean>;

export const subjectKey = (subject: Subject) =>
  subject.kind === 'user' ? `user ${subject.person.id}` : `group ${subject.group.id}`;
export const subjectName = (subject: Subject) =>
  subject.kind === 'user' ? nameOf(subject.person) : subject.group.name;
export const switchKey = (environment: number | null, subject: Subject, permission: string) =>
  `${environment ?? 'all'}/${subjectKey(subject)}/${permission}`;

export const subjectsOf = (page: AccessPage): Subject[] => [
  ...page.groups.map((group): Subject => ({ kind: 'group', group })),
  ...page.people.map((person): Subject => ({ kind: 'user', person })),
];

/** Answers what is granted and why, with a draft on top of what is stored. */
export function accessOf(page: AccessPage, switches: Switches) {
  const keysOf = new Map<AccessPlace['level'], string[]>(
    Object.entries(page.permissions).map(([level, list]) => [
      level as AccessPlace['level'],
      list.map(({ key }) => key),
    ]),
  );
  const stored = new Map(
    page.grants.map((grant) => [
      `${grant.environment ?? 'all'}/${grant.user === null ? `group ${grant.group}` : `user ${grant.user}`}`,
      new Set(grant.admin ? [everything, ...grant.permissions] : grant.permissions),
    ]),
  );
  const groupsOf = new Map<number, AccessGroup[]>();
  for (const group of page.groups) {
    for (const user of group.users) groupsOf.set(user, [...(groupsOf.get(user) ?? []), group]);
  }

  const isStored = (environment: number | null, subject: Subject, permission: string) =>
    stored.get(`${environment ?? 'all'}/${subjectKey(subject)}`)?.has(permission) ?? false;
  const isGiven = (environment: number | null, subject: Subject, permission: string) =>
    switches[switchKey(environment, subject, permission)] ?? isStored(environment, subject, permission);

  /** Given to the person or group itself, or through a group of theirs: undefined, null, or the group's name. */
  function sources(environment: number | null, subject: Subject, permission: string): (string | null)[] {
    const direct = isGiven(environment, subject, permission) ? [null] : [];
    if (subject.kind === 'group') return direct;
    const groups = (groupsOf.get(subject.person.id) ?? []).filter((group) =>
      isGiven(environment, { kind: 'group', group }, permission),
    );
    return [...direct, ...groups.map(({ name }) => name)];
  }

  function reasons(place: AccessPlace, subject: Subject, permission: string): Reason[] {
    const { environment } = place;
    const own = permission === everything ? [] : sources(environment, subject, permission);
    const admin = sources(environment, subject, everything);
    const above = environment === null ? [] : sources(null, subject, everything);
    return [
      ...(subject.kind === 'user' && subject.person.role === 'ADMIN' ? [{ kind: 'organisation' } as const] : []),
      ...own.map((group): Reason => (group === null ? { kind: 'direct' } : { kind: 'group', group })),
      ...admin.map((group): Reason => ({ kind: 'admin', of: 'place', group })),
      ...above.map((group): Reason => ({ kind: 'admin', of: 'project', group })),
    ];
  }

  return {
    isGiven,
    isChanged: (environment: number | null, subject: Subject, permission: string) =>
      isGiven(environment, subject, permission) !== isStored(environment, subject, permission),
    reasons,
    /** How many permissions of the place somebody has, or whether it is everything. */
    extent(place: AccessPlace, subject: Subject): number | 'everything' {
      if (reasons(place, subject, everything).length > 0) return 'everything';
      return (keysOf.get(place.level) ?? []).filter((key) => reasons(place, subject, key).length > 0).length;
    },
  };
}

/** What a draft changes, for the one save and for showing it before. Switches that change nothing are passed over. */
export interface DraftChange {
  place: AccessPlace;
  subject: Subject;
  added: string[];
  removed: string[];
  input: AccessChange;
}

export function changesOf(page: AccessPage, switches: Switches): DraftChange[] {
  const access = accessOf(page, switches);
  const before = accessOf(page, {});
  const touched = new Set(Object.keys(switches).map((key) => key.slice(0, key.lastIndexOf('/'))));
  return page.places.flatMap((place) =>
    subjectsOf(page).flatMap((subject): DraftChange[] => {
      const { environment } = place;
      if (!place.may_edit || !touched.has(`${environment ?? 'all'}/${subjectKey(subject)}`)) return [];
      const keys = (page.permissions[place.level] ?? []).map(({ key }) => key);
      const columns = place.level === 'organisation' ? keys : [everything, ...keys];
      const changed = columns.filter((key) => access.isChanged(environment, subject, key));
      if (changed.length === 0) return [];
      const given = (of: typeof access): GivenAccess => ({
        admin: of.isGiven(environment, subject, everything),
        permissions: keys.filter((key) => of.isGiven(environment, subject, key)),
      });
      return [
        {
          place,
          subject,
          added: changed.filter((key) => access.isGiven(environment, subject, key)),
          removed: changed.filter((key) => !access.isGiven(environment, subject, key)),
          input: {
            environment,
            ...(subject.kind === 'user' ? { user: subject.person.id } : { group: subject.group.id }),
            ...given(access),
            base: given(before),
          },
        },
      ];
    }),
  );
}

/**
 * A draft with one more switch. Whoever may do anything at a place sees it, too: nothing else is of use without that.
 */
export function withSwitch(
  page: AccessPage,
  switches: Switches,
  place: AccessPlace,
  subject: Subject,
  permission: string,
  on: boolean,
): Switches {
  const next = { ...switches, [switchKey(place.environment, subject, permission)]: on };
  const view = viewOf[place.level];
  if (!on || view === undefined || permission === everything || permission === view) return next;
  if (accessOf(page, next).reasons(place, subject, view).length > 0) return next;
  return { ...next, [switchKey(place.environment, subject, view)]: true };
}

const viewOf: Partial<Record<AccessPlace['level'], string>> = {
  project: 'VIEW_PROJECT',
  environment: 'VIEW_ENVIRONMENT',
};

/** Why, as a sentence about the person or group. */
export function reasonText(reason: Reason, place: { level: AccessPlace['level'] }): string {
  switch (reason.kind) {
    case 'organisation':
      return 'Administrator of the organisation, who may do everything';
    case 'direct':
      return 'Given directly';
    case 'group':
      return `Through the group ${reason.group}`;
    case 'admin': {
      const where = reason.of === 'project' ? 'the project' : `the ${place.level}`;
      return `May do everything in ${where}${reason.group === null ? '' : `, through the group ${reason.group}`}`;
    }
  }
}

/** Permissions in a few plain words; what is new to us is told by the server's own. */
export function permissionName(key: string, description?: string): string {
  return names[key] ?? description?.replace(/\.$/, '') ?? key.toLowerCase().replaceAll('_', ' ');
}

const names: Record<string, string> = {
  [everything]: 'Everything',
  CREATE_PROJECT: 'Create projects',
  MANAGE_USER_GROUPS: 'Manage groups',
  VIEW_PROJECT: 'See the project',
  CREATE_ENVIRONMENT: 'Create environments',
  DELETE_FEATURE: 'Delete features',
  CREATE_FEATURE: 'Create and edit features',
  MANAGE_SEGMENTS: 'Manage segments',
  VIEW_AUDIT_LOG: 'Read the history',
  MANAGE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Publish change requests',
  APPROVE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Approve change requests',
  CREATE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Propose changes',
  MANAGE_TAGS: 'Manage tags',
  VIEW_ENVIRONMENT: 'See the environment',
  UPDATE_FEATURE_STATE: 'Switch features and set values',
  MANAGE_IDENTITIES: 'Manage identities',
  VIEW_IDENTITIES: 'See identities',
  CREATE_CHANGE_REQUEST: 'Propose changes',
  APPROVE_CHANGE_REQUEST: 'Approve changes',
  MANAGE_SEGMENT_OVERRIDES: 'Override for segments',
};
