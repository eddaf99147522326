import { hkdfSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Accounts } from '../core/contracts.ts';
import { StoreError } from '../core/error.ts';
import { subkey } from './server-key.ts';

/** Where the ring lies: generations and times. The keys follow from these and the server's key; none is kept. */
export const ringSetting = 'hearth.signing-keys';
/** How old the ring may be that a process works with. */
const reread = 10_000;
/** A new key is published this long before it signs: by then every process has read of it. */
export const publishAhead = 60_000;
/** Keys at once; only who rotates by hand, again and again, meets it. */
const most = 16;

export interface SigningKey {
  readonly kid: string;
  /** A key of its own for each purpose. */
  for(purpose: string): KeyObject;
}

/** The keys under which an installation signs its own credentials. Every process derives the same. */
export interface SigningKeys {
  /** `iss` of all that is signed here, of this installation alone. */
  readonly issuer: string;
  /** What signs now. */
  current(now: number): Promise<SigningKey>;
  /** Undefined: no key of ours, or one whose signatures have all ended. */
  find(kid: string, now: number): Promise<SigningKey | undefined>;
  /** Another key signs from `publishAhead` on; those before verify for `verifyFor` more. */
  rotate(now: number): Promise<void>;
}

export interface SigningKeysOptions {
  readonly accounts: Pick<Accounts, 'setting' | 'putSetting'>;
  readonly key: KeyObject;
  /** Milliseconds after which another key signs. */
  readonly rotateEvery: number;
  /** Milliseconds for which an older key still verifies: the longest life of anything signed. */
  readonly verifyFor: number;
  /** Told when a due rotation could not be written down; the current key goes on. */
  readonly onError?: (error: unknown) => void;
}

/** In order; `from`: when it begins to sign, milliseconds since 1970. */
const ringSchema = z.array(z.object({ generation: z.int().min(1), from: z.number() })).min(1);
type Ring = z.infer<typeof ringSchema>;

export function signingKeys(options: SigningKeysOptions): SigningKeys {
  const { accounts, key, rotateEvery, verifyFor } = options;
  const id = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'hearth installation id v1', 12));
  let kept: { readonly ring: Ring; readonly at: number } | undefined;
  let reading: Promise<Ring> | undefined;
  const derived = new Map<string, KeyObject>();

  function signingKey(generation: number): SigningKey {
    return {
      kid: `${generation}`,
      for(purpose) {
        const name = `hearth signing key v1 ${generation} ${purpose}`;
        const made = derived.get(name) ?? subkey(key, name);
        if (derived.size >= 4 * most) derived.clear();
        derived.set(name, made);
        return made;
      },
    };
  }

  async function load(now: number): Promise<Ring> {
    if (kept !== undefined && now >= kept.at && now - kept.at < reread) return kept.ring;
    reading ??= read(now).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function read(now: number): Promise<Ring> {
    const text = await accounts.setting(ringSetting);
    let ring = text === undefined ? await write([{ generation: 1, from: now }]) : parseRing(text);
    const newest = ring.at(-1)!;
    if (now - newest.from >= rotateEvery) {
      try {
        ring = await write(extended(ring, now));
      } catch (error) {
        options.onError?.(error);
      }
    }
    kept = { ring, at: now };
    return ring;
  }

  /** Two that do this at once write the same, but for some milliseconds: a key is named by its generation. */
  async function write(ring: Ring): Promise<Ring> {
    await accounts.putSetting(ringSetting, JSON.stringify(ring));
    return ring;
  }

  function extended(ring: Ring, now: number): Ring {
    const left = ring.filter((_, at) => verifies(ring, at, now));
    if (left.length < most) {
      return [...left, { generation: ring.at(-1)!.generation + 1, from: now + publishAhead }];
    }
    const message = `There are ${most} signing keys already; the oldest must end before another is made.`;
    throw new StoreError('unavailable', { op: 'rotate', message });
  }

  /** The next one signs, and long enough that nothing signed by this one can be good. */
  function verifies(ring: Ring, at: number, now: number): boolean {
    const next = ring[at + 1];
    return next === undefined || now < next.from + verifyFor;
  }

  return {
    issuer: `urn:hearth:${id.toString('hex')}`,
    async current(now) {
      const ring = await load(now);
      return signingKey((ring.findLast(({ from }) => from <= now) ?? ring[0]!).generation);
    },
    async find(kid, now) {
      const ring = await load(now);
      const at = ring.findIndex(({ generation }) => `${generation}` === kid);
      const found = ring[at];
      return found !== undefined && verifies(ring, at, now) ? signingKey(found.generation) : undefined;
    },
    async rotate(now) {
      const text = await accounts.setting(ringSetting);
      const ring = text === undefined ? await load(now) : parseRing(text);
      kept = { ring: await write(extended(ring, now)), at: now };
    },
  };
}

function parseRing(text: string): Ring {
  try {
    return ringSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `The setting ${ringSetting} is damaged; remove it, and credentials of mounts are made anew.`;
    throw new StoreError('internal', { op: 'signing keys', message, cause });
  }
}
