import type { Extent } from '../core/values.ts';

/** The extents of `[from, to)`; positions are counted from the first extent's start. */
function slice(extents: readonly Extent[], from: number, to: number): Extent[] {
  const parts: Extent[] = [];
  let start = 0;
  for (const { ref, offset, length } of extents) {
    const low = Math.max(from, start);
    const high = Math.min(to, start + length);
    if (low < high) parts.push({ ref, offset: ref === null ? 0 : offset + low - start, length: high - low });
    start += length;
  }
  return parts;
}

export const lengthOf = (extents: readonly Extent[]): number =>
  extents.reduce((sum, extent) => sum + extent.length, 0);

/** Without empty extents, and neighbours that continue each other made one. */
export function joined(extents: readonly Extent[]): Extent[] {
  const out: Extent[] = [];
  for (const extent of extents) {
    if (extent.length === 0) continue;
    const last = out.at(-1);
    const continues =
      last !== undefined &&
      last.ref === extent.ref &&
      (extent.ref === null || last.offset + last.length === extent.offset);
    if (continues) out[out.length - 1] = { ...last, length: last.length + extent.length };
    else out.push(extent.ref === null ? { ...extent, offset: 0 } : extent);
  }
  return out;
}

/**
 * Lays `piece` over the content at `offset`: what it covers is shadowed, what lies between the old end and
 * `offset` becomes a hole. An empty piece changes nothing, as an empty pwrite(2). `size` then cuts, or extends
 * with a hole.
 */
export function spliced(
  extents: readonly Extent[],
  offset: number,
  piece: readonly Extent[],
  size?: number,
): Extent[] {
  let out = [...extents];
  const added = lengthOf(piece);
  if (added > 0) {
    const end = lengthOf(out);
    const gap = offset > end ? [{ ref: null, offset: 0, length: offset - end }] : [];
    out = [
      ...slice(out, 0, offset),
      ...gap,
      ...piece,
      ...slice(out, offset + added, Number.MAX_SAFE_INTEGER),
    ];
  }
  if (size !== undefined) {
    const end = lengthOf(out);
    out = size <= end ? slice(out, 0, size) : [...out, { ref: null, offset: 0, length: size - end }];
  }
  return joined(out);
}
