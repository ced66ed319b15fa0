// What a signed tree head says, and how far it is to be believed.
import type {ComponentChildren, JSX} from 'preact';
import {count, dateTime} from '../lib/format';
import {t} from '../lib/i18n';
import {hex} from '../live/digest';
import type {Followed} from '../proof/follow';
import {formatVerifierKey, keyId} from '../proof/note';

export function Fact({name, children}: {name: string; children: ComponentChildren}): JSX.Element {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

export function HeadFacts({head}: {head: Followed}): JSX.Element {
  const {checkpoint, body, note, key, sinceMs} = head;
  const id = keyId(key);
  const others = note.signatures.filter((line) => line.name !== key.name || line.keyId !== id);
  return (
    <>
      <Fact name={t('audit.origin')}>
        <code>{body.origin}</code>
      </Fact>
      <Fact name={t('audit.size')}>
        <span data-test="head-size" data-size={String(body.treeSize)}>{count(body.treeSize)}</span>
      </Fact>
      <Fact name={t('audit.root')}>
        <code data-test="head-root">{hex(body.root)}</code>
      </Fact>
      <Fact name={t('audit.time')}>{dateTime(checkpoint.signedTimeMs, true)}</Fact>
      <Fact name={t('audit.witnessed')}>{t(checkpoint.witnessed ? 'audit.witnessedYes' : 'audit.witnessedNo')}</Fact>
      <Fact name={t('audit.cosigned')}>
        {others.length === 0 ? (
          t('audit.cosignedNone')
        ) : (
          <>
            <ul data-test="head-cosigned">
              {others.map((line) => (
                <li key={`${line.name} ${line.keyId}`}>
                  <code>{`${line.name} (${line.keyId})`}</code>
                </li>
              ))}
            </ul>
            <small>{t('audit.cosignedHint')}</small>
          </>
        )}
      </Fact>
      <Fact name={t('audit.key')}>
        <strong><code data-test="head-key-id">{id}</code></strong> <code>{formatVerifierKey(key)}</code>
        <br />
        <small>{t('audit.keyHint', {time: dateTime(sinceMs)})}</small>
      </Fact>
    </>
  );
}
