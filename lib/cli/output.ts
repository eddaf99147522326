/** Where a command speaks: results to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  /** The result: `value` as one line of JSON with `--json`, else the text. */
  result(value: unknown, text: string): void;
  /** For people only, on stderr; silent with `--json`. */
  note(text: string): void;
}

export function output(flags: { readonly json?: boolean }): Output {
  const json = flags.json === true;
  return {
    json,
    result: (value, text) => {
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : text === '' ? '' : `${text}\n`);
    },
    note: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** Columns as wide as their widest cell; the head in capitals. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head.map((cell) => cell.toUpperCase()), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

export function formatDate(time: number | null): string {
  return time === null ? '-' : new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** A line that is written over on a terminal, and now and then elsewhere; silent with `--json`. */
export function progress(out: Output, everyMs = 5000): { show(text: string): void; end(): void } {
  const terminal = process.stderr.isTTY === true;
  let last = terminal ? 0 : Date.now();
  let open = false;
  return {
    show: (text) => {
      const now = Date.now();
      if (out.json || now - last < (terminal ? 100 : everyMs)) return;
      last = now;
      open = terminal;
      process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
    },
    end: () => {
      if (open) process.stderr.write('\r\x1b[K');
      open = false;
    },
  };
}
