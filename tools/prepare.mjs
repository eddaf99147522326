// Runs on any Node from 18 on, before anything is installed: plain JavaScript, nothing imported but Node itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = 24;

const say = (line) => process.stderr.write(`hearth: ${line}\n`);

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (done.error !== undefined) throw new Error(`${command} could not be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${done.status}`);
}

const hashOf = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
};

/** Installs the dependencies when there are none, or when they are not those of package-lock.json. */
export function ensureDependencies() {
  const lock = hashOf('package-lock.json');
  const stamp = join(root, 'node_modules', '.hearth-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say(existsSync(stamp) ? 'the dependencies changed: npm ci' : 'installing the dependencies: npm ci');
  // Inside `npm test` the environment is npm's own; on Windows npm is a script.
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: process.platform === 'win32' });
  writeFileSync(stamp, lock);
}

/** tap builds itself from its plugins; ours is without the one for TypeScript. */
export function ensureTap() {
  const wanted = hashOf('package-lock.json', '.taprc');
  const stamp = join(root, 'node_modules', '.hearth-tap');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('building tap with the plugins of .taprc');
  run(node(), ['node_modules/.bin/tap', 'build']);
  writeFileSync(stamp, wanted);
}

/** The Node that the lock file pins, or the running one where it is new enough. */
export function node() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const family of ['node', 'node-bin']) {
    const pinned = join(root, 'node_modules', `${family}-${packageOs()}-${process.arch}`, 'bin', name);
    if (existsSync(pinned)) return pinned;
  }
  if (Number(process.versions.node.split('.')[0]) >= wanted) return process.execPath;
  throw new Error(
    `Hearth needs Node ${wanted}, this is ${process.version}, and npm has no Node ${wanted} for ${process.platform}-${process.arch}; install it from https://nodejs.org`,
  );
}

const packageOs = () => (process.platform === 'win32' ? 'win' : process.platform);

const present = (program) =>
  spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', program], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  }).status === 0;

/**
 * Installs the Debian packages of programs that are missing, as root; else names them and goes on.
 * `programs`: program name to package names. `without`: what happens where one is missing.
 * `services`: they bring servers that a running systemd would start at once, so that there they are only named.
 */
function ensurePrograms(programs, { without, services = false }) {
  if (process.platform !== 'linux') return;
  const missing = Object.entries(programs).filter(([program]) => !present(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap(([, names]) => names))];
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const allowed = process.getuid?.() === 0 && present('apt-get');
  if (!allowed || (services && existsSync('/run/systemd/system'))) {
    say(`not installed, ${without}: ${packages.join(', ')} (as root: ${line})`);
    return;
  }
  say(`installing Debian packages: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-q=2'], { env });
  run('apt-get', ['install', '-y', '-q=2', '--no-install-recommends', ...packages], { env });
}

/** What the tests drive; the file `tests/support/needs.ts` names a program the same way. */
const testPrograms = {
  cadaver: 'cadaver',
  curl: 'curl',
  litmus: 'litmus',
  'mount.davfs': 'davfs2',
  openssl: 'openssl',
  rclone: 'rclone',
};

/** The same, of packages that bring services. */
const testServices = { jupyterhub: ['jupyterhub', 'jupyter-notebook', 'python3-ipykernel'] };

/** The peers of the benchmark, and what loads them. */
const benchPrograms = {
  ab: 'apache2-utils',
  apache2: 'apache2',
  lighttpd: ['lighttpd', 'lighttpd-mod-webdav'],
  nginx: ['nginx-light', 'libnginx-mod-http-dav-ext'],
  rclone: 'rclone',
  wrk: 'wrk',
};

export const ensureTestPrograms = () => {
  const without = 'tests that need them are skipped';
  ensurePrograms(testPrograms, { without });
  ensurePrograms(testServices, { without, services: true });
};

export const ensureBenchPrograms = () =>
  ensurePrograms(benchPrograms, { without: 'such peers are left out', services: true });

/** Shows a failure as a line, and ends. */
export function main(work) {
  try {
    work();
  } catch (error) {
    say(error.message);
    process.exit(1);
  }
}
