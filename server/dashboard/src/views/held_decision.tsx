// The dialogue in which an officer decides a held event, or a held month.
import {ConnectError} from '@connectrpc/connect';
import type {JSX} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {count, month as monthText} from '../lib/format';
import {t, type TextKey} from '../lib/i18n';
import {api, options} from '../live/api';
import {
  Decider,
  heldAlike,
  monthChoice,
  problemOf,
  type Decision,
  type HeldTarget,
  type MonthChoice,
  type Others,
  type Outcome,
  type Problem,
} from './decision';
import {failureText} from './use_read';

const decider = new Decider(api.commands);

export interface HeldDecisionProps {
  readonly target: HeldTarget;
  // What the page showed when the person looked.
  readonly seenPosition: bigint;
  // What it is, in a line.
  readonly label: string;
  // Recorded: the page's rows hold it from this position on.
  onDecided(position: bigint): void;
  onClose(): void;
}

type EventTarget = Extract<HeldTarget, {kind: 'event'}>;

const PROBLEM_TEXT: Record<Problem, TextKey> = {
  choice: 'decide.choiceMissing',
  month: 'decide.monthNeeded',
  reason: 'decide.reasonMissing',
  reasonLong: 'decide.reasonTooLong',
};

interface Found {
  readonly months: MonthChoice;
  readonly others: Others;
}

type Choice = Found | 'loading' | 'gone' | {readonly failed: string};

const NO_OTHERS: Others = {ranges: [], count: 0};
const NOTHING_TO_CHOOSE: Found = {months: {months: [], needed: false}, others: NO_OTHERS};
// Numbers that a call judges at most.
const NUMBERS_MAX = 4_096n;

// How the server judges the event now: which months its evidence allows, and
// which events of its author wait for the same reason, before and behind it.
async function readChoice(target: EventTarget, seenPosition: bigint, signal: AbortSignal): Promise<Choice> {
  const around = target.sequence - NUMBERS_MAX / 2n;
  const firstSequence = around < 1n ? 1n : around;
  const answer = await api.query.listStandings(
    {
      author: target.author,
      firstSequence,
      endSequence: firstSequence + NUMBERS_MAX,
      options: options(undefined, seenPosition),
    },
    {signal},
  );
  const standing = answer.exceptions.find((one) => one.sequence === target.sequence);
  const months = monthChoice(standing, target.claimedDate);
  if (standing === undefined || months === undefined) return 'gone';
  return {months, others: heldAlike(answer.exceptions, standing)};
}

function useChoice(target: HeldTarget, seenPosition: bigint): Choice {
  const [choice, setChoice] = useState<Choice>(target.kind === 'month' ? NOTHING_TO_CHOOSE : 'loading');
  useEffect(() => {
    if (target.kind !== 'event') return undefined;
    const cancel = new AbortController();
    readChoice(target, seenPosition, cancel.signal).then(setChoice, (error: unknown) => {
      if (!cancel.signal.aborted) setChoice({failed: failureText(ConnectError.from(error))});
    });
    return () => cancel.abort();
  }, []);
  return choice;
}

export function HeldDecision(props: HeldDecisionProps): JSX.Element {
  const {target} = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const choice = useChoice(target, props.seenPosition);
  const [outcome, setOutcome] = useState<Outcome>();
  const [sending, setSending] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const settled = outcome?.kind === 'done' || outcome?.kind === 'lost';
  const send = async (words: Omit<Decision, 'target'>): Promise<void> => {
    setSending(true);
    const result = await decider.decide({target, ...words}, props.seenPosition);
    setSending(false);
    setOutcome(result);
    if (result.kind === 'done' || result.kind === 'lost') props.onDecided(result.position);
  };
  const title =
    target.kind === 'event'
      ? t('decide.title')
      : t('decide.titleMonth', {month: monthText(target.month), policy: target.policyId});
  return (
    <dialog
      ref={dialog}
      class="decide"
      data-test="held-dialog"
      aria-labelledby="decide-title"
      onClose={props.onClose}
      onCancel={(event) => {
        // Closing would hide what becomes of it.
        if (sending) event.preventDefault();
      }}
    >
      <h2 id="decide-title">{title}</h2>
      <p>{props.label}</p>
      {choice === 'loading' && <p role="status">{t('team.loading')}</p>}
      {choice === 'gone' && <p role="alert">{t('decide.gone')}</p>}
      {typeof choice === 'object' && 'failed' in choice && (
        <p role="alert" class="field-error">
          {t('team.failed', {detail: choice.failed})}
        </p>
      )}
      {typeof choice === 'object' && 'months' in choice && !settled && (
        <DecisionForm kind={target.kind} choice={choice} sending={sending} again={outcome?.kind === 'uncertain'} send={send} />
      )}
      {outcome !== undefined && !sending && <OutcomeText outcome={outcome} />}
      <div class="decide-end">
        <button type="button" data-test="held-close" disabled={sending} onClick={() => dialog.current?.close()}>
          {settled || choice === 'gone' ? t('decide.close') : t('decide.cancel')}
        </button>
      </div>
    </dialog>
  );
}

interface FormProps {
  readonly kind: HeldTarget['kind'];
  readonly choice: Found;
  readonly sending: boolean;
  readonly again: boolean;
  send(words: Omit<Decision, 'target'>): Promise<void>;
}

function DecisionForm({kind, choice: {months: choice, others}, sending, again, send}: FormProps): JSX.Element {
  const [withOthers, setWithOthers] = useState(false);
  const [counted, setCounted] = useState<boolean>();
  const [month, setMonth] = useState(0);
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const submit = (event: Event): void => {
    event.preventDefault();
    if (sending) return;
    const found = problemOf(counted, month, choice, reason);
    setProblem(found);
    if (found !== undefined || counted === undefined) return;
    // Events of several days have no month in common.
    void send(withOthers ? {counted, month: 0, reason, ranges: others.ranges} : {counted, month, reason});
  };
  const radio = (value: boolean, text: TextKey): JSX.Element => (
    <label class="choice">
      <input
        type="radio"
        name="counted"
        data-test={value ? 'held-counts' : 'held-counts-not'}
        checked={counted === value}
        onChange={() => setCounted(value)}
      />
      {t(text)}
    </label>
  );
  return (
    <form class="decide-form" noValidate onSubmit={submit}>
      <fieldset disabled={sending}>
        <legend>{t('decide.choice')}</legend>
        {radio(true, kind === 'event' ? 'decide.counts' : 'decide.pays')}
        {radio(false, kind === 'event' ? 'decide.countsNot' : 'decide.paysNot')}
      </fieldset>
      {others.count > 1 && (
        <label class="choice">
          <input
            type="checkbox"
            data-test="held-others"
            disabled={sending}
            checked={withOthers}
            onChange={(event) => setWithOthers(event.currentTarget.checked)}
          />
          {t('decide.others', {n: count(others.count - 1)})}
        </label>
      )}
      {choice.months.length > 0 && counted === true && !withOthers && (
        <label class="field">
          <span class="field-label">{t('decide.month')}</span>
          <select
            data-test="held-month"
            disabled={sending}
            value={String(month)}
            onChange={(event) => setMonth(Number(event.currentTarget.value))}
          >
            <option value="0">{choice.needed ? t('decide.monthChoose') : t('decide.monthAsJudged')}</option>
            {choice.months.map((one) => (
              <option key={one} value={String(one)}>
                {monthText(one)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="field">
        <span class="field-label">{t('decide.reason')}</span>
        <textarea
          data-test="held-reason"
          rows={3}
          required
          disabled={sending}
          aria-describedby="decide-reason-hint"
          aria-invalid={problem === 'reason' || problem === 'reasonLong'}
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <small id="decide-reason-hint" class="quiet-text">
          {t('decide.reasonHint')}
        </small>
      </label>
      {problem !== undefined && (
        <p role="alert" class="field-error" data-test="held-problem">
          {t(PROBLEM_TEXT[problem])}
        </p>
      )}
      <button type="submit" class="primary" data-test="held-submit" disabled={sending}>
        {sending ? t('decide.sending') : again ? t('decide.again') : t('decide.submit')}
      </button>
    </form>
  );
}

function OutcomeText({outcome}: {outcome: Outcome}): JSX.Element {
  const text = (): string => {
    switch (outcome.kind) {
      case 'done':
        return t('decide.done', {position: outcome.position});
      case 'lost': {
        const why = t(`failure.${outcome.failure}` as TextKey);
        return t('decide.lost', {why: outcome.detail === '' ? why : `${why} (${outcome.detail})`});
      }
      case 'refused':
        return t('decide.refused', {detail: outcome.detail});
      case 'uncertain':
        return t('decide.uncertain', {detail: outcome.detail});
    }
  };
  return (
    <p role={outcome.kind === 'done' ? 'status' : 'alert'} class="decide-outcome" data-test="held-outcome" data-outcome={outcome.kind}>
      {text()}
    </p>
  );
}
