import { PassThrough, Readable, Writable } from 'node:stream';
import { v2 as webdav } from 'webdav-server';
import type { Workspace } from '../../lib/core/contracts.ts';
import { isStoreError } from '../../lib/core/error.ts';
import { toPath } from '../../lib/core/path.ts';
import type { Entry } from '../../lib/core/values.ts';

type Answer<T> = webdav.ReturnCallback<T>;

/** `StoreError`s in the words of webdav-server. */
function told(error: unknown): Error {
  if (isStoreError(error, 'not-found', 'not-folder')) return webdav.Errors.ResourceNotFound;
  if (isStoreError(error, 'exists', 'conflict')) return webdav.Errors.ResourceAlreadyExists;
  return error instanceof Error ? error : new Error(String(error));
}

/** Hearth's workspace as webdav-server's file system: the least that it asks for. */
export class WorkspaceFileSystem extends webdav.FileSystem {
  readonly #workspace: Workspace;
  readonly #base: readonly string[];
  readonly #properties = new Map<string, webdav.LocalPropertyManager>();
  readonly #locks = new Map<string, webdav.LocalLockManager>();

  constructor(workspace: Workspace, base: readonly string[]) {
    const serializer: webdav.FileSystemSerializer = {
      uid: () => 'workspace',
      serialize: (_fileSystem, callback) => callback(new Error('not serialised')),
      unserialize: (_data, callback) => callback(new Error('not serialised')),
    };
    super(serializer);
    this.#workspace = workspace;
    this.#base = base;
    this.doNotSerialize();
  }

  #at(path: webdav.Path) {
    return { path: toPath([...this.#base, ...path.paths]) };
  }

  #entry<T>(path: webdav.Path, answer: Answer<T>, value: (entry: Entry) => T): void {
    this.#answer(this.#workspace.stat(this.#at(path)).then(value), answer);
  }

  #answer<T>(work: Promise<T>, answer: Answer<T>): void {
    work.then(
      (value) => answer(undefined, value),
      (error: unknown) => answer(told(error)),
    );
  }

  protected override _fastExistCheck(
    _context: webdav.RequestContext,
    path: webdav.Path,
    answer: (yes: boolean) => void,
  ) {
    this.#workspace.stat(this.#at(path)).then(
      () => answer(true),
      () => answer(false),
    );
  }

  protected override _create(path: webdav.Path, { type }: webdav.CreateInfo, answer: webdav.SimpleCallback) {
    const expect = { expect: 'absent' } as const;
    const made = type.isDirectory
      ? this.#workspace.mkdir(this.#at(path), expect)
      : this.#workspace.write(this.#at(path), new Uint8Array(), expect);
    this.#answer(
      made.then(() => undefined),
      answer,
    );
  }

  protected override _delete(path: webdav.Path, _info: webdav.DeleteInfo, answer: webdav.SimpleCallback) {
    this.#answer(this.#workspace.remove(this.#at(path)), answer);
  }

  protected override _openWriteStream(
    path: webdav.Path,
    _info: webdav.OpenWriteStreamInfo,
    answer: Answer<Writable>,
  ) {
    const body = new PassThrough();
    const written = this.#workspace.write(this.#at(path), body);
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (body.write(chunk)) done();
        else body.once('drain', done);
      },
      // Finished when the workspace has it.
      final: (done) => {
        body.end();
        this.#answer(
          written.then(() => undefined),
          done,
        );
      },
    });
    written.catch((error: unknown) => stream.destroy(told(error)));
    answer(undefined, stream);
  }

  protected override _openReadStream(
    path: webdav.Path,
    _info: webdav.OpenReadStreamInfo,
    answer: Answer<Readable>,
  ) {
    const opened = this.#workspace.read(this.#at(path));
    this.#answer(
      opened.then(({ body }) =>
        Readable.from(body instanceof Uint8Array ? [body] : body, { objectMode: false }),
      ),
      answer,
    );
  }

  protected override _move(
    from: webdav.Path,
    to: webdav.Path,
    info: webdav.MoveInfo,
    answer: Answer<boolean>,
  ) {
    const guard = info.overwrite ? {} : ({ expect: 'absent' } as const);
    this.#answer(
      this.#workspace.move(this.#at(from), this.#at(to), guard).then(({ created }) => !created),
      answer,
    );
  }

  protected override _copy(
    from: webdav.Path,
    to: webdav.Path,
    info: webdav.CopyInfo,
    answer: Answer<boolean>,
  ) {
    const guard = info.overwrite ? {} : ({ expect: 'absent' } as const);
    this.#answer(
      this.#workspace.copy(this.#at(from), this.#at(to), guard).then(({ created }) => !created),
      answer,
    );
  }

  protected override _readDir(path: webdav.Path, _info: webdav.ReadDirInfo, answer: Answer<string[]>) {
    const names = async () => {
      const all: string[] = [];
      for await (const page of this.#workspace.list(this.#at(path)))
        for (const { name } of page) all.push(name);
      return all;
    };
    this.#answer(names(), answer);
  }

  protected override _size(path: webdav.Path, _info: webdav.SizeInfo, answer: Answer<number>) {
    this.#entry(path, answer, ({ size }) => size);
  }

  protected override _etag(path: webdav.Path, _info: webdav.ETagInfo, answer: Answer<string>) {
    this.#entry(path, answer, ({ version }) => `"${version}"`);
  }

  protected override _creationDate(
    path: webdav.Path,
    _info: webdav.CreationDateInfo,
    answer: Answer<number>,
  ) {
    this.#entry(path, answer, ({ created }) => created);
  }

  protected override _lastModifiedDate(
    path: webdav.Path,
    _info: webdav.LastModifiedDateInfo,
    answer: Answer<number>,
  ) {
    this.#entry(path, answer, ({ modified }) => modified);
  }

  protected override _type(path: webdav.Path, _info: webdav.TypeInfo, answer: Answer<webdav.ResourceType>) {
    const { Directory, File } = webdav.ResourceType;
    this.#entry(path, answer, ({ kind }) => (kind === 'folder' ? Directory : File));
  }

  protected override _propertyManager(
    path: webdav.Path,
    _info: webdav.PropertyManagerInfo,
    answer: Answer<webdav.IPropertyManager>,
  ) {
    answer(
      undefined,
      kept(this.#properties, path, () => new webdav.LocalPropertyManager()),
    );
  }

  protected override _lockManager(
    path: webdav.Path,
    _info: webdav.LockManagerInfo,
    answer: Answer<webdav.ILockManager>,
  ) {
    answer(
      undefined,
      kept(this.#locks, path, () => new webdav.LocalLockManager()),
    );
  }
}

function kept<T>(all: Map<string, T>, path: webdav.Path, make: () => T): T {
  const key = path.toString();
  const made = all.get(key) ?? make();
  all.set(key, made);
  return made;
}
