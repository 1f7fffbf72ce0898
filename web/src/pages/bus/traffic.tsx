// SPDX-License-Identifier: Apache-2.0
// What goes over a line right now: each piece with its time, its direction and in words what it is.
import { useEffect, useState } from 'preact/hooks';
import { api, session } from '../../api/client.ts';
import { timeOfDay } from '../../lib/format.ts';
import { frameWords, hexText, parseCapture, type Frame } from '../../lib/frames.ts';
import { t } from '../../lib/i18n.ts';
import { Button, Notice } from '../../ui/basics.tsx';
import { LoginForm } from '../../ui/login.tsx';
import { errorText } from '../../ui/load.ts';

const kKept = 200;
const kEveryMs = 1500;
const kSlackUs = 2000; // the start of a capture is told to the millisecond

/** The frames that are newer than those that are shown. */
export function newFrames(known: readonly Frame[], read: readonly Frame[]): Frame[] {
  const last = known.at(-1)?.at ?? -Infinity;
  return read.filter((frame) => frame.at > last + kSlackUs);
}

export function Traffic({ bus }: { bus: string }) {
  const [frames, setFrames] = useState<readonly Frame[]>([]);
  const [paused, setPaused] = useState(false);
  const [error, setError] = useState('');
  const allowed = session.value?.role === 'admin';
  useEffect(() => {
    if (paused || !allowed) return undefined;
    const abort = new AbortController();
    const read = async () => {
      try {
        const text = await api<string>(`/buses/${encodeURIComponent(bus)}/capture?seconds=4`, { as: 'text', signal: abort.signal });
        const fresh = parseCapture(text);
        setFrames((known) => [...known, ...newFrames(known, fresh)].slice(-kKept));
        setError('');
      } catch (failure) {
        if (!abort.signal.aborted) setError(errorText(failure));
      }
    };
    void read();
    const timer = setInterval(() => void read(), kEveryMs);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [bus, paused, allowed]);

  if (!allowed) {
    return (
      <Notice title={t('traffic.login')}>
        <LoginForm />
      </Notice>
    );
  }
  return (
    <div class="traffic">
      <div class="traffic-head">
        <span class="small quiet">{t('traffic.note')}</span>
        <Button onClick={() => setPaused(!paused)}>{t(paused ? 'traffic.go' : 'traffic.pause')}</Button>
      </div>
      {error && <Notice tone="warning" title={error} />}
      <ol class="traffic-list" tabIndex={0} aria-label={t('bus.watch')}>
        {[...frames].reverse().map((frame) => (
          <li key={frame.at} class={frame.toBms ? 'to' : 'from'}>
            <span class="num quiet">{frame.at > 1e12 ? timeOfDay(frame.at / 1000, true) : (frame.at / 1e6).toFixed(3)}</span>
            <span aria-label={t(frame.toBms ? 'traffic.to' : 'traffic.from')} role="img">
              {frame.toBms ? '→' : '←'}
            </span>
            <span>
              {frameWords(frame)}
              <code>{hexText(frame.bytes)}</code>
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
