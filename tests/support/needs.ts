import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Programs that are no Debian package of the same name. */
const packages: Readonly<Record<string, string>> = {
  'mount.davfs': 'davfs2',
  jupyterhub: 'jupyterhub jupyter-notebook python3-ipykernel',
};
/** Programs that are of no use without a device of the kernel. */
const devices: Readonly<Record<string, string>> = { 'mount.davfs': '/dev/fuse' };

/** How a reason begins that no installation can mend: the one kind of skip that CI lets pass. */
const cannot = 'this machine cannot';

/**
 * `skip` option of a test that drives a program: false where it is there. In CI nothing that can be installed may be
 * missing, so the test runs, and fails.
 */
export function needs(...programs: readonly string[]): false | string {
  for (const program of programs) {
    const device = devices[program];
    if (device !== undefined && !existsSync(device)) return `${cannot}: its kernel offers no ${device}`;
  }
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
  if (process.getuid?.() !== 0) return process.env.HEARTH_CI === '1' ? false : 'mounting needs root';
  return mayMount() ? false : `${cannot}: root may not mount here (no CAP_SYS_ADMIN)`;
}

/** CAP_SYS_ADMIN is bit 21; containers often take it from root. */
function mayMount(): boolean {
  if (process.platform !== 'linux') return true;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return effective === undefined || (BigInt(`0x${effective}`) & (1n << 21n)) !== 0n;
}
