// Where the boundaries an operator loaded are kept: this browser's IndexedDB,
// one file for all areas. Every failure (private mode, a full disk, storage
// forbidden) counts as "nothing kept": the map falls back to tiles.
import type { BoundaryFile } from './boundaries';

const DATABASE = 'thon';
const STORE = 'boundaries';
const KEY = 'file';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('blocked'));
  });
}

async function withStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

// The kept file, or undefined.
export async function loadBoundaries(): Promise<BoundaryFile | undefined> {
  try {
    const kept: unknown = await withStore('readonly', (store) => store.get(KEY) as IDBRequest<unknown>);
    const file = kept as BoundaryFile | undefined;
    return file && Array.isArray(file.features) ? file : undefined;
  } catch {
    return undefined;
  }
}

// Keeps a file in place of the one before; says whether it is kept.
export async function keepBoundaries(file: BoundaryFile): Promise<boolean> {
  try {
    await withStore('readwrite', (store) => store.put(file, KEY));
    return true;
  } catch {
    return false;
  }
}

export async function removeBoundaries(): Promise<void> {
  try {
    await withStore('readwrite', (store) => store.delete(KEY));
  } catch {
    // Nothing was kept.
  }
}
