// SPDX-License-Identifier: Apache-2.0
// MOS and balancer: the switch's position and what is really so; a press asks first and then shows what the BMS answered.
import { useState } from 'preact/hooks';
import { api, mayOperate } from '../../api/client.ts';
import type { CommandResult, Pack } from '../../api/types.ts';
import { COMMANDS } from '../../gen/commands.ts';
import { Field } from '../../gen/fields.ts';
import { t, tt, word } from '../../lib/i18n.ts';
import { flag } from '../../lib/values.ts';
import { Button, Card, Notice } from '../../ui/basics.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { errorText } from '../../ui/load.ts';

const kSwitches = [
  { command: 'charge_mos', wish: Field.chargeSwitch, real: Field.chargeMos, label: 'switch.charge' },
  { command: 'discharge_mos', wish: Field.dischargeSwitch, real: Field.dischargeMos, label: 'switch.discharge' },
  { command: 'balance', wish: Field.balanceSwitch, real: Field.balancing, label: 'switch.balancer' },
] as const;
type Switch = (typeof kSwitches)[number];

const onOff = (value: boolean | null) => (value === null ? '–' : value ? t('on') : t('off'));

function Line({ pack, row, ask }: { pack: Pack; row: Switch; ask: (row: Switch, value: boolean) => void }) {
  const real = flag(pack, row.real);
  const wish = flag(pack, row.wish);
  if (real === null && wish === null) return null;
  const position = wish ?? real ?? false;
  const armed = mayOperate() && (pack.commands?.includes(row.command) ?? false);
  const balancer = row.command === 'balance';
  const held = !balancer && wish !== null && real !== null && wish !== real;
  const effect = balancer
    ? real
      ? t('switch.working')
      : t('switch.resting')
    : real === null
      ? ''
      : real
        ? t('switch.conducting')
        : t('switch.blocked');
  return (
    <li class={`switch-line ${held ? 'held' : ''}`}>
      <span class="switch-name">
        {t(row.label)}
        <span class={`switch-effect ${real ? 'yes' : 'no'}`}>
          {effect}
          {held && ` · ${t('switch.held')}`}
        </span>
      </span>
      {armed ? (
        <button
          class="switch"
          type="button"
          role="switch"
          aria-checked={position}
          aria-label={t(row.label)}
          onClick={() => ask(row, !position)}
        >
          <span class="switch-text">{onOff(wish ?? real)}</span>
          <span class="switch-knob" />
        </button>
      ) : (
        <span class={`switch-shown ${position ? 'yes' : 'no'}`}>{onOff(wish ?? real)}</span>
      )}
    </li>
  );
}

export function SwitchesCard({ pack }: { pack: Pack }) {
  const [asked, setAsked] = useState<{ row: Switch; value: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<{ result: string; message: string } | null>(null);
  const shown = kSwitches.filter((row) => flag(pack, row.real) !== null || flag(pack, row.wish) !== null);
  if (shown.length === 0) return null;
  const armed = mayOperate() && (pack.commands?.length ?? 0) > 0;

  const send = async () => {
    if (!asked) return;
    setBusy(true);
    try {
      const done = await api<CommandResult>(`/packs/${pack.id}/commands`, {
        method: 'POST',
        body: { command: asked.row.command, value: asked.value },
      });
      setAnswer({ result: done.result, message: done.message ?? '' });
    } catch (error) {
      setAnswer({ result: 'refused', message: errorText(error) });
    }
    setBusy(false);
    setAsked(null);
  };

  const warning = asked && !asked.value ? word(COMMANDS.find((command) => command.key === asked.row.command)?.warning ?? '') : '';
  return (
    <Card
      title={t('switch.title')}
      aside={
        !armed && (
          <a class="quiet lock" href="/settings/commands">
            <Icon name="lock" size={16} /> {t('switch.locked')}
          </a>
        )
      }
    >
      <ul class="switches">
        {shown.map((row) => (
          <Line key={row.command} pack={pack} row={row} ask={(which, value) => setAsked({ row: which, value })} />
        ))}
      </ul>
      {answer && (
        <Notice tone={answer.result === 'done' ? 'good' : 'warning'} title={tt(`command.${answer.result}`, answer.result)}>
          {answer.message}
        </Notice>
      )}
      {asked && (
        <Dialog
          title={t(asked.value ? 'switch.ask_on' : 'switch.ask_off', { what: t(asked.row.label), pack: pack.name })}
          onClose={() => setAsked(null)}
        >
          {warning && <Notice tone="warning" title={warning} />}
          <p>{t('switch.readback')}</p>
          <div class="dialog-buttons">
            <Button onClick={() => setAsked(null)}>{t('cancel')}</Button>
            <Button kind={asked.value ? 'primary' : 'danger'} disabled={busy} onClick={() => void send()}>
              {busy ? t('switch.sending') : asked.value ? t('switch.turn_on') : t('switch.turn_off')}
            </Button>
          </div>
        </Dialog>
      )}
    </Card>
  );
}
