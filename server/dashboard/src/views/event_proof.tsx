// The proof of one event, checked in the browser: the way from its entry's leaf
// to the root, and the log's signature on the root.
import type {JSX} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import type {TeamEvent} from '../gen/thon/v1/query_service_pb';
import {download} from '../lib/csv';
import {count} from '../lib/format';
import {t} from '../lib/i18n';
import {compareEntry, type Failure, failureOf, proofOf} from '../live/audit';
import {hex} from '../live/digest';
import type {EventProof} from '../proof/event_proof';
import {Fact, HeadFacts} from './audit_facts';

interface ProofButtonProps {
  readonly position: bigint;
  readonly open: boolean;
  toggle(): void;
}

export function ProofButton({position, open, toggle}: ProofButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="small"
      aria-expanded={open}
      aria-label={t('proof.openLabel', {position: count(position)})}
      data-test={`proof-open-${position}`}
      onClick={toggle}
    >
      {t('proof.open')}
    </button>
  );
}

export function FailureText({failure}: {failure: Failure}): JSX.Element {
  const bad = failure.kind === 'refuted' || failure.kind === 'damaged';
  return (
    <p role="alert" class="verdict" data-tone={bad ? 'bad' : 'plain'} data-test="verdict">
      {t(`proof.${failure.kind}`, {detail: failure.detail})}
    </p>
  );
}

export function EventProofPart({event}: {event: TeamEvent}): JSX.Element {
  const [result, setResult] = useState<EventProof | Failure>();
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let gone = false;
    setResult(undefined);
    proofOf(event).then(
      (proof) => gone || setResult(proof),
      (error: unknown) => gone || setResult(failureOf(error)),
    );
    return () => {
      gone = true;
    };
  }, [event.position, tries]);
  const state = result === undefined ? 'checking' : 'kind' in result ? result.kind : 'verified';
  return (
    <section class="proof" aria-label={t('proof.openLabel', {position: count(event.position)})} aria-busy={result === undefined}
      data-test={`proof-${event.position}`} data-state={state}>
      {result === undefined && <p role="status">{t('proof.checking')}</p>}
      {result !== undefined && 'kind' in result && (
        <>
          <FailureText failure={result} />
          <p class="proof-tools screen-only">
            <button type="button" class="small" onClick={() => setTries(tries + 1)}>{t('teams.retry')}</button>
          </p>
        </>
      )}
      {result !== undefined && !('kind' in result) && <Proven event={event} proof={result} />}
    </section>
  );
}

function Proven({event, proof}: {event: TeamEvent; proof: EventProof}): JSX.Element {
  const {answer, head} = proof;
  const [compared, setCompared] = useState<'not' | 'busy' | 'same' | Failure>('not');
  const compare = async (): Promise<void> => {
    setCompared('busy');
    try {
      await compareEntry(event, proof);
      setCompared('same');
    } catch (error) {
      setCompared(failureOf(error));
    }
  };
  const name = `${head.body.origin.replace(/[^\w.-]+/g, '-')}-${answer.entryIndex}.tlog-proof`;
  return (
    <>
      <p role="status" class="verdict" data-tone="good" data-test="verdict">
        ✓ {t('proof.verified', {entry: count(answer.entryIndex)})}
      </p>
      <dl class="proof-facts">
        <Fact name={t('proof.entry')}>{count(answer.entryIndex)}</Fact>
        <Fact name={t('proof.leaf')}>
          <code data-test="proof-leaf">{hex(answer.leafHash)}</code>
        </Fact>
        <Fact name={t('proof.path')}>{t('proof.hashes', {n: count(answer.path.length)})}</Fact>
        <HeadFacts head={head} />
      </dl>
      {typeof compared === 'object' && <FailureText failure={compared} />}
      {compared === 'same' ? (
        <p role="status" class="verdict" data-tone="good" data-test="proof-same">✓ {t('proof.same')}</p>
      ) : (
        <p>{t('proof.ofEntry')}</p>
      )}
      <p class="proof-tools screen-only">
        {compared !== 'same' && (
          <button type="button" class="small" data-test="proof-compare" title={t('proof.compareHint')} disabled={compared === 'busy'} onClick={() => void compare()}>
            {compared === 'busy' ? t('proof.comparing') : t('proof.compare')}
          </button>
        )}
        <button type="button" class="small" data-test="proof-download" onClick={() => download(name, new Blob([answer.tlogProof], {type: 'text/plain'}))}>
          {t('proof.download')}
        </button>
        {compared !== 'same' && <small>{t('proof.compareHint')}</small>}
      </p>
    </>
  );
}
