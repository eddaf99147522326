#!/usr/bin/env node
// Plain JavaScript for whatever Node is there: finds the Node that Hearth needs, and hands over to it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const wanted = 24;
const here = dirname(fileURLToPath(import.meta.url));
const require = module.createRequire(import.meta.url);

function pinnedNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const family of ['node', 'node-bin']) {
    try {
      const manifest = require.resolve(`${family}-${os}-${process.arch}/package.json`);
      const found = join(dirname(manifest), 'bin', program);
      if (existsSync(found)) return found;
    } catch (error) {
      // Not installed under this name: an optional dependency may be missing.
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

const running = Number(process.versions.node.split('.')[0]);
const node = running >= wanted ? process.execPath : pinnedNode();
if (node === undefined) {
  process.stderr.write(
    `hearth: Node ${wanted} is needed, this is ${process.version}, and npm has none for ${process.platform}-${process.arch}; install it from https://nodejs.org\n`,
  );
  process.exit(1);
}

// The checkout has TypeScript, the package has JavaScript.
const source = join(here, 'hearth.ts');
const program = existsSync(source) ? source : join(here, '..', 'dist', 'bin', 'hearth.js');
// It starts twice as fast and a quarter smaller from the second time on. The cache lies in the package, where nobody else
// may write; where its user may not either, there is none. Threads and workers find it by the environment.
process.env.NODE_COMPILE_CACHE ??= join(here, '..', 'node_modules', '.cache', 'hearth');
if (node === process.execPath) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import(pathToFileURL(program).href);
} else handOver();

function handOver() {
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; told twice, it would end at once.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`hearth: ${node} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}
