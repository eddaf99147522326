import type { StoreFlags } from './house.ts';

export interface ServeFlags extends StoreFlags {
  readonly host?: string;
  readonly port?: string;
  readonly durability?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly workers?: string;
}
