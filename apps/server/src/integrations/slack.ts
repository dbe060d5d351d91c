import { authorOf, environmentOf, json, type ChangeVendor } from './vendor.ts';

/** Beside what is set, `token` and `url` are those of the connected workspace. */
export const slack: ChangeVendor = {
  hears: 'changes',
  defaults: { enabled: true },
  secrets: [],
  addresses: [],
  toRequest: (config, event) => ({
    method: 'POST',
    url: `${config.url}/api/chat.postMessage`,
    headers: { 'content-type': `${json['content-type']}; charset=utf-8`, authorization: `Bearer ${config.token}` },
    body: JSON.stringify({
      channel: config.channel_id,
      text: event.log,
      blocks: [
        { type: 'section', text: { type: 'plain_text', text: event.log.slice(0, 3000) } },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: `*Environment:*\n${escaped(environmentOf(event))}` },
            { type: 'mrkdwn', text: `*User:*\n${escaped(authorOf(event))}` },
          ],
        },
      ],
    }),
  }),
  problemOf: ({ body }) => {
    const answer = JSON.parse(body) as { ok?: boolean; error?: string };
    return answer.ok === true ? null : `Slack refused the message: ${answer.error ?? 'no reason given'}.`;
  },
};

/** A name must not mention anybody or lead anywhere; a field takes 2000 characters. */
function escaped(text: string): string {
  return text.slice(0, 300).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
