import type { KeyObject } from 'node:crypto';
import { type MountCredentials, mountCredentials } from '../auth/mount-credential.ts';
import { type MountTickets, mountTickets } from '../auth/mount-ticket.ts';
import { type SignedDownloads, signedDownloads } from '../auth/signed-download.ts';
import { type SigningKeys, signingKeys } from '../auth/signing-keys.ts';
import type { Accounts } from '../core/contracts.ts';
import type { Config } from './schema.ts';

/** Credentials that Hearth makes itself from others. */
export interface OwnCredentials {
  readonly keys: SigningKeys;
  readonly tickets: MountTickets;
  readonly mounts: MountCredentials;
  readonly downloads: SignedDownloads;
}

export interface OwnCredentialsOptions {
  readonly accounts: Accounts;
  readonly key: KeyObject;
  readonly times: Config['credentials'];
  readonly onError?: (error: unknown) => void;
}

/** The longest life of a signed download, milliseconds. */
const longestDownload = 3_600_000;

export function ownCredentials({ times, ...given }: OwnCredentialsOptions): OwnCredentials {
  const { ticketLifetime, mountLifetime, mountKeep, rotateKeys } = times;
  const keys = signingKeys({
    ...given,
    rotateEvery: rotateKeys,
    // A mount's credential can be renewed until its record ends.
    verifyFor: Math.max(mountKeep, mountLifetime, longestDownload),
  });
  return {
    keys,
    tickets: mountTickets({ ...given, lifetime: ticketLifetime }),
    mounts: mountCredentials({ ...given, keys, lifetime: mountLifetime, keep: mountKeep }),
    downloads: signedDownloads({ ...given, keys }),
  };
}
