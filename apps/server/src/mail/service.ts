import type { Context } from '../context.ts';
import { enqueue } from '../jobs/service.ts';
import type { Mail } from './mailer.ts';

/**
 * Sends an e-mail once the transaction is committed, and again until the provider took it; the request does not wait. What
 * waits is encrypted, since links in it open accounts.
 */
export async function sendMail(ctx: Context, mail: Mail): Promise<void> {
  await enqueue(ctx, { kind: 'mail.send', payload: { sealed: ctx.vault.encrypt(JSON.stringify(mail)) } });
}

/** An address of this installation's pages, for links in e-mails. Never made from what a request says its host is. */
export function pageAddress(ctx: Context, ...path: string[]): string {
  return [ctx.config.publicUrl, ...path.map(encodeURIComponent)].join('/');
}

/** The jobs of this slice by kind. */
export const mailJobs = {
  'mail.send': async (ctx: Context, { sealed }: { sealed: string }): Promise<void> => {
    const text = ctx.vault.decrypt(sealed);
    if (text === null) {
      ctx.log.error('an e-mail that waits cannot be read: was SECRET_KEY changed? It is dropped');
      return;
    }
    await ctx.mailer.send(JSON.parse(text) as Mail);
  },
};
