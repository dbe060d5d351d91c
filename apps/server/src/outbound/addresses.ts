import ipaddr from 'ipaddr.js';

/** An address range, `10.0.0.0/8`. */
export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Null where the text is no range. */
export function parseRange(text: string): AddressRange | null {
  return ipaddr.isValidCIDR(text) ? (ipaddr.parseCIDR(text) as AddressRange) : null;
}

/**
 * Whether we may connect to an address: one of the public internet, or of an allowed range. Everything with a meaning of
 * its own (private, loopback, link-local, carrier-grade, multicast, reserved, tunnels into IPv4) is refused, also where an
 * IPv4 address is written as an IPv6 one.
 */
export function isAllowedAddress(text: string, allowed: readonly AddressRange[]): boolean {
  const plain = text.replace(/^\[(.*)\]$/, '$1');
  if (!ipaddr.isValid(plain)) return false;
  const address = ipaddr.process(plain);
  if (allowed.some(([range, bits]) => range.kind() === address.kind() && address.match([range, bits] as never))) {
    return true;
  }
  if (address.range() !== 'unicast') return false;
  // ::/96 held IPv4 addresses once; nothing of it is routed, and some systems still take it for them.
  return !(address instanceof ipaddr.IPv6 && address.match(oldIpv4InIpv6));
}

/** Whether a host of a URL is an address and not a name. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(host.replace(/^\[(.*)\]$/, '$1'));
}

const oldIpv4InIpv6 = ipaddr.parseCIDR('::/96') as [ipaddr.IPv6, number];
