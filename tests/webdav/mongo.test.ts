import { againOnMongo } from '../support/on-mongo.ts';

/** Those with a workspace behind them; the others read from a double, or from nothing. */
await againOnMongo(new URL('.', import.meta.url), /^(write|replay)-/);
