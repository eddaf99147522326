import { mongoSuites } from './mongo-suites.ts';

mongoSuites('MongoDB, one node without transactions', { kind: 'single', transactions: false });
