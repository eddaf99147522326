import { againOnMongo } from '../support/on-mongo.ts';

await againOnMongo(new URL('.', import.meta.url), /^(local|random|upkeep)\./);
