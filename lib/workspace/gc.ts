import type { BlobStore, Catalog } from '../core/contracts.ts';

export interface GcOptions {
  readonly catalog: Catalog;
  readonly blobs: BlobStore;
  readonly now: number;
  /** Milliseconds: bytes committed more recently are spared, since their change may still be under way. */
  readonly youngerThan: number;
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: GcReport) => void;
}

export interface GcReport {
  readonly seen: number;
  readonly removed: number;
  readonly bytes: number;
}

/**
 * The only deleter of bytes. What a page lists as unreferenced and old cannot become referenced without a new
 * commit, which makes it young: then the store itself refuses to remove it.
 */
export async function collectGarbage(options: GcOptions): Promise<GcReport> {
  const { catalog, blobs, now, youngerThan } = options;
  const before = now - youngerThan;
  let report: GcReport = { seen: 0, removed: 0, bytes: 0 };
  for await (const page of blobs.list()) {
    const old = page.filter((blob) => blob.created < before);
    const used = await catalog.upkeep.referenced(old.map((blob) => blob.ref));
    for (const blob of old) {
      if (used.has(blob.ref)) continue;
      const gone = options.dryRun === true || (await blobs.remove(blob.ref, { youngerThan: before }));
      if (gone) report = { ...report, removed: report.removed + 1, bytes: report.bytes + blob.size };
    }
    report = { ...report, seen: report.seen + page.length };
    options.onProgress?.(report);
  }
  return report;
}
