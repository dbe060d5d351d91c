import { type Logger, pino } from 'pino';

/** Structured logs on standard output; keys and passwords never reach them. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        '*.password',
        '*.token',
        '*.key',
        '*.secret',
        'headers.authorization',
        'headers["x-environment-key"]',
        'headers.cookie',
      ],
      censor: '[redacted]',
    },
  });
}
