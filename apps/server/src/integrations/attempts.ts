import type { Context } from '../context.ts';
import { OutboundError, type OutboundRequest } from '../outbound/client.ts';
import type { Vendor } from './vendor.ts';

/** How one request to a vendor ended. */
export interface Outcome {
  /** Null where nobody answered. */
  status: number | null;
  error: string | null;
  /** Worth another attempt. */
  again: boolean;
}

/** Sends one request to a vendor. */
export async function attempt(ctx: Context, vendor: Vendor, request: OutboundRequest): Promise<Outcome> {
  try {
    const response = await ctx.outbound.send(request);
    const { status } = response;
    if (status < 200 || status >= 300) {
      const again = status >= 500 || status === 429 || (vendor.hears === 'identities' && vendor.triesAgainAfterRefusal);
      return { status, error: `The answer was HTTP ${status}.`, again: again === true };
    }
    const problem = vendor.problemOf?.(response) ?? null;
    return { status, error: problem?.slice(0, 500) ?? null, again: false };
  } catch (error) {
    if (error instanceof SyntaxError) return { status: null, error: 'The answer was no JSON.', again: false };
    if (!(error instanceof OutboundError)) throw error;
    return { status: null, error: error.message.slice(0, 500), again: error.reason !== 'refused' };
  }
}

/** 2, 8, 32… seconds: the seventh after more than two hours. */
export function backOffSeconds(attempts: number): number {
  return Math.round(2 * 4 ** (attempts - 1) * (0.75 + Math.random() / 2) * 1000) / 1000;
}
