import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../config.ts';

/** Counts attempts. One for each running platform. */
export interface Throttle {
  /** Counts one attempt of `key` in `scope`, and answers for how many seconds to wait: 0 where it is within the rate. */
  count(attempt: { scope: string; key: string; rate: Rate }): Promise<number>;
}

/** Counts in this process alone, and forgets with it: enough for one process. */
export function createMemoryThrottle(): Throttle {
  const limiters = new Map<string, RateLimiterMemory>();

  function limiterOf(scope: string, rate: Rate): RateLimiterMemory {
    const name = `${scope} ${rate.count}/${rate.seconds}`;
    const known = limiters.get(name);
    if (known !== undefined) return known;
    const limiter = new RateLimiterMemory({ keyPrefix: scope, points: rate.count, duration: rate.seconds });
    limiters.set(name, limiter);
    return limiter;
  }

  return {
    async count({ scope, key, rate }) {
      try {
        await limiterOf(scope, rate).consume(key);
        return 0;
      } catch (answer) {
        if (answer instanceof RateLimiterRes) return answer.msBeforeNext / 1000;
        throw answer;
      }
    },
  };
}
