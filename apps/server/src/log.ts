import { type Logger, pino } from 'pino';

/** Structured logs on standard output; keys and passwords never reach them. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: withoutStatement },
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

/** An error without the statement and the values that a database driver hangs on it: those may be anybody's data. */
function withoutStatement(error: Error): unknown {
  const {
    sql: _sql,
    parameters: _parameters,
    values: _values,
    ...rest
  } = pino.stdSerializers.err(error) as unknown as Record<string, unknown>;
  return rest;
}
