/** What an address of the people page says. */
export interface PeopleSearch {
  tab?: 'groups' | 'invitations' | 'permissions' | undefined;
  q?: string | undefined;
  /** Whose access is open. */
  person?: number | undefined;
  /** Where the matrix is: a project, the first one unless it is said, or the organisation itself. */
  project?: number | 'organisation' | undefined;
  /** An environment of the project. */
  place?: number | undefined;
  /** Only rows with any access. */
  granted?: boolean | undefined;
  page?: number | undefined;
}

const tabs = ['groups', 'invitations', 'permissions'];
const number = (value: unknown) => (Number(value) > 0 ? Number(value) : undefined);

export function peopleSearch(given: Record<string, unknown>): PeopleSearch {
  const search: PeopleSearch = {
    tab: tabs.includes(given.tab as string) ? (given.tab as PeopleSearch['tab']) : undefined,
    q: given.q === undefined || given.q === '' ? undefined : String(given.q),
    person: number(given.person),
    project: given.project === 'organisation' ? given.project : number(given.project),
    place: number(given.place),
    granted: given.granted === true ? true : undefined,
    page: number(given.page),
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}
