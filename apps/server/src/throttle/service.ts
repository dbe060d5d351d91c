import { isIPv6 } from 'node:net';
import type { Rate } from '../config.ts';
import type { Context } from '../context.ts';
import { throttled } from '../errors.ts';

/** Counts one attempt. @throws RequestError 429 with the time to wait, where `key` made more than `rate` allows. */
export async function limit(ctx: Context, attempt: { scope: string; key: string; rate: Rate }): Promise<void> {
  const seconds = await ctx.throttle.count(attempt);
  if (seconds > 0) throw throttled(seconds);
}

/** Counts a request of whoever makes it, where the installation limits people or master keys. @throws RequestError 429 */
export async function limitActor(ctx: Context): Promise<void> {
  const { actor, config } = ctx;
  if (actor.kind === 'user' && config.userRate !== null) {
    await limit(ctx, { scope: 'user', key: String(actor.userId), rate: config.userRate });
  }
  if (actor.kind === 'master_key' && config.masterKeyRate !== null) {
    await limit(ctx, { scope: 'master_api_key', key: String(actor.masterKeyId), rate: config.masterKeyRate });
  }
}

/** The client for counting: its address, or the /64 network that somebody with IPv6 can draw addresses from at will. */
export function clientKey(ctx: Context): string {
  const address = ctx.clientAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = (address.split('%')[0] as string).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const missing = address.includes('::') ? 8 - before.length - after.length : 0;
  const groups = [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
