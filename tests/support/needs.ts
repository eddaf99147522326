import { spawnSync } from 'node:child_process';

/** Programs that are no Debian package of the same name. */
const packages: Readonly<Record<string, string>> = { 'mount.davfs': 'davfs2' };

/**
 * `skip` option of a test that drives a program: false where it is there. In CI nothing may be missing, so the test
 * runs, and fails with the reason.
 */
export function needs(...programs: readonly string[]): false | string {
  const missing = programs.filter((program) => {
    const found = spawnSync('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin command -v -- "$1"', 'sh', program]);
    return found.status !== 0;
  });
  if (missing.length === 0 || process.env.HEARTH_CI === '1') return false;
  const names = missing.map((program) => packages[program] ?? program);
  return `needs ${names.join(' and ')}; as root: apt-get install -y ${names.join(' ')}`;
}

/** `skip` option of a test that mounts something. */
export function needsRoot(): false | string {
  return process.getuid?.() === 0 || process.env.HEARTH_CI === '1' ? false : 'mounting needs root';
}
