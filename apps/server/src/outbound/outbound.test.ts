import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type AddressRange, isAllowedAddress, parseRange } from './addresses.ts';
import { createOutbound, type Outbound, OutboundError, type OutboundOptions } from './client.ts';

const open: { close: () => unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const loopback = [parseRange('127.0.0.0/8') as AddressRange];

function client(options: Partial<OutboundOptions> = {}): Outbound {
  const outbound = createOutbound({ allowedRanges: [], ...options });
  open.push(outbound);
  return outbound;
}

/** A server on this machine, and what it was asked. */
async function receiver(answer: RequestListener): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

const ok: RequestListener = (_request, response) => void response.end('fine');
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error) => (error instanceof OutboundError ? error.reason : String(error)),
  );

describe('an address', () => {
  test.each([
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'this network'],
    ['10.1.2.3', 'private'],
    ['100.64.0.1', 'carrier-grade'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.8', 'protocol assignments'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', '6to4 relay'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'IPv4 in ::/96'],
    ['::ffff:127.0.0.1', 'mapped IPv4'],
    ['::ffff:7f00:1', 'mapped IPv4 in hex'],
    ['::ffff:a00:1', 'mapped private IPv4'],
    ['::ffff:0:7f00:1', 'translated IPv4'],
    ['64:ff9b::7f00:1', 'NAT64'],
    ['64:ff9b:1::1', 'local NAT64'],
    ['100::1', 'discard'],
    ['2001::1', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', '6to4'],
    ['fc00::1', 'unique local'],
    ['fd12:3456::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['nonsense', 'no address'],
  ])('%s is refused: %s', (address) => {
    expect(isAllowedAddress(address, [])).toBe(false);
  });

  test.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
    '%s is allowed',
    (address) => {
      expect(isAllowedAddress(address, [])).toBe(true);
    },
  );

  test('of an allowed range is allowed, also as IPv6, and its neighbours are not', () => {
    const allowed = [parseRange('10.0.0.0/8') as AddressRange, parseRange('fd00:1::/32') as AddressRange];

    expect(isAllowedAddress('10.200.0.1', allowed)).toBe(true);
    expect(isAllowedAddress('::ffff:10.200.0.1', allowed)).toBe(true);
    expect(isAllowedAddress('fd00:1::5', allowed)).toBe(true);
    expect(isAllowedAddress('11.0.0.1', [])).toBe(true);
    expect(isAllowedAddress('192.168.0.1', allowed)).toBe(false);
    expect(isAllowedAddress('fd00:2::5', allowed)).toBe(false);
  });
});

describe('a request', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:ffff:7f00:1]',
    'localhost',
  ])('to %s never arrives', async (host) => {
    const { port, asked } = await receiver(ok);

    const reason = await reasonOf(client().send({ method: 'POST', url: `http://${host}:${port}/`, body: 'x' }));

    expect(reason).toBe('refused');
    expect(asked).toEqual([]);
  });

  test('arrives where the range is allowed', async () => {
    const { port, asked } = await receiver(ok);

    const answer = await client({ allowedRanges: loopback }).send({
      method: 'POST',
      url: `http://127.0.0.1:${port}/a?b`,
    });

    expect(answer).toMatchObject({ status: 200, body: 'fine' });
    expect(asked).toEqual(['POST /a?b']);
  });

  test('of a name goes to an address that was checked, whatever the name means next', async () => {
    const { port, asked } = await receiver(ok);
    const answers = ['127.0.0.2', '127.0.0.1'];
    const asks: string[] = [];
    const lookup = async (name: string) => {
      asks.push(name);
      return [{ address: answers.shift() ?? '127.0.0.1', family: 4 }];
    };
    const outbound = client({ lookup, allowedRanges: [parseRange('127.0.0.2/32') as AddressRange], timeoutMs: 500 });

    const reason = await reasonOf(outbound.send({ method: 'GET', url: `http://rebound.example:${port}/` }));

    expect(reason).toBe('unreachable');
    expect(asks).toEqual(['rebound.example']);
    expect(asked).toEqual([]);
  });

  test('of a name that was public when it was saved and is loopback now never arrives', async () => {
    const { port, asked } = await receiver(ok);
    const answers = ['93.184.216.34', '127.0.0.1'];
    const outbound = client({ lookup: async () => [{ address: answers.shift() as string, family: 4 }] });
    const url = `http://rebound.example:${port}/`;

    const saved = await outbound.mayReach(url);
    const reason = await reasonOf(outbound.send({ method: 'GET', url }));

    expect([saved, reason]).toEqual([true, 'refused']);
    expect(asked).toEqual([]);
  });

  test('of a name with one internal address among others never leaves', async () => {
    const { port, asked } = await receiver(ok);
    const lookup = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];

    const reason = await reasonOf(client({ lookup }).send({ method: 'GET', url: `http://both.example:${port}/` }));

    expect(reason).toBe('refused');
    expect(asked).toEqual([]);
  });

  test('that is redirected ends there', async () => {
    const inside = await receiver(ok);
    const outside = await receiver((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/secret` }).end();
    });

    const answer = await client({ allowedRanges: loopback }).send({
      method: 'GET',
      url: `http://127.0.0.1:${outside.port}/`,
    });

    expect(answer.status).toBe(302);
    expect(inside.asked).toEqual([]);
  });

  test.each(['file:///etc/passwd', 'ftp://example.com/', 'no url', 'data:text/plain,x'])(
    'to %s is refused',
    async (url) => {
      expect(await reasonOf(client().send({ method: 'GET', url }))).toBe('refused');
    },
  );

  test('takes a name and password from the URL as basic authentication', async () => {
    let authorization: string | undefined;
    const { port, asked } = await receiver((request, response) => {
      authorization = request.headers.authorization;
      response.end();
    });

    await client({ allowedRanges: loopback }).send({ method: 'GET', url: `http://me:p%40ss@127.0.0.1:${port}/` });

    expect(authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(asked).toEqual(['GET /']);
  });
});

describe('an answer', () => {
  const impatient = { allowedRanges: loopback, timeoutMs: 200 };

  test('that does not begin is given up', async () => {
    const { port } = await receiver(() => undefined);

    const reason = await reasonOf(client(impatient).send({ method: 'GET', url: `http://127.0.0.1:${port}/` }));

    expect(reason).toBe('timed out');
  });

  test('that drips is given up as a whole', async () => {
    const { port } = await receiver((_request, response) => {
      const drops = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drops));
    });

    const reason = await reasonOf(client(impatient).send({ method: 'GET', url: `http://127.0.0.1:${port}/` }));

    expect(reason).toBe('timed out');
  });

  test('that never ends is cut at its limit', async () => {
    const { port } = await receiver((_request, response) => {
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', pour);
      pour();
    });

    const answer = await client({ allowedRanges: loopback }).send({ method: 'GET', url: `http://127.0.0.1:${port}/` });

    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(65_536);
  });

  test('nobody gives is told without saying where the name led', async () => {
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
    const outbound = client({ lookup, allowedRanges: loopback });

    await expect(outbound.send({ method: 'GET', url: 'http://closed.example:9/' })).rejects.toThrow(
      'The connection was refused.',
    );
  });
});
