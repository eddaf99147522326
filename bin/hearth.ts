#!/usr/bin/env node
import { run } from '../lib/cli/program.ts';

// What Hearth writes is for the user who runs it alone.
process.umask(0o077);
process.exitCode = await run(process.argv);
