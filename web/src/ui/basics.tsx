// SPDX-License-Identifier: Apache-2.0
// The smallest pieces that every page is made of.
import type { ComponentChildren } from 'preact';
import { kMissing, type Shown } from '../lib/format.ts';
import { t } from '../lib/i18n.ts';
import { Icon, type IconName } from './icons.tsx';

/** A number and its unit; missing is grey. */
export function Value({ shown, class: extra = '' }: { shown: Shown; class?: string }) {
  const none = shown.text === kMissing;
  return (
    <span class={`value ${none ? 'none' : ''} ${extra}`}>
      <span class="num">{shown.text}</span>
      {shown.unit && !none && <span class="unit"> {shown.unit}</span>}
      {none && <span class="sr">{t('missing')}</span>}
    </span>
  );
}

interface CardProps {
  title?: ComponentChildren;
  aside?: ComponentChildren;
  class?: string;
  id?: string;
  children?: ComponentChildren;
}

export function Card({ title, aside, class: extra = '', id, children }: CardProps) {
  return (
    <section class={`card ${extra}`} id={id}>
      {(title || aside) && (
        <header class="card-head">
          {title && <h2>{title}</h2>}
          {aside && <div class="card-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export function PageHead({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) {
  return (
    <header class="page-head">
      <h1>{title}</h1>
      {children && <div class="page-tools">{children}</div>}
    </header>
  );
}

export type Tone = 'info' | 'good' | 'warning' | 'alarm';

/** A message on the spot: what, why, what to do next. */
export function Notice({
  tone = 'info',
  title,
  children,
  action,
}: {
  tone?: Tone;
  title: ComponentChildren;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class={`notice ${tone}`} role={tone === 'alarm' ? 'alert' : 'status'}>
      <Icon name={tone === 'good' ? 'check' : 'warning'} />
      <div>
        <strong>{title}</strong>
        {children && <div class="notice-text">{children}</div>}
      </div>
      {action && <div class="notice-action">{action}</div>}
    </div>
  );
}

interface ButtonProps {
  children: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  icon?: IconName;
  kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  type?: 'button' | 'submit';
  disabled?: boolean;
  pressed?: boolean;
  label?: string;
}

export function Button({ children, onClick, icon, kind = 'plain', type = 'button', disabled, pressed, label }: ButtonProps) {
  return (
    <button
      class={`button ${kind}`}
      type={type}
      onClick={onClick}
      disabled={disabled}
      aria-pressed={pressed}
      aria-label={label}
      title={label}
    >
      {icon && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </button>
  );
}

export function IconButton({
  icon,
  label,
  onClick,
  disabled,
  pressed,
}: {
  icon: IconName;
  label: string;
  onClick?: () => void;
  disabled?: boolean;
  pressed?: boolean;
}) {
  return (
    <button
      class="button icon-only"
      type="button"
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      aria-pressed={pressed}
      title={label}
    >
      <Icon name={icon} size={20} />
    </button>
  );
}

/** One of a few: as buttons side by side. */
export function Segments<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}

export const Skeleton = ({ height, class: extra = '' }: { height: number; class?: string }) => (
  <div class={`skeleton ${extra}`} style={{ height: `${height}px` }} aria-hidden="true" />
);

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}
