export interface Running {
  /** Of the folder that is measured in, without a slash at its end. */
  readonly url: string;
  readonly login: string;
  readonly password: string;
  /** Undefined where the peer has no authentication. */
  readonly authorization: string | undefined;
  /** The first process; the others are its children. */
  readonly pid: number;
  /** The folder on disk, where the peer keeps plain files. */
  readonly root?: string;
  /** Where `/metrics` is, and `hearth` commands work. */
  readonly hearth?: { readonly origin: string; readonly data: string };
  /** The address of the MongoDB below, for the driver alone. */
  readonly mongo?: string;
  stop(): Promise<void>;
}

export interface Peer {
  /** What `--peers` takes. */
  readonly key: string;
  readonly name: string;
  /** What its acknowledgement of a PUT promises. */
  readonly durability: string;
  /** Serves `dir` (empty, its own). What lies in `seed` is there from the start. */
  start(dir: string, seed?: string): Promise<Running>;
}

export const login = 'ada1';
export const password = 'bench-password';

export function basic(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
}
