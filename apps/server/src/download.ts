import { Readable } from 'node:stream';

/** What a service answers instead of JSON: a file that is made while it is sent. */
export class Download {
  readonly contentType: string;
  readonly fileName: string;
  readonly parts: AsyncIterable<string>;

  constructor(file: { contentType: string; fileName: string; parts: AsyncIterable<string> }) {
    this.contentType = file.contentType;
    this.fileName = file.fileName;
    this.parts = file.parts;
  }

  stream(): Readable {
    return Readable.from(this.parts, { objectMode: false });
  }
}
