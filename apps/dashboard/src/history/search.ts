/** What an address of a history says: filters, the page, or the one step that it shows. */
export interface HistorySearch {
  q?: string | undefined;
  type?: string | undefined;
  /** In an organisation's history. */
  project?: number | undefined;
  environment?: number | undefined;
  feature?: number | undefined;
  /** Id of who did it. */
  actor?: number | undefined;
  from?: string | undefined;
  to?: string | undefined;
  page?: number | undefined;
  step?: number | undefined;
}
