import type { PublishedEnvironment } from '@halyard/contract';

/** Where an Edge gets published environments from: the process that holds the database, a Core over HTTP, a stream. */
export interface DocumentReader {
  /** The newest publication of the environment that a client-side or server-side key opens; null where none knows it. */
  find(request: { key: string }): Promise<PublishedEnvironment | null>;
  /** Tells of each newer publication, and of environments that are gone, until the returned function is called. */
  subscribe(listener: DocumentListener): () => void;
}

export interface DocumentListener {
  published(environment: PublishedEnvironment): void;
  removed(environmentId: number): void;
}
