import { BlockList, isIP, isIPv6 } from 'node:net';
import { StoreError } from '../core/error.ts';

/** Whether an address is that of a proxy whose `Forwarded` and `X-Forwarded-*` headers are believed. */
export function proxyTrust(proxies: readonly string[]): (address: string | undefined) => boolean {
  if (proxies.length === 0) return () => false;
  const list = new BlockList();
  for (const proxy of proxies) add(list, proxy);
  return (address) => {
    if (address === undefined) return false;
    // A socket of both families shows IPv4 addresses in this way.
    const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
    return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

/** An address, or a network as `10.0.0.0/8`. */
function add(list: BlockList, proxy: string): void {
  const [address = '', bits] = proxy.split('/', 2);
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const most = family === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? most : Number(bits);
  if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most || bits === '') {
    const message = `${JSON.stringify(proxy)} is neither an address nor a network (10.0.0.0/8).`;
    throw new StoreError('invalid', { op: 'trustedProxies', message });
  }
  list.addSubnet(address, prefix, family);
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Hosts that a trusted proxy says the client asked for, the nearest to the client first. */
export function forwardedHosts(headers: Headers): readonly string[] {
  const hosts: string[] = [];
  const { forwarded, 'x-forwarded-host': x } = headers;
  if (typeof forwarded === 'string') {
    for (const match of forwarded.matchAll(/(?:^|[;,])\s*host\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/gi)) {
      hosts.push(match[1] ?? match[2] ?? '');
    }
  }
  if (typeof x === 'string') hosts.push(...x.split(',').map((host) => host.trim()));
  return hosts.filter((host) => host !== '');
}
