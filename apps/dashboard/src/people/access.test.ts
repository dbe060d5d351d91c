import type { AccessPage, AccessPlace } from '@halyard/contract';
import { expect, test } from 'vitest';
import {
  accessOf,
  changesOf,
  everything,
  reasonText,
  type Subject,
  subjectsOf,
  switchKey,
  withSwitch,
} from './access.ts';

const description = (key: string) => ({ key, description: key, supports_tag: false });
const project: AccessPlace = { level: 'project', environment: null, name: 'Shop', may_edit: true };
const production: AccessPlace = { level: 'environment', environment: 7, name: 'Production', may_edit: true };
const person = (id: number, role: 'ADMIN' | 'USER' = 'USER') => ({
  id,
  email: `${id}@example.com`,
  first_name: '',
  last_name: '',
  role,
});
const page: AccessPage = {
  name: 'Shop',
  places: [project, production],
  permissions: {
    organisation: [],
    project: ['VIEW_PROJECT', 'MANAGE_TAGS'].map(description),
    environment: ['VIEW_ENVIRONMENT', 'VIEW_IDENTITIES'].map(description),
  },
  people: [person(1, 'ADMIN'), person(2), person(3)],
  groups: [{ id: 5, name: 'Team', users: [2] }],
  grants: [
    { environment: null, user: null, group: 5, admin: false, permissions: ['VIEW_PROJECT'] },
    { environment: null, user: 2, group: null, admin: false, permissions: ['VIEW_PROJECT'] },
    { environment: null, user: 3, group: null, admin: true, permissions: [] },
  ],
  administrators: [],
};
const [team, boss, ana, owner] = subjectsOf(page) as [Subject, Subject, Subject, Subject];
const why = (place: AccessPlace, subject: Subject, key: string, switches = {}) =>
  accessOf(page, switches)
    .reasons(place, subject, key)
    .map((reason) => reasonText(reason, place));

test('each right is told with all that it comes from', () => {
  expect(why(project, ana, 'VIEW_PROJECT')).toEqual(['Given directly', 'Through the group Team']);
  expect(why(project, ana, 'MANAGE_TAGS')).toEqual([]);
  expect(why(project, boss, 'MANAGE_TAGS')).toEqual(['Administrator of the organisation, who may do everything']);
  expect(why(project, owner, 'MANAGE_TAGS')).toEqual(['May do everything in the project']);
  expect(why(production, owner, everything)).toEqual(['May do everything in the project']);
});

test('a draft shows what it would mean for the members of a group', () => {
  const switches = { [switchKey(7, team, everything)]: true };

  expect(why(production, ana, 'VIEW_IDENTITIES', switches)).toEqual([
    'May do everything in the environment, through the group Team',
  ]);
  expect(accessOf(page, switches).extent(production, ana)).toBe('everything');
  expect(accessOf(page, {}).extent(project, ana)).toBe(1);
});

test('what is saved is all that there shall be, with what the draft found', () => {
  const switches = { [switchKey(null, ana, 'MANAGE_TAGS')]: true, [switchKey(null, ana, 'VIEW_PROJECT')]: false };

  const [change, ...more] = changesOf(page, switches);

  expect(more).toEqual([]);
  expect(change).toMatchObject({ added: ['MANAGE_TAGS'], removed: ['VIEW_PROJECT'] });
  expect(change?.input).toEqual({
    environment: null,
    user: 2,
    admin: false,
    permissions: ['MANAGE_TAGS'],
    base: { admin: false, permissions: ['VIEW_PROJECT'] },
  });
});

test('a switch that was turned back changes nothing', () => {
  expect(changesOf(page, { [switchKey(null, ana, 'VIEW_PROJECT')]: true })).toEqual([]);
});

test('whoever is given anything is given to see the place, unless they see it already', () => {
  const there = withSwitch(page, {}, production, ana, 'VIEW_IDENTITIES', true);
  const already = withSwitch(page, {}, project, ana, 'MANAGE_TAGS', true);

  expect(there).toEqual({
    [switchKey(7, ana, 'VIEW_IDENTITIES')]: true,
    [switchKey(7, ana, 'VIEW_ENVIRONMENT')]: true,
  });
  expect(Object.keys(already)).toHaveLength(1);
});
