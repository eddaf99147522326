import { mongoSuites } from './mongo-suites.ts';

mongoSuites('MongoDB, a set of three with transactions', { kind: 'set', transactions: true });
