// SPDX-License-Identifier: Apache-2.0
// One function for all requests: JSON, problem+json errors, the session's token on everything that changes state.
import { signal } from '@preact/signals';
import type { Session } from './types.ts';

export const session = signal<Session | null>(null);

/** Set while a route answered that somebody has to log in; the shell shows the form. */
export const loginWanted = signal(false);

export interface FormError {
  key: string;
  message: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly errors: readonly FormError[];
  constructor(status: number, message: string, errors: readonly FormError[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  as?: 'json' | 'text';
}

export const apiUrl = (route: string) => `/api/v1${route}`;

export async function api<T>(route: string, { method = 'GET', body, signal: abort, as = 'json' }: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: as === 'json' ? 'application/json' : '*/*' };
  if (method !== 'GET' && session.value?.csrf) headers['X-CSRF-Token'] = session.value.csrf;
  const raw = body instanceof Blob || typeof body === 'string';
  if (body !== undefined && !raw) headers['Content-Type'] = 'application/json';
  const response = await fetch(apiUrl(route), {
    method,
    headers,
    body: body === undefined ? undefined : raw ? (body as BodyInit) : JSON.stringify(body),
    signal: abort,
    credentials: 'same-origin',
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'offline');
  });
  if (!response.ok) throw await problem(response);
  if (response.status === 204) return undefined as T;
  return (as === 'text' ? await response.text() : await response.json()) as T;
}

async function problem(response: Response): Promise<ApiError> {
  if (response.status === 401 && !response.url.endsWith('/session')) loginWanted.value = true;
  const text = await response.text().catch(() => '');
  try {
    const json = JSON.parse(text) as { title?: string; detail?: string; errors?: FormError[] };
    return new ApiError(response.status, json.detail ?? json.title ?? response.statusText, json.errors ?? []);
  } catch {
    return new ApiError(response.status, response.statusText || `HTTP ${response.status}`);
  }
}

export async function loadSession(): Promise<void> {
  session.value = await api<Session>('/session').catch(() => ({ user: null, role: null, csrf: '' }));
}

export async function logIn(user: string, password: string): Promise<void> {
  session.value = await api<Session>('/session', { method: 'POST', body: { user, password } });
  loginWanted.value = false;
}

export async function logOut(): Promise<void> {
  await api('/session', { method: 'DELETE' });
  await loadSession();
}

export const mayAdmin = () => session.value?.role === 'admin';
export const mayOperate = () => session.value?.role === 'admin' || session.value?.role === 'operator';
