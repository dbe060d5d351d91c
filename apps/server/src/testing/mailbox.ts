import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** An e-mail as it arrived. */
export interface Arrived {
  to: string;
  from: string;
  subject: string;
  text: string;
  /** The first link in it. */
  link: string;
}

/** A real SMTP server that keeps what it is sent. */
export interface Mailbox {
  url: string;
  /** In the order of their arrival. */
  mails: Arrived[];
  /** Refuses what comes from now on, as a provider does that is overloaded; or takes it again. */
  refuse: (refuses: boolean) => void;
  close: () => Promise<void>;
}

/** Opens a mailbox on a free port. */
export async function openMailbox(): Promise<Mailbox> {
  const mails: Arrived[] = [];
  let refuses = false;
  async function keep(stream: Parameters<typeof simpleParser>[0]): Promise<void> {
    const mail = await simpleParser(stream);
    if (refuses) throw Object.assign(new Error('Try again later'), { responseCode: 451 });
    const text = mail.text ?? '';
    const [to] = [mail.to ?? []].flat();
    mails.push({
      to: to?.text ?? '',
      from: mail.from?.text ?? '',
      subject: mail.subject ?? '',
      text,
      link: /https?:\S+/.exec(text)?.[0] ?? '',
    });
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, answer) {
      void keep(stream).then(() => answer(), answer);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: (value) => void (refuses = value),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
