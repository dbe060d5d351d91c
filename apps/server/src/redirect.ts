/** What a service answers where a browser is to go on somewhere else. */
export class Redirect {
  readonly location: string;

  constructor(location: string) {
    this.location = location;
  }
}
