import { againOnMongo } from '../support/on-mongo.ts';

await againOnMongo(new URL('.', import.meta.url), /^(litmus|curl)\./);
await againOnMongo(new URL('..', import.meta.url), /^semantics\./);
