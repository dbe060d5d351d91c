/** Whom a grant was made to, so that people can see why they may do something. */
export type GrantSource = { kind: 'user' } | { kind: 'group'; id: number; name: string };

/** A key that was granted, for the features with one of these tags; for every feature where there are none. */
export interface GrantedKey {
  key: string;
  tags: number[];
}

/** What one row gives to somebody at one place. */
export interface Grant {
  source: GrantSource;
  admin: boolean;
  permissions: GrantedKey[];
}

/** What a member may do with one organisation, project or environment, and why. */
export interface Rights {
  /** Administers the organisation: may do everything in it. */
  isOrganisationAdmin: boolean;
  /** Grants that allow everything: of the place itself, and in an environment also of its project. */
  adminGrants: Grant[];
  /** Every grant of the place itself. */
  grants: Grant[];
}

export function isAdmin(rights: Rights): boolean {
  return rights.isOrganisationAdmin || rights.adminGrants.length > 0;
}

/**
 * Whether the rights hold a key. `featureTags` are the tags of the feature in question, an empty list for a feature
 * without any; without `featureTags` it is not about one feature, and a grant for some features suffices.
 */
export function hasPermission(rights: Rights, key: string, featureTags: number[] | null = null): boolean {
  if (key === 'MEMBER' || isAdmin(rights)) return true;
  return rights.grants.some(({ permissions }) =>
    permissions.some((granted) => granted.key === key && coversTags(granted.tags, featureTags)),
  );
}

function coversTags(tags: number[], featureTags: number[] | null): boolean {
  return featureTags === null || tags.length === 0 || tags.some((tag) => featureTags.includes(tag));
}
