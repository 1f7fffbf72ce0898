// SPDX-License-Identifier: Apache-2.0
// A component that is loaded when it is first shown; `Suspense` shows the fallback until then and keeps what failed out of the page.
import { createContext, type ComponentChildren, type ComponentType, type JSX } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { t } from '../lib/i18n.ts';

const Fallback = createContext<ComponentChildren>(null);

export const Suspense = ({ fallback, children }: { fallback: ComponentChildren; children: ComponentChildren }) => (
  <Fallback.Provider value={fallback}>{children}</Fallback.Provider>
);

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => JSX.Element {
  let Loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const fallback = useContext(Fallback);
    const [state, setState] = useState<'waiting' | 'ready' | 'failed'>(Loaded ? 'ready' : 'waiting');
    useEffect(() => {
      if (Loaded) return;
      load().then(
        (component) => {
          Loaded = component;
          setState('ready');
        },
        () => setState('failed'),
      );
    }, []);
    if (Loaded && state === 'ready') {
      const Shown = Loaded;
      return <Shown {...props} />;
    }
    return state === 'failed' ? (
      <p class="notice alarm" role="alert">
        {t('error.load')}
      </p>
    ) : (
      <>{fallback}</>
    );
  };
}
