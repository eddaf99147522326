import type { BlobStore } from '../core/contracts.ts';
import { isStoreError, StoreError } from '../core/error.ts';
import type { BlobRef } from '../core/values.ts';
import type { Contents } from './catalog-copies.ts';

export interface CopyReport {
  /** Contents of the catalog seen. */
  readonly files: number;
  readonly copied: number;
  /** Blobs that the target had already. */
  readonly present: number;
  /** Bytes copied. */
  readonly bytes: number;
}

/** Refs remembered as done; beyond that the target is asked again. */
const remembered = 100_000;
const lanes = 8;

/** Copies every blob that a catalog names and that does not wait in the catalog itself, verified by its ref. */
export async function copyBlobs(
  catalog: Contents,
  from: BlobStore,
  to: BlobStore,
  onProgress: (report: CopyReport) => void,
): Promise<CopyReport> {
  const done = new Set<BlobRef>();
  const report = { files: 0, copied: 0, present: 0, bytes: 0 };
  const one = async (ref: BlobRef) => {
    if ((await catalog.body(ref)) !== undefined) return;
    if (await has(to, ref)) {
      report.present += 1;
      return;
    }
    report.bytes += await copyBlob(from, to, ref);
    report.copied += 1;
  };
  for await (const page of catalog.upkeep.layouts()) {
    const refs = page.flatMap(({ layout }) => layout.extents.map((extent) => extent.ref));
    const fresh = [...new Set(refs)].filter((ref) => ref !== null).filter((ref) => !done.has(ref));
    for (let start = 0; start < fresh.length; start += lanes) {
      await Promise.all(fresh.slice(start, start + lanes).map(one));
    }
    if (done.size > remembered) done.clear();
    for (const ref of fresh) done.add(ref);
    report.files += page.length;
    onProgress(report);
  }
  return report;
}

async function copyBlob(from: BlobStore, to: BlobStore, ref: BlobRef): Promise<number> {
  const body = await from.open(ref).catch((cause: unknown) => {
    if (!isStoreError(cause, 'not-found')) throw cause;
    const message = `The bytes ${ref} of some file are not in the store; "hearth fsck" says of which.`;
    throw new StoreError('not-found', { op: 'copy', message, cause });
  });
  const stage = await to.stage();
  try {
    await stage.append(body);
    const blob = await stage.commit('durable');
    if (blob.ref === ref) return blob.size;
    await to.remove(blob.ref, { youngerThan: Number.MAX_SAFE_INTEGER });
    const message = `The bytes ${ref} are damaged in the store: their hash is ${blob.ref}. "hearth fsck --deep" says of which file.`;
    throw new StoreError('internal', { op: 'copy', message });
  } catch (error) {
    await stage.abort();
    throw error;
  }
}

async function has(store: BlobStore, ref: BlobRef): Promise<boolean> {
  try {
    const body = await store.open(ref, { offset: 0, length: 1 });
    if (!(body instanceof Uint8Array)) for await (const _ of body) break;
    return true;
  } catch (error) {
    if (isStoreError(error, 'not-found', 'invalid')) return false;
    throw error;
  }
}
