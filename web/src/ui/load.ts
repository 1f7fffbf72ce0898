// SPDX-License-Identifier: Apache-2.0
// Loads something for a component: what came, what went wrong, and a way to ask again. The last answer stays until the next is here.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import { t } from '../lib/i18n.ts';

export interface Loaded<T> {
  data: T | null;
  error: string | null;
  loading: boolean;
  again: () => void;
}

export const errorText = (error: unknown): string => {
  if (error instanceof ApiError && error.status === 0) return t('error.offline');
  return error instanceof Error ? error.message : String(error);
};

/** Runs `load` at first and whenever `key` changes; null key: nothing to load yet. `everyMs` asks again while the page is seen. */
export function useLoad<T>(key: string | null, load: (abort: AbortSignal) => Promise<T>, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: string | null; loading: boolean }>({
    data: null,
    error: null,
    loading: key !== null,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    if (key === null) return undefined;
    const abort = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    latest
      .current(abort.signal)
      .then((data) => !abort.signal.aborted && setState({ data, error: null, loading: false }))
      .catch((error: unknown) => !abort.signal.aborted && setState((before) => ({ ...before, error: errorText(error), loading: false })));
    return () => abort.abort();
  }, [key, turn]);

  useEffect(() => {
    if (!everyMs) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && setTurn((n) => n + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  const again = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, again };
}
