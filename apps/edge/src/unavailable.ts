/**
 * A store or a reader cannot work now: its database is away, full or locked. Answered as 503, so that the client tries
 * again; nothing of the request was kept. Adapters wrap their own errors in it; any other error is a bug and a 500.
 */
export class Unavailable extends Error {
  constructor(cause: unknown) {
    super('The database cannot take this request now. Please try again.', { cause });
  }
}
