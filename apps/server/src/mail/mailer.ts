import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';

/** A message in plain text to one address. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Sends e-mail. One for each running platform. */
export interface Mailer {
  /** Whether what is sent arrives: false where no provider is configured. */
  readonly delivers: boolean;
  /** @throws where the provider does not take the message now */
  send(mail: Mail): Promise<void>;
}

/** Through the SMTP server of a URL such as `smtp://user:password@host:587`; `smtps:` for TLS from the first byte. */
export function createSmtpMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    delivers: true,
    async send({ to, subject, text }) {
      // As an object: nobody can make one address look like two.
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
    },
  };
}

/** Says that a message was not sent, and to whom; what it says stays unsaid, since links in it open accounts. */
export function createLogMailer({ log }: { log: Logger }): Mailer {
  return {
    delivers: false,
    async send({ to, subject }) {
      log.info({ to, subject }, 'no SMTP_URL is set: this e-mail was not sent');
    },
  };
}

const timeoutMs = 10_000;
