import { useSyncExternalStore } from 'react';

/** The API key of this browser: in this tab alone, or remembered, as its owner chose. Never in an address. */
const NAME = 'vectadb.key';

interface KeyState {
  key: string | null;
  /** What the server said of the key, or of there being none; null: it takes requests. */
  refused: string | null;
}

const listeners = new Set<() => void>();
let state: KeyState = { key: read(), refused: null };

function read(): string | null {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
}

function set(next: KeyState): void {
  state = next;
  for (const listener of listeners) listener();
}

export const currentKey = (): string | null => state.key;

export function keepKey(key: string, remember: boolean): void {
  forget();
  (remember ? localStorage : sessionStorage).setItem(NAME, key);
  set({ key, refused: null });
}

export function forgetKey(): void {
  forget();
  set({ key: null, refused: 'The key was removed from this browser.' });
}

function forget(): void {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}

/** The server refused `key`; one that was entered meanwhile is not touched. */
export function keyRefused(key: string | null, reason: string): void {
  if (key === state.key && state.refused === null) set({ ...state, refused: reason });
}

export const useKey = (): KeyState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
