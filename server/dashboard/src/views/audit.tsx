// The log's newest tree head, for who may read the whole log: signed, and an
// extension of the one that this browser kept. If it is not, a red alarm stays at
// the top of every page.
import {signal} from '@preact/signals';
import type {JSX} from 'preact';
import {useEffect, useRef} from 'preact/hooks';
import {download} from '../lib/csv';
import {count, dateTime} from '../lib/format';
import {t} from '../lib/i18n';
import {alarm, auditor, checkHead, checking, forget, head} from '../live/audit';
import {evidence, type Alarm} from '../proof/follow';
import {HeadFacts} from './audit_facts';
import {FailureText} from './event_proof';

const asText = (text: string): Blob => new Blob([text], {type: 'text/plain;charset=utf-8'});

export function AuditAlarm(): JSX.Element | null {
  const found = alarm.value;
  const now = head.value;
  if (found === undefined) {
    // The server's own word that its disk lost something.
    return now !== undefined && 'kind' in now && now.kind === 'damaged' ? (
      <div class="banner banner-bad" role="alert" data-test="audit-damaged">
        <p>{t('proof.damaged', {detail: now.detail})}</p>
      </div>
    ) : null;
  }
  return (
    <div class="banner banner-bad" role="alert" data-test="audit-alarm" data-kind={found.kind}>
      <p>
        <strong>{t(`audit.alarm.${found.kind}`)}</strong> <span>{t('audit.alarm.when', {time: dateTime(found.timeMs)})}</span>
      </p>
      <EvidenceButton found={found} />
    </div>
  );
}

function EvidenceButton({found}: {found: Alarm}): JSX.Element {
  return (
    <button type="button" data-test="audit-evidence" onClick={() => download(`thon-evidence-${found.kind}.txt`, asText(evidence(found)))}>
      {t('audit.evidence')}
    </button>
  );
}

const panelOpen = signal(false);

export function AuditButton(): JSX.Element | null {
  if (!auditor.value && alarm.value === undefined) return null;
  const now = head.value;
  const bad = alarm.value !== undefined || (now !== undefined && 'kind' in now && (now.kind === 'refuted' || now.kind === 'damaged'));
  const good = !bad && now !== undefined && !('kind' in now);
  return (
    <button
      type="button"
      class="audit-open screen-only"
      data-test="audit-open"
      data-tone={bad ? 'bad' : good ? 'good' : 'plain'}
      aria-haspopup="dialog"
      onClick={() => {
        panelOpen.value = true;
        void checkHead();
      }}
    >
      {bad ? `✗ ${t('audit.openBad')}` : `${good ? '✓ ' : ''}${t('audit.open')}`}
    </button>
  );
}

export const AuditPanel = (): JSX.Element | null => (panelOpen.value ? <Panel /> : null);

function Panel(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const now = head.value;
  const found = alarm.value;
  const followed = now !== undefined && !('kind' in now) ? now : undefined;
  return (
    <dialog ref={dialog} class="decide audit" data-test="audit-panel" aria-labelledby="audit-title" onClose={() => (panelOpen.value = false)}>
      <h2 id="audit-title">{t('audit.title')}</h2>
      {checking.value && <p role="status">{t('audit.checking')}</p>}
      {found !== undefined && (
        <p class="verdict" data-tone="bad">
          {t(`audit.alarm.${found.kind}`)} {t('audit.alarm.when', {time: dateTime(found.timeMs)})}
        </p>
      )}
      {now !== undefined && 'kind' in now && <FailureText failure={now} />}
      {followed !== undefined && (
        <>
          <p class="verdict" data-tone="good" data-test="audit-verdict">
            ✓ {t('audit.good')}{' '}
            {followed.from === undefined
              ? t('audit.first')
              : t('audit.extends', {size: count(followed.from.treeSize), time: dateTime(followed.from.heardMs)})}
          </p>
          <dl class="proof-facts">
            <HeadFacts head={followed} />
          </dl>
        </>
      )}
      {found !== undefined && <p class="quiet-text">{t('audit.forgetHint')}</p>}
      <div class="proof-tools">
        <button type="button" data-test="audit-again" aria-disabled={checking.value} onClick={() => void checkHead()}>
          {t('audit.again')}
        </button>
        {followed !== undefined && (
          <button type="button" data-test="audit-download" onClick={() => download('checkpoint.txt', asText(followed.checkpoint.note))}>
            {t('audit.download')}
          </button>
        )}
        {found !== undefined && (
          <>
            <EvidenceButton found={found} />
            <button type="button" data-test="audit-forget" onClick={forget}>
              {t('audit.forget')}
            </button>
          </>
        )}
        <button type="button" data-test="audit-close" onClick={() => dialog.current?.close()}>
          {t('audit.close')}
        </button>
      </div>
    </dialog>
  );
}
