/** The part of pino that an Edge needs. */
export interface Log {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
