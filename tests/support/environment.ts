/**
 * How a test starts a program: by `env`, without the `NODE_OPTIONS` that tap adds to every child, which would load
 * tap's coverage into each Node and break those that load TypeScript themselves. `env` becomes the program: same pid.
 */
export function plainly(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  return process.platform === 'win32' ? [program, args] : ['env', ['-u', 'NODE_OPTIONS', program, ...args]];
}

/** The environment of such a program; `sbin` is where `mount.davfs` is. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...more };
}
