/** The address of the login or the sign-up that goes on to `next` afterwards. */
export function entrance(page: 'login' | 'signup', next: string | undefined): string {
  return next ? `/${page}?next=${encodeURIComponent(next)}` : `/${page}`;
}
