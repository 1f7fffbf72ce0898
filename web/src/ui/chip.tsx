// SPDX-License-Identifier: Apache-2.0
// An entry of a legend: click shows or hides its line, double click or a long press shows it alone; with its value at the crosshair.
import { useRef } from 'preact/hooks';

interface Props {
  name: string;
  /** What the name is of, for those who listen. */
  label: string;
  tone: string;
  value: string;
  pressed: boolean;
  onToggle: () => void;
  /** `toggled`: a click of the same double click has toggled it already. */
  onIsolate: (toggled: boolean) => void;
}

const kLongPressMs = 500;

export function Chip({ name, label, tone, value, pressed, onToggle, onIsolate }: Props) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const held = useRef(false);
  const begin = () => {
    held.current = false;
    timer.current = setTimeout(() => {
      held.current = true;
      onIsolate(false);
    }, kLongPressMs);
  };
  const end = () => clearTimeout(timer.current);
  const click = (event: MouseEvent) => {
    if (held.current) held.current = false;
    else if (event.detail === 2) onIsolate(true);
    else onToggle();
  };
  return (
    <button
      class="chip"
      type="button"
      aria-pressed={pressed}

      style={{ '--tone': tone }}
      onPointerDown={begin}
      onPointerUp={end}
      onPointerLeave={end}
      onClick={click}
    >
      <i />
      <span>
        <span class="sr">{label} </span>
        {name}
      </span>
      <span class="num">{value}</span>
    </button>
  );
}
