/**
 * Bulk: artifacts, manifests and reports named by what they contain, and files (Parquet) named by where they belong.
 */
export interface StoredFile {
  /** SHA-256 of the content, lower-case hex. */
  readonly digest: string;
  readonly bytes: number;
}

export interface ObjectStore {
  /**
   * Stores content under its SHA-256. Idempotent; durable when it returns; an object never changes.
   * @returns the digest, lower-case hex.
   * @throws OBJECT_STORE_UNAVAILABLE (retryable)
   */
  put(content: Uint8Array | string): Promise<string>;

  /**
   * Content of an object, checked against its digest on every read.
   * @throws OBJECT_MISSING, OBJECT_CORRUPT (terminal), OBJECT_STORE_UNAVAILABLE (retryable), OBJECT_NAME_INVALID for what is no digest
   */
  get(digest: string): Promise<Uint8Array>;

  /** Whether `get` would find the object. Looks at presence alone, not at the content. */
  has(digest: string): Promise<boolean>;

  /**
   * Copies a local file into the store under a name such as `partitions/flight-delay/2001-01-01.parquet`. A reader sees the old content or
   * the new, never a part. The same content again is a no-op; other content replaces it, so a caller that wants immutability puts a
   * digest into the name. Durable when it returns.
   * @throws OBJECT_NAME_INVALID for an absolute name or one that leaves the store, OBJECT_STORE_UNAVAILABLE (retryable)
   */
  writeFile(name: string, fromLocalPath: string): Promise<StoredFile>;

  /**
   * Path on this machine from which the named file can be read now (a remote store fetches it first). Read it, never write to it.
   * @throws OBJECT_MISSING, OBJECT_NAME_INVALID (terminal), OBJECT_STORE_UNAVAILABLE (retryable)
   */
  localPath(name: string): Promise<string>;
}
