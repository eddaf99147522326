import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { Running } from './peers/peer.ts';
import { fourProperties } from './work/propfind-depth0.ts';

export interface Note {
  readonly files: number;
  readonly folders: number;
  /** Bytes of each file. */
  readonly size: number;
}

const xml = { 'Content-Type': 'application/xml' };

type Ask = (method: string, path: string, headers?: Record<string, string>, body?: Buffer) => Promise<void>;

function asking(site: Running, agent: Agent): Ask {
  const authorization = site.authorization === undefined ? {} : { Authorization: site.authorization };
  return (method, path, headers = {}, body) =>
    new Promise((resolve, reject) => {
      const length = { 'Content-Length': String(body?.length ?? 0) };
      const options = { method, agent, headers: { ...authorization, ...length, ...headers } };
      const sent = request(site.url + path, options, (reply) => {
        const status = reply.statusCode ?? 0;
        reply.resume().on('error', reject);
        reply.on('end', () =>
          status > 199 && status < 300 ? resolve() : reject(new Error(`${method} ${path}: ${status}`)),
        );
      });
      sent.on('error', reject).end(body);
    });
}

/** Seconds for the requests that rclone makes of a copy in, a listing and a removal, four at once and unpaced. */
export async function bareNote(site: Running, at: string, { files, folders, size }: Note): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = asking(site, agent);
  const all = (count: number, work: (n: number) => Promise<void>) =>
    Promise.all(Array.from({ length: count }, (_, n) => work(n)));
  const body = Buffer.from(fourProperties);
  const bodies = Array.from({ length: files }, () => randomBytes(size));
  const begin = performance.now();
  try {
    await ask('MKCOL', `${at}/`);
    await all(folders, (n) => ask('MKCOL', `${at}/folder-${n}/`));
    await all(files, async (n) => {
      const path = `${at}/folder-${n % folders}/file-${n}.dat`;
      await ask('PUT', path, {}, bodies[n]);
      // What rclone asks afterwards.
      await ask('PROPFIND', path, { ...xml, Depth: '0' }, body);
    });
    await ask('PROPFIND', `${at}/`, { ...xml, Depth: '1' }, body);
    await all(folders, (n) => ask('PROPFIND', `${at}/folder-${n}/`, { ...xml, Depth: '1' }, body));
    await ask('DELETE', `${at}/`);
    return (performance.now() - begin) / 1000;
  } finally {
    agent.destroy();
  }
}
